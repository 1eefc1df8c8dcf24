"""The matched control of a market: the same bids, where deviating is known to pay."""

from typing import NamedTuple

import numpy as np

from deviator.economies import (
    Economy,
    NormalTypes,
    QuadraticEconomy,
    UnitDemands,
    private_values,
)
from deviator.errors import InvalidInputError
from deviator.mechanisms import (
    BidLanguage,
    ConditionalLanguage,
    FactoredLanguage,
    FlooredScheduleLanguage,
    KDoubleAuction,
    Mechanism,
    NaiveWalrasian,
    ReportLanguage,
    ScheduleLanguage,
    UniformConditional,
    UniformDoubleAuction,
)

from .market import Market, market


def control_mechanism(language: BidLanguage, economy: Economy) -> Mechanism | None:
    """Return the mechanism in a bid language where deviating is known to pay, or None.

    For conditional bids it is `uniform-conditional`, with the same public statistics; for schedules
    the uniform-price double auction; for reports the naive Walrasian auction, or the k-double
    auction where single units are traded.

    Parameters
    ----------
    language : BidLanguage
    economy : Economy
        Which traders bid.
    """
    match language:
        case ConditionalLanguage():
            return UniformConditional()
        case FactoredLanguage(statistics=statistics):
            return UniformConditional(statistics)
        case ReportLanguage() if isinstance(economy, QuadraticEconomy):
            return NaiveWalrasian(economy)
        case ReportLanguage() if isinstance(economy, UnitDemands):
            buyers = tuple(np.flatnonzero(economy.buyers).tolist())
            return KDoubleAuction(buyers=buyers, unit=economy.unit)
        case ScheduleLanguage() | FlooredScheduleLanguage() if isinstance(
            economy, QuadraticEconomy
        ):
            return UniformDoubleAuction()
        case _:
            return None


def standing_control(tested: Market) -> Market | None:
    """Return the matched control of a market, or None where its bid language has none.

    It is a market of `control_mechanism` with the same economy, types and deviator. Price-takers
    are known to gain where values are private, so that in other economies the control of schedules
    has private values of the same mean slope and own effect, and independent types of the same mean
    and size.
    """
    mechanism, economy = tested.mechanism, tested.economy
    rule = control_mechanism(mechanism.language, economy)
    if rule is None:
        return None
    if Seat(rule, economy.n_traders, tested.trader).shape != seat_of(tested).shape:
        return None
    if isinstance(rule, UniformDoubleAuction) and isinstance(economy, QuadraticEconomy):
        return _price_takers(tested, economy, rule)
    return market(rule, economy, distribution=tested.distribution, trader=tested.trader)


def _price_takers(tested: Market, economy: QuadraticEconomy, rule: UniformDoubleAuction) -> Market:
    trader, law = tested.trader, tested.distribution
    if economy.has_private_values:
        return market(rule, economy, distribution=law, trader=trader)
    n = economy.n_traders
    own = float(economy.own_type_effects.mean())
    private = private_values(n, alpha=own, slope=float(economy.slope.mean()))
    size = float(np.sqrt((law.deviation**2).mean()))
    types = NormalTypes.independent(n, mean=float(law.mean.mean()), deviation=size)
    return market(rule, private, distribution=types, trader=trader)


def matched_control(tested: Market) -> Market:
    """Return the matched control of a market, as `standing_control` does.

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


class Seat(NamedTuple):
    """Where a deviator sits: in what mechanism, among how many traders, as which of them."""

    mechanism: Mechanism
    n_traders: int
    trader: int

    @property
    def shape(self) -> tuple[str, int, int, int]:
        """Record of bids, numbers in a bid, traders, and who deviates."""
        language = self.mechanism.language
        numbers = language.size(self.n_traders)
        return language.record.__name__, numbers, self.n_traders, self.trader

    def __str__(self) -> str:
        record, numbers, traders, trader = self.shape
        return f"{record} of {numbers} numbers, {traders} traders and deviator {trader}"


def seat_of(tested: Market) -> Seat:
    """Return where the deviator of a market sits."""
    return Seat(tested.mechanism, tested.economy.n_traders, tested.trader)


def check_matched(tested: Seat, control: Seat) -> None:
    """Check that a control poses the deviator the same problem.

    Raises
    ------
    InvalidInputError
        If the bid language, the numbers in a bid, the number of traders or the deviator differ.
    """
    if tested.shape != control.shape:
        raise InvalidInputError(
            "a matched control must have the same bid language, numbers in a bid, traders and "
            f"deviator, got {control.mechanism.name} with {control} for {tested.mechanism.name} "
            f"with {tested}; name another control"
        )
