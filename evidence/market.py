"""A market under test: mechanism, traders, types, the strategy they follow, and who deviates."""

from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np

from deviator.economies import (
    Economy,
    TypeDistribution,
    first_best_surplus,
    is_linear_quadratic,
)
from deviator.errors import InvalidInputError
from deviator.mechanisms import Bids, Mechanism, SurfaceBids
from deviator.policies import Policy, Revelation
from deviator.policies.base import check_market
from deviator.policies.numeric_search import utilities
from deviator.validation import Floats, check_kind, trader_index

EPSILON = 1e-9
"""Gains up to this multiple of the scale count as zero, in linear-quadratic markets."""

EPSILON_ELSEWHERE = 1e-6
"""The same in other markets, where outcomes are solved for numerically."""

SURFACE_PROFILES = 100
"""Profiles at which surfaces are cleared, each by a search of its own."""

SCALE_PROFILES = 4096
"""Profiles over which the scale is measured where it has no closed form."""


@final
@dataclass(frozen=True, eq=False)
class Market:
    """A mechanism, the traders in it, their types, and the strategy that the others follow.

    Build it with `market`, which fills in the defaults.

    Parameters
    ----------
    mechanism : Mechanism
    economy : Economy
    distribution : TypeDistribution
        Law of the types.
    strategy : Policy
        The strategy under test, which everybody but the deviator follows.
    trader : int
        Who deviates.

    Raises
    ------
    InvalidInputError
        If a part is of the wrong kind, or the distribution or the trader does not fit the economy.
    """

    mechanism: Mechanism
    economy: Economy
    distribution: TypeDistribution
    strategy: Policy
    trader: int = 0

    def __post_init__(self) -> None:
        check_market(self.mechanism, self.economy)
        laws = "leave it out for the economy's own, or build one of deviator.economies"
        check_kind("distribution", self.distribution, TypeDistribution, laws)
        policies = "leave it out for honesty, or build one of deviator.policies"
        check_kind("strategy", self.strategy, Policy, policies)
        n = self.economy.n_traders
        trader_index(self.trader, n)
        if self.distribution.n_traders != n:
            raise InvalidInputError(
                f"distribution must be of {n} types, got {self.distribution.n_traders}"
            )

    @property
    def bid_size(self) -> int:
        """K, how many numbers one bid has."""
        return self.mechanism.language.size(self.economy.n_traders)

    @cached_property
    def scale(self) -> float:
        """Mean first-best surplus per trader, in units of money.

        In closed form in linear-quadratic economies, else over profiles from a fixed seed.
        """
        law = self.distribution
        if is_linear_quadratic(self.economy):
            return first_best_surplus(self.economy, law.mean, law.covariance)
        types = law.sample(np.random.default_rng(0), SCALE_PROFILES)
        allocation = self.economy.efficient_allocation(types)
        return float(self.economy.utility(allocation, types).mean())

    @cached_property
    def epsilon(self) -> float:
        """The gain up to which gains count as zero, in units of money."""
        linear = is_linear_quadratic(self.economy)
        return (EPSILON if linear else EPSILON_ELSEWHERE) * self.scale

    @cached_property
    def bids_are_surfaces(self) -> bool:
        """Whether the strategy bids surfaces, which are functions and not numbers."""
        types = self.distribution.sample(np.random.default_rng(0), 1)
        return isinstance(self.strategy.bids(types), SurfaceBids)

    def utilities(self, types: Floats, bids: Floats) -> Floats:
        """Return the trader's utility under the strategy's own bid and under each candidate.

        Parameters
        ----------
        types : ndarray of float, shape (B, N)
        bids : ndarray of float, shape (B, M, K)

        Returns
        -------
        ndarray of float, shape (B, 1 + M)
            Column 0 is the strategy's own bid.

        Raises
        ------
        InvalidInputError
            If the mechanism returns a quantity or transfer that is not finite.
        """
        present = self.strategy.bids(types)
        own = present.of_trader(self.trader)[:, None]
        return self.utilities_beside(present, types, np.concatenate([own, bids], axis=1))

    def utilities_beside(self, present: Bids, types: Floats, bids: Floats) -> Floats:
        """Return the trader's utility under each bid (B, M, K) beside the present ones, (B, M).

        Raises
        ------
        InvalidInputError
            If the mechanism returns a quantity or transfer that is not finite.
        """
        return utilities(self.mechanism, self.economy, present, types, self.trader, bids)

    def honest_utility(self, types: Floats) -> float:
        """Return the trader's mean utility while everybody follows the strategy, in money.

        Parameters
        ----------
        types : ndarray of float, shape (B, N)
            Where bids are surfaces, the first `SURFACE_PROFILES` of them are cleared.
        """
        if not self.bids_are_surfaces:
            own = self.strategy.bids(types).of_trader(self.trader)
            return float(self.utilities(types, own[:, None])[:, 0].mean())
        few = types[:SURFACE_PROFILES]
        outcome = self.mechanism.clear(self.strategy.bids(few))
        worth = self.economy.utility(outcome.quantity, few)
        return float((worth - outcome.transfer)[:, self.trader].mean())

    def gains(self, types: Floats, bid: Floats) -> Floats:
        """Return utility from one bid per market minus utility from the strategy's own, (B,).

        Parameters
        ----------
        types : ndarray of float, shape (B, N)
        bid : ndarray of float, shape (B, K)
        """
        utility = self.utilities(types, bid[:, None])
        return utility[:, 1] - utility[:, 0]


def market(
    mechanism: Mechanism,
    economy: Economy,
    *,
    distribution: TypeDistribution | None = None,
    strategy: Policy | None = None,
    trader: int = 0,
) -> Market:
    """Return a market; by default types are the economy's own law and traders honest.

    Examples
    --------
    >>> from deviator.economies import fundamental_value
    >>> from deviator.mechanisms import SigmaDCDA
    >>> market(SigmaDCDA(0.2), fundamental_value(10)).bid_size
    12
    """
    check_market(mechanism, economy)
    law = economy.types() if distribution is None else distribution
    policy = Revelation(mechanism, economy) if strategy is None else strategy
    return Market(mechanism, economy, law, policy, trader)
