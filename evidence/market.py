"""A market under test: mechanism, traders, types, the strategy they follow, and who deviates."""

from dataclasses import dataclass
from typing import final

import numpy as np

from deviator.economies import (
    Economy,
    NormalTypes,
    QuadraticEconomy,
    TypeDistribution,
    UnitDemands,
    first_best_surplus,
    is_linear_quadratic,
    private_values,
)
from deviator.errors import InvalidInputError
from deviator.mechanisms import (
    Bids,
    ConditionalLanguage,
    FactoredLanguage,
    KDoubleAuction,
    Mechanism,
    NaiveWalrasian,
    ReportLanguage,
    ScheduleLanguage,
    UniformConditional,
    UniformDoubleAuction,
)
from deviator.policies import Policy, Revelation
from deviator.policies.base import check_market
from deviator.policies.numeric_search import utilities
from deviator.validation import Floats, trader_index

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
        If the distribution or the trader does not fit the economy.
    """

    mechanism: Mechanism
    economy: Economy
    distribution: TypeDistribution
    strategy: Policy
    trader: int = 0

    def __post_init__(self) -> None:
        check_market(self.mechanism, self.economy)
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

    def scale(self) -> float:
        """Return the mean first-best surplus per trader, in units of money.

        In closed form in linear-quadratic economies, else over profiles from a fixed seed.
        """
        law = self.distribution
        if is_linear_quadratic(self.economy):
            return first_best_surplus(self.economy, law.mean, law.covariance)
        types = law.sample(np.random.default_rng(0), SCALE_PROFILES)
        allocation = self.economy.efficient_allocation(types)
        return float(self.economy.utility(allocation, types).mean())

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
        """Return the trader's utility under each of his bids (B, M, K) beside present ones, (B, M).

        Raises
        ------
        InvalidInputError
            If the mechanism returns a quantity or transfer that is not finite.
        """
        return utilities(self.mechanism, self.economy, present, types, self.trader, bids)

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


def matched_control(tested: Market) -> Market:
    """Return the market in the same bid language where deviating is known to pay.

    Arguments and result are those of `standing_control`.

    Raises
    ------
    InvalidInputError
        If the bid language has no standing control.
    """
    control = standing_control(tested)
    if control is None:
        raise InvalidInputError(
            f"a null result needs a matched control, and {tested.mechanism.name} has no standing "
            "one; name a control market"
        )
    return control


def standing_control(tested: Market) -> Market | None:
    """Return the matched control of a bid language, or None where the language has none.

    Same number of traders and same deviator. For conditional bids it is `uniform-conditional` and
    for reports the naive Walrasian auction, or the k-double auction where single units are traded,
    with the same economy and types. For schedules it is the uniform-price double auction among
    price-takers, with the same economy where values are private, else with private values of the
    same mean slope and own effect and independent types of the same mean and size.
    """
    law, trader, economy = tested.distribution, tested.trader, tested.economy
    match tested.mechanism.language:
        case ConditionalLanguage():
            return market(UniformConditional(), economy, distribution=law, trader=trader)
        case FactoredLanguage(statistics=statistics):
            rule = UniformConditional(statistics)
            return market(rule, economy, distribution=law, trader=trader)
        case ReportLanguage() if isinstance(economy, QuadraticEconomy):
            return market(NaiveWalrasian(economy), economy, distribution=law, trader=trader)
        case ScheduleLanguage() if isinstance(economy, QuadraticEconomy):
            return _price_takers(tested, economy)
        case ReportLanguage() if isinstance(economy, UnitDemands):
            buyers = tuple(np.flatnonzero(economy.buyers).tolist())
            auction = KDoubleAuction(buyers=buyers, unit=economy.unit)
            return market(auction, economy, distribution=law, trader=trader)
        case _:
            return None


def _price_takers(tested: Market, economy: QuadraticEconomy) -> Market:
    rule, trader = UniformDoubleAuction(), tested.trader
    if economy.has_private_values:
        return market(rule, economy, distribution=tested.distribution, trader=trader)
    n, law = economy.n_traders, tested.distribution
    own = float(economy.own_type_effects.mean())
    private = private_values(n, alpha=own, slope=float(economy.slope.mean()))
    size = float(np.sqrt((law.deviation**2).mean()))
    types = NormalTypes.independent(n, mean=float(law.mean.mean()), deviation=size)
    return market(rule, private, distribution=types, trader=trader)
