"""VCG with a tax slope and a spread where the good comes in units of Delta (Appendix G).

Convention: unit x > 0 is the step from x - Delta to x, unit x < 0 the step from x to x + Delta, and
mu_i(x) is what the step is worth per unit of the good. The tax on unit x is sigma x + delta sign(x)
per unit of the good, so q units are taxed sigma |q| (|q| + Delta) / 2 + delta |q|. With the forward
differences that Appendix G prints, (G.1) and (G.2) contradict each other.

The allocation maximizes tax-adjusted utilities: units move from the trader with the least value of
the last unit to the one with the largest value of the next, while that pays. The receiver's unit
is q_i + Delta if q_i >= 0 and q_i otherwise, the giver's q_j if q_j > 0 and q_j - Delta otherwise.
Where it costs nothing, a unit goes to the trader who comes first. Pivotal types follow the same
rule.
"""

from dataclasses import dataclass, field, replace
from typing import ClassVar, NamedTuple, final

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from deviator.economies import QuadraticEconomy
from deviator.errors import InvalidInputError, NotConvergedError, RefusedError
from deviator.units import PRICE, QUANTITY, SLOPE
from deviator.validation import Bools, Floats, freeze, non_negative, positive

from .own_line import MarketLabels, OwnLine
from .pivotal_mechanism import Allocation, PivotalMechanism, checked_economy
from .spread_vcg import spread_allocation
from .unit_prices import pivotal_reports

TIED = 1e-14
"""The hair by which a unit counts for less at the next trader, of the usual value of units.

It decides ties, and without rounding: every exchange raises one and the same total.
"""

MOST_UNITS = 10_000
"""Units that a trader may hold: each costs a search for its pivotal type."""

UNITS_TOGETHER = 2**17
"""Units priced together, over all markets: what fits the memory."""


@final
@dataclass(frozen=True, eq=False)
class DiscreteVCG(PivotalMechanism):
    """Reports in; the best allocation of units of Delta for taxed utilities out, at pivotal prices.

    Parameters
    ----------
    economy : QuadraticEconomy
        As in `PivotalMechanism`.
    unit_size : float
        Delta, above 0 and at most `largest_unit`.
    sigma : float
        Slope of the tax.
    half_spread : float
        delta, in money per unit of the good.
    largest_unit : float
        What Delta must not exceed; 1 as in Appendix G, but in other units of the good.

    Raises
    ------
    InvalidInputError
        If a setting is out of range.
    RefusedError
        From clearing, if a trader would hold more than `MOST_UNITS` = 10,000 units.

    References
    ----------
    Andreyanov and Sadzik (2021), Appendix G, with the unit convention above.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> from deviator.mechanisms import Reports
    >>> market = DiscreteVCG(private_values(3), unit_size=0.5)
    >>> market.clear(Reports([[2.1, -1.9, 0.1]])).quantity
    array([[ 2., -2.,  0.]])
    """

    economy: QuadraticEconomy
    unit_size: float = field(default=1.0, metadata=QUANTITY)
    sigma: float = field(default=0.0, metadata=SLOPE)
    half_spread: float = field(default=0.0, metadata=PRICE)
    largest_unit: float = field(default=1.0, metadata=QUANTITY)
    name: ClassVar[str] = "discrete-vcg"
    jumps: ClassVar[bool] = True

    def __post_init__(self) -> None:
        checked_economy(self.economy)
        freeze(self, largest_unit=positive("largest_unit", self.largest_unit))
        unit = positive("unit_size", self.unit_size)
        if unit > self.largest_unit * (1 + 1e-12):
            raise InvalidInputError(
                f"unit_size (Delta of Appendix G) must be at most {self.largest_unit:.6g}, got "
                f"{unit:.6g}; state the good in larger units"
            )
        freeze(self, unit_size=unit)
        for name in ("sigma", "half_spread"):
            freeze(self, **{name: non_negative(name, getattr(self, name))})
        self.look_for_falling_quantities()

    @override
    def allocate_values(self, value: Floats, labels: MarketLabels) -> Allocation:
        slope = self.economy.slope
        return Units(value, slope, self.unit_size, self.sigma, self.half_spread).best(labels)

    @property
    @override
    def least_spread(self) -> float:
        steepest = float(self.economy.slope.max()) + self.sigma
        return steepest * self.unit_size + self.half_spread

    @override
    def transfers_on(self, line: OwnLine, offsets: Floats, quantity: Floats) -> Floats:
        """Return what quantities (B, M) cost, unit by unit: it does not depend on the report."""
        del offsets
        count = np.round(quantity / self.unit_size)
        own, slope = self.own_quantity(line), self.economy.slope[line.trader]
        total = np.zeros_like(quantity)
        for side in (1.0, -1.0):
            units = np.maximum(side * count, 0.0)
            unit = np.arange(1.0, units.max(initial=0.0) + 1)
            market, place = np.nonzero(unit <= units.max(axis=1, initial=0.0)[:, None])
            pivotal = pivotal_reports(own, market, side * unit[place] * self.unit_size)
            worth = line.values(market, pivotal)[:, line.trader]
            costs = np.zeros((len(count), len(unit) + 1))
            middle = side * (unit[place] - 0.5) * self.unit_size
            costs[market, place + 1] = side * self.unit_size * (worth - slope * middle)
            rows = np.arange(len(count))[:, None]
            total += np.cumsum(costs, axis=1)[rows, units.astype(np.intp)]
        return np.asarray(line.level[:, None] * (count * self.unit_size) + total)

    @override
    def markets_together(self, quantity: Floats) -> int:
        units = np.abs(quantity).max(initial=0.0) / self.unit_size
        return max(1, min(super().markets_together(quantity), int(UNITS_TOGETHER // (units + 1))))


@final
@dataclass(frozen=True, eq=False)
class Units:
    """What units of the good, as in `DiscreteVCG`, are worth at linear marginal utilities."""

    value: Floats  # (B, N), marginal utilities v of the first bit of the good
    slope: Floats  # (N,)
    unit_size: float
    sigma: float = 0.0
    half_spread: float = 0.0

    def marginal_utility(self, count: Floats) -> Floats:
        """Return mu_i of units x = count Delta, count != 0, per unit of the good, (B, N)."""
        middle = (count - 0.5 * np.sign(count)) * self.unit_size
        return self.value - self.slope * middle

    def tax(self, count: Floats) -> Floats:
        """Return the tax on units x = count Delta, per unit of the good, (B, N)."""
        return self.sigma * self.unit_size * count + self.half_spread * np.sign(count)

    def taxed(self, count: Floats) -> Floats:
        """Return the tax-adjusted marginal utility of units x = count Delta, (B, N)."""
        return self.marginal_utility(count) - self.tax(count)

    def best(self, labels: MarketLabels | None = None) -> Allocation:
        """Return the allocation of the largest tax-adjusted utility, by exchange of units.

        The price is the middle between the value of the best next unit and of the worst last one.
        RefusedError if a trader would hold more than `MOST_UNITS` units, NotConvergedError if units
        never stop moving; unless labels say otherwise, they call rows markets of values for types.
        """
        called = MarketLabels(self.value) if labels is None else labels
        smooth = spread_allocation(self.value, self.slope + self.sigma, self.half_spread)
        count = np.floor(smooth.quantity / self.unit_size)
        self._check_few(count, called)
        open_markets = np.arange(len(count))
        moves = 20 * count.shape[1] + 100
        for _ in range(moves):
            part = replace(self, value=self.value[open_markets])
            move = part._move(count[open_markets])
            rows = np.flatnonzero(move.receives)
            count[open_markets[rows], move.receiver[rows]] += 1
            rows = np.flatnonzero(move.gives)
            count[open_markets[rows], move.giver[rows]] -= 1
            open_markets = open_markets[move.receives]
            if not len(open_markets):
                return Allocation(self._price(count), count * self.unit_size)
        raise NotConvergedError(
            f"units must stop moving within {moves} exchanges, and with {self._settings} do not "
            f"{called.of(int(open_markets[0]))}"
        )

    @property
    def _settings(self) -> str:
        """The parameters in words."""
        tax = f"sigma = {self.sigma:.6g}, half_spread = {self.half_spread:.6g}"
        return f"unit_size = {self.unit_size:.6g}, {tax}"

    def _check_few(self, count: Floats, labels: MarketLabels) -> None:
        """Refuse more units than pivotal prices, one for each, can be computed for."""
        most = np.abs(count).max(axis=1, initial=0.0)
        if (most > MOST_UNITS).any():
            row = int(most.argmax())
            raise RefusedError(
                f"a trader may hold at most {MOST_UNITS} units, each of which has a price of its "
                f"own, got {most[row]:.6g} with {self._settings} {labels.of(row)}; raise "
                "unit_size, or use sigma-vcg, where the good is divisible"
            )

    def _move(self, count: Floats) -> "_Move":
        """Return who receives a unit and who gives it; nobody gives while too few are out."""
        following, last = self._ranked(following_unit(count)), self._ranked(last_unit(count))
        receiver, giver = following.argmax(axis=1), last.argmin(axis=1)
        rows = np.arange(len(count))
        pays = following[rows, receiver] > last[rows, giver]
        short = count.sum(axis=1) < 0
        return _Move(receiver, giver, short | pays, ~short & pays)

    def _ranked(self, count: Floats) -> Floats:
        """Return tax-adjusted marginal utilities, less a hair for each place in the order."""
        usual = np.ptp(self.value, axis=1) + self.half_spread
        usual += (self.slope + self.sigma).max() * self.unit_size
        hair = TIED * usual[:, None] * np.arange(count.shape[1])
        return np.asarray(self.taxed(count) - hair)

    def _price(self, count: Floats) -> Floats:
        following, last = self.taxed(following_unit(count)), self.taxed(last_unit(count))
        return np.asarray(0.5 * (following.max(axis=1) + last.min(axis=1)))


def following_unit(count: Floats) -> Floats:
    """Return the unit that each trader would receive next."""
    return np.where(count >= 0, count + 1, count)


def last_unit(count: Floats) -> Floats:
    """Return the unit that each trader would give next."""
    return np.where(count > 0, count, count - 1)


class _Move(NamedTuple):
    """One exchange per market."""

    receiver: NDArray[np.intp]  # (B,)
    giver: NDArray[np.intp]  # (B,)
    receives: Bools  # (B,)
    gives: Bools  # (B,)
