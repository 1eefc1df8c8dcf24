"""The matched control of a market: the same bids, where deviating is known to pay."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from deviator.economies import (
    Economy,
    MultiUnitDemands,
    NonQuasilinearEconomy,
    NormalTypes,
    QuadraticEconomy,
    TypeDistribution,
    UnitDemands,
    private_values,
)
from deviator.errors import InvalidInputError
from deviator.mechanisms import (
    BidLanguage,
    Bids,
    ConditionalLanguage,
    FactoredLanguage,
    FlooredScheduleLanguage,
    InShares,
    KDoubleAuction,
    LanguageOverRounds,
    Mechanism,
    NaiveWalrasian,
    ReportLanguage,
    ScheduleLanguage,
    SurfaceBids,
    UniformConditional,
    UniformDoubleAuction,
    UniformPriceMultiUnit,
    UnitBidLanguage,
    Unrolled,
)

from .market import Market, market


def control_mechanism(language: BidLanguage, economy: Economy) -> Mechanism | None:
    """Return the mechanism in a bid language where deviating is known to pay, or None.

    For conditional bids it is `uniform-conditional`, with the same public statistics; for schedules
    the uniform-price double auction; for reports the naive Walrasian auction, or the k-double
    auction where single units are traded; for prices of units one price between the bids. For plans
    over rounds it is the rule for bids of a round, in equal shares.

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
        case UnitBidLanguage() if isinstance(economy, MultiUnitDemands):
            return UniformPriceMultiUnit.for_economy(economy, k=0.5)
        case ScheduleLanguage() | FlooredScheduleLanguage() if isinstance(
            economy, QuadraticEconomy
        ):
            return UniformDoubleAuction()
        case LanguageOverRounds(spoken=spoken, rounds=rounds):
            of_one_round = control_mechanism(spoken, economy)
            return None if of_one_round is None else Unrolled(InShares(of_one_round, rounds))
        case _:
            return None


def standing_control(tested: Market) -> Market | None:
    """Return the matched control of a market, or None where its bid language has none.

    It is a market of `control_mechanism` with the same economy, types and deviator. Price-takers
    are known to gain where values are private, so that in other economies the control of schedules
    has private values of the same mean slope and own effect, and independent types of the same mean
    and size. Not everybody who trades units can move their price, so there all have mean factors.
    Where payoffs are not quasi-linear, the same traders in the control have quasi-linear ones.
    """
    mechanism, economy = tested.mechanism, _quasilinear(tested.economy)
    if economy is None:
        return None
    rule = control_mechanism(mechanism.language, economy)
    if rule is None:
        return None
    seat = seat_of(tested)
    if not seat._replace(mechanism=rule).matches(seat):
        return None
    if isinstance(economy, QuadraticEconomy) and not is_known_to_pay(rule, economy):
        return _price_takers(rule, economy, tested.distribution, tested.trader)
    known = _alike(economy) if isinstance(economy, MultiUnitDemands) else economy
    return market(rule, known, distribution=tested.distribution, trader=tested.trader)


def _quasilinear(economy: Economy) -> Economy | None:
    """Return the economy, or the one of the same utilities and quasi-linear payoffs, if known."""
    if economy.quasilinear:
        return economy
    if isinstance(economy, NonQuasilinearEconomy):
        return economy.traders
    if isinstance(economy, UnitDemands):
        return UnitDemands(economy.roles, economy.low, economy.high, economy.unit)
    return None


def is_known_to_pay(rule: Mechanism, economy: Economy) -> bool:
    """Return whether deviating from honesty in a control mechanism pays in an economy itself.

    Schedules can be honest, and gain by shading, where values are private only.
    """
    if isinstance(rule, Unrolled) and isinstance(rule.rule, InShares):
        rule = rule.rule.rule
    schedules = isinstance(rule, UniformDoubleAuction)
    return not schedules or (isinstance(economy, QuadraticEconomy) and economy.has_private_values)


def _price_takers(
    rule: Mechanism, economy: QuadraticEconomy, law: TypeDistribution, trader: int
) -> Market:
    n = economy.n_traders
    own = float(economy.own_type_effects.mean())
    private = private_values(n, alpha=own, slope=float(economy.slope.mean()))
    size = float(np.sqrt((law.deviation**2).mean()))
    types = NormalTypes.independent(n, mean=float(law.mean.mean()), deviation=size)
    return market(rule, private, distribution=types, trader=trader)


def _alike(economy: MultiUnitDemands) -> MultiUnitDemands:
    """Return the economy in which units are worth the mean of all traders' factors to everybody."""
    if len(set(economy.factors)) == 1:
        return economy
    mean = tuple(np.mean(economy.factors, axis=0).tolist())
    return replace(economy, factors=(mean,) * economy.n_traders)


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
    """Where a deviator sits: in what mechanism, among how many traders, as which of them.

    Attributes
    ----------
    mechanism : Mechanism
    n_traders, trader : int
    surfaces : bool
        Whether the others bid surfaces, as in smooth economies.
    """

    mechanism: Mechanism
    n_traders: int
    trader: int
    surfaces: bool = False

    def __str__(self) -> str:
        record, numbers, traders, trader = self._shape
        return f"{record.__name__} of {numbers} numbers, {traders} traders and deviator {trader}"

    def matches(self, other: "Seat") -> bool:
        """Return whether bids, what they read, traders and deviator are the same."""
        return self._shape == other._shape and _read_the_same(
            self.mechanism.language, other.mechanism.language
        )

    @property
    def _shape(self) -> tuple[type[Bids], int, int, int]:
        language = self.mechanism.language
        record = SurfaceBids if self.surfaces else language.record
        return record, language.size(self.n_traders), self.n_traders, self.trader


def _read_the_same(first: BidLanguage, second: BidLanguage) -> bool:
    """Return whether bids of two languages condition on the same."""
    if not (isinstance(first, FactoredLanguage) and isinstance(second, FactoredLanguage)):
        return first.reads == second.reads
    # Quantities sum to 0, so that statistics are known up to multiples of the row of ones.
    ones = np.ones((1, first.statistics.n_traders))
    alone = np.vstack([first.statistics.weights, ones])
    both = np.vstack([alone, second.statistics.weights])
    return bool(np.linalg.matrix_rank(both) == np.linalg.matrix_rank(alone))


def seat_of(tested: Market) -> Seat:
    """Return where the deviator of a market sits."""
    n = tested.economy.n_traders
    return Seat(tested.mechanism, n, tested.trader, tested.bids_are_surfaces)


def check_matched(tested: Seat, control: Seat) -> None:
    """Check that a control poses the deviator the same problem.

    Raises
    ------
    InvalidInputError
        If the bid language, the statistics that bids read, the numbers in a bid, the number of
        traders or the deviator differ.
    """
    if not tested.matches(control):
        raise InvalidInputError(
            "a matched control must have the same bid language, statistics, numbers in a bid, "
            f"traders and deviator, got {control.mechanism.name} with {control} for "
            f"{tested.mechanism.name} with {tested}; name another control"
        )
