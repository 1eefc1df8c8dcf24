"""A market under test: mechanism, traders, types, the strategy they follow, and who deviates."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, final

import numpy as np

from deviator.economies import (
    Economy,
    IndependentNormal,
    MultiUnitDemands,
    QuadraticEconomy,
    TypeDistribution,
    UnitDemands,
    first_best_surplus,
    is_linear_quadratic,
)
from deviator.errors import InvalidInputError
from deviator.mechanisms import Mechanism, SurfaceBids
from deviator.mechanisms.base import checked_precision
from deviator.policies import Information, NumericSearch, Policy, Revelation
from deviator.policies.base import check_market
from deviator.policies.mixing import drawn_bids
from deviator.policies.situation import Situation
from deviator.validation import Floats, check_kind, non_negative, trader_index

from .results import Comparison, Results

Unit = Literal["money", "payoff"]
"""What gains are measured in."""

EPSILON = 1e-9
"""Gains up to this share of the deviator's stakes count as zero, in linear-quadratic markets."""

EPSILON_ELSEWHERE = 1e-6
"""The same in other markets, where outcomes are solved for numerically."""

SOLVED = 1e-12
"""Relative precision where outcomes are solved for numerically and state no coarser one."""

STAKE_PROFILES = 256
"""Profiles, from a fixed seed, over which the deviator's stakes are measured."""

STAKE_NUMBERS = 2**22
"""Outcomes of single traders that are held at once while stakes are measured."""

SURFACE_PROFILES = 100
"""Profiles at which surfaces are cleared, each by a search of its own."""

SCALE_PROFILES = 4096
"""Profiles over which the scale is measured where it has no closed form."""

JUDGED = 1
"""Seed of the draws, of a strategy that mixes, on which bids are judged; searches have others."""


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
    tolerance : float, optional
        Gains up to this share of the deviator's stakes count as zero; by default `EPSILON`, or
        `EPSILON_ELSEWHERE`.

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
    tolerance: float | None = None

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
        if self.tolerance is not None:
            non_negative("epsilon", self.tolerance)
        checked_precision(self.mechanism)

    @property
    def bid_size(self) -> int:
        """K, how many numbers one bid has."""
        return self.mechanism.language.size(self.economy.n_traders)

    @property
    def precision(self) -> float:
        """Relative precision of outcomes: what the mechanism states, or the coarser `SOLVED`.

        Outcomes are solved for where utilities have no closed form.
        """
        closed = isinstance(self.economy, QuadraticEconomy | UnitDemands | MultiUnitDemands)
        stated = float(self.mechanism.precision)
        return stated if closed else max(stated, SOLVED)

    @cached_property
    def scale(self) -> float:
        """Mean first-best surplus per trader, in units of money.

        In closed form in linear-quadratic economies, else over profiles from a fixed seed.
        """
        law = self.distribution
        if is_linear_quadratic(self.economy):
            independent = isinstance(law, IndependentNormal)
            spread = law.deviation**2 if independent else law.covariance
            return first_best_surplus(self.economy, law.mean, spread)
        types = law.sample(np.random.default_rng(0), SCALE_PROFILES)
        allocation = self.economy.efficient_allocation(types)
        return float(self.economy.utility(allocation, types).mean())

    @cached_property
    def stakes(self) -> float:
        """What trading is worth to the deviator: their mean payoff, in size.

        Where that is 0, the mean worth of what they trade; from the strategy's own outcomes.
        """
        honest = self._sampled
        kept = float(np.abs(honest.utility).mean())
        return kept if kept > honest.rounding.mean() else float(np.abs(honest.worth).mean())

    @property
    def unit(self) -> Unit:
        """What gains and stakes are measured in: payoff, where it is not utility minus transfer."""
        return "money" if self.economy.quasilinear else "payoff"

    @cached_property
    def rounding(self) -> float:
        """The mean gain that may be rounding alone, in units of payoff."""
        return float(self._sampled.rounding.mean())

    @cached_property
    def epsilon(self) -> float:
        """The gain up to which gains count as zero, in units of payoff.

        A share of the deviator's own stakes, whatever the others trade, and never below rounding.
        """
        return max(self.tolerated, self.rounding)

    @cached_property
    def tolerated(self) -> float:
        """That share of the stakes alone, up to which certified caps count as zero."""
        return self.tolerated_share * self.stakes

    @property
    def tolerated_share(self) -> float:
        """The share of the stakes up to which gains count as zero."""
        usual = EPSILON if is_linear_quadratic(self.economy) else EPSILON_ELSEWHERE
        return usual if self.tolerance is None else self.tolerance

    @cached_property
    def _sampled(self) -> Results:
        few = SURFACE_PROFILES if self.bids_are_surfaces else STAKE_PROFILES
        count = max(1, min(few, STAKE_NUMBERS // self.economy.n_traders))
        return self.honest_results(self.distribution.sample(np.random.default_rng(0), count))

    @cached_property
    def bids_are_surfaces(self) -> bool:
        """Whether the strategy bids surfaces, which are functions and not numbers."""
        types = self.distribution.sample(np.random.default_rng(0), 1)
        return isinstance(drawn_bids(self.strategy, types), SurfaceBids)

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
        situation = self.situation(types)
        honest = situation.honest().payoff
        return np.concatenate([honest, situation.payoffs(bids).payoff], axis=1)

    def situation(self, types: Floats, seed: int = JUDGED) -> Situation:
        """Return the trader's decision at profiles (B, N) while all others follow the strategy.

        The seed is of the draws of a strategy that mixes.
        """
        where = (self.mechanism, self.economy, self.strategy)
        return Situation.of(*where, types, self.trader, seed)

    def search(self, information: Information = "profile", **effort: int) -> NumericSearch:
        """Return the search for the trader's best deviations.

        Parameters
        ----------
        information : str or Rung
        **effort
            Its `rounds` and `candidates`.
        """
        return NumericSearch(
            self.mechanism,
            self.economy,
            self.trader,
            information,
            self.distribution,
            self.strategy,
            **effort,
        )

    def honest_utility(self, types: Floats) -> float:
        """Return the trader's mean payoff while everybody follows the strategy.

        Parameters
        ----------
        types : ndarray of float, shape (B, N)
            Where bids are surfaces, the first `SURFACE_PROFILES` of them are cleared.
        """
        few = types[:SURFACE_PROFILES] if self.bids_are_surfaces else types
        return float(self.honest_results(few).utility.mean())

    def honest_results(self, types: Floats) -> Results:
        """Return what the trader has while everybody follows the strategy, each (B,).

        Parameters
        ----------
        types : ndarray of float, shape (B, N)
        """
        if not self.bids_are_surfaces:
            situation = self.situation(types)
            return Results.of(situation.honest(), self.precision, situation).of_candidate(0)
        outcome = self.mechanism.clear(drawn_bids(self.strategy, types))
        worth = self.economy.utility(outcome.quantity, types)[:, self.trader]
        transfer = outcome.transfer[:, self.trader]
        payoff = self.economy.payoff(outcome.quantity, outcome.transfer, types)[:, self.trader]
        return Results.of_trades(worth, transfer, self.precision)._replace(utility=payoff)

    def gains(self, types: Floats, bid: Floats) -> Floats:
        """Return utility from one bid per market minus utility from the strategy's own, (B,).

        Parameters
        ----------
        types : ndarray of float, shape (B, N)
        bid : ndarray of float, shape (B, K)
        """
        return self.compared(types, bid).gain

    def compared(self, types: Floats, bid: Floats) -> Comparison:
        """Return what one bid per market gains over the strategy's own, and the rounding of that.

        Parameters
        ----------
        types : ndarray of float, shape (B, N)
        bid : ndarray of float, shape (B, K)

        Raises
        ------
        InvalidInputError
            If the mechanism returns a quantity or transfer that is not finite.
        """
        situation = self.situation(types)
        both = Results.of(situation.compared(bid), self.precision, situation)
        honest, deviating = both.of_candidate(0), both.of_candidate(1)
        return Comparison(
            deviating.utility - honest.utility,
            honest.rounding + deviating.rounding,
            np.abs(honest.utility),
        )


def market(
    mechanism: Mechanism,
    economy: Economy,
    *,
    distribution: TypeDistribution | None = None,
    strategy: Policy | None = None,
    trader: int = 0,
    tolerance: float | None = None,
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
    return Market(mechanism, economy, law, policy, trader, tolerance)
