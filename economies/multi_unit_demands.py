"""Markets for several indivisible units of one good: values of further units never rise.

The setting of Vickrey's multi-unit auction (1961) and of demand reduction (Ausubel, Cramton, Pycia,
Rostek and Weretka 2014, Demand Reduction and Inefficiency in Multi-Unit Auctions, Review of
Economic Studies 81, 1366-1400). Units are sold by somebody outside, or owned by the traders.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import final

import numpy as np
from numpy.typing import ArrayLike

from deviator.errors import InvalidInputError
from deviator.units import EACH_TRADER, PRICE, QUANTITY
from deviator.validation import (
    Bools,
    Floats,
    finite_array,
    freeze,
    non_negative,
    positive,
    read_only,
    trader_count,
    whole_number,
)

from .base import Economy
from .distributions import UniformBox
from .profiles import checked_profiles
from .unit_ranking import units_won


@final
@dataclass(frozen=True)
class MultiUnitDemands(Economy):
    """Traders to whom their k-th unit is worth s_i f_ik, with f_i1 >= f_i2 >= ... >= 0.

    A type is a price, in money per unit of the good, and factors have no units: so a trader's value
    is never negative, flat demand is (1, 1), demand for a single unit (1, 0), and a trader who
    wants nothing (0, 0). A fixed fall from unit to unit would need a floor at 0 for low types.

    Trader i owns some units to begin with and receives q_i more. Units beyond the last factor are
    worth nothing. Units that a trader sells without owning them must be bought elsewhere, at the
    highest value that a unit can have, or the trader's own where that is higher. Between whole
    numbers of units utility is linear. So it is finite everywhere, concave where types are not
    negative, and no gains from trade arise where quantities are not feasible.

    Parameters
    ----------
    factors : tuple of tuples of float
        f, as many numbers for each trader, not rising and not negative, some of them positive.
    offered : int
        How many units somebody outside sells to the traders, whatever the price.
    endowments : tuple of int, optional
        How many units each trader owns, at most one for each factor; by default nobody owns any.
        With those offered, the others must be able to hold them all, whichever trader is left out.
    low, high : float
        Ends of the set of types, from which they are drawn, 0 <= low < high. Utility is defined
        beyond it too.
    unit : float
        How many units of the good make up one of the indivisible units; 1 but in other units.

    Raises
    ------
    InvalidInputError
        If there are fewer than three traders, no units, or a number is out of range.
    """

    factors: tuple[tuple[float, ...], ...] = field(metadata=EACH_TRADER)
    offered: int = 0
    endowments: tuple[int, ...] = field(default=(), metadata=EACH_TRADER)
    low: float = field(default=0.0, metadata=PRICE)
    high: float = field(default=1.0, metadata=PRICE)
    unit: float = field(default=1.0, metadata=QUANTITY)
    name: str = "multi-unit demands"
    n_traders: int = field(init=False)

    def __post_init__(self) -> None:
        freeze(self, factors=_checked_factors(self.factors))
        freeze(self, n_traders=trader_count(len(self.factors)))
        freeze(self, offered=whole_number("offered", self.offered, at_least=0))
        freeze(self, endowments=self._checked_endowments())
        check_total(self.offered + sum(self.endowments), self.n_traders, self.numbers)
        freeze(self, low=non_negative("low", self.low), high=positive("high", self.high))
        freeze(self, unit=positive("unit", self.unit))
        if self.low >= self.high:
            raise InvalidInputError(f"low must be below high, got {self.low} and {self.high}")

    def _checked_endowments(self) -> tuple[int, ...]:
        given = tuple(self.endowments) or (0,) * self.n_traders
        return checked_endowments(given, self.n_traders, self.numbers)

    @property
    def numbers(self) -> int:
        """K, how many units a trader may hold: one for each factor."""
        return len(self.factors[0])

    @property
    def total(self) -> int:
        """How many units there are, those offered and those owned."""
        return self.offered + sum(self.endowments)

    @property
    def supply(self) -> float:
        """What somebody outside sells, in units of the good."""
        return self.offered * self.unit

    @property
    def type_set(self) -> tuple[Floats, Floats]:
        """Return the ends of the sets of types, low and high for all, each of shape (N,)."""
        return np.full(self.n_traders, self.low), np.full(self.n_traders, self.high)

    def utility(self, quantity: Floats, types: Floats) -> Floats:
        """Return what the units held are worth beyond those owned, shape (B, N)."""
        quantity, types = checked_profiles(self.n_traders, quantity, types)
        held = self._held(quantity)
        worth = types * (self._summed(held) - self._summed(self._owned))
        return self.unit * (worth + self._price_elsewhere(types) * np.minimum(held, 0.0))

    def marginal_utility(self, quantity: Floats, types: Floats) -> Floats:
        """Return s_i f_ik from k - 1 units held on, shape (B, N), and of the last at all K."""
        quantity, types = checked_profiles(self.n_traders, quantity, types)
        held = self._held(quantity)
        inside, factor = self._places(held)
        short = np.where(held < 0, self._price_elsewhere(types), 0.0)
        return np.where(inside, types * factor, short)

    def type_effects(self, quantity: Floats, types: Floats) -> Floats:
        """Return the effects of the own type, on the diagonal, shape (B, N, N)."""
        quantity, types = checked_profiles(self.n_traders, quantity, types)
        held = self._held(quantity)
        inside, factor = self._places(held)
        first = self._factors[:, 0]
        short = np.where((held < 0) & (types * first > self._highest), first, 0.0)
        return np.where(inside, factor, short)[:, :, None] * np.eye(self.n_traders)

    def quantity_slopes(self, quantity: Floats, types: Floats) -> Floats:
        """Return 0, shape (B, N): utility is linear between its kinks."""
        quantity, _ = checked_profiles(self.n_traders, quantity, types)
        return np.zeros_like(quantity)

    def types(self) -> UniformBox:
        """Return independent types, uniform from low to high."""
        return UniformBox.common(self.n_traders, self.low, self.high)

    def unit_values(self, types: Floats) -> Floats:
        """Return s_i f_ik, the value of each unit in money per unit of the good, shape (B, N, K).

        Raises
        ------
        InvalidInputError
            If a type is negative: values of further units would then rise.
        """
        checked = finite_array("types", types, (None, self.n_traders))
        if (checked < 0).any():
            raise InvalidInputError(
                f"types must not be negative where several units are traded, got {checked.min()}; "
                "take a law on a set of types from 0, as the economy's own is"
            )
        return checked[:, :, None] * self._factors

    def efficient_allocation(self, types: Floats) -> Floats:
        """Return the allocation in which the highest values hold the units, shape (B, N).

        It sums to `supply`.
        """
        won = units_won(self.unit_values(types), self.total)
        return self.unit * (won - self._owned)

    @cached_property
    def _factors(self) -> Floats:
        return read_only(np.array(self.factors))

    @cached_property
    def _owned(self) -> Floats:
        return read_only(np.array(self.endowments, dtype=np.float64))

    @cached_property
    def _sums(self) -> Floats:
        """Sums of the first 0 to K factors, shape (N, K + 1)."""
        nothing = np.zeros((self.n_traders, 1))
        return read_only(np.cumsum(np.concatenate([nothing, self._factors], axis=1), axis=1))

    @property
    def _highest(self) -> float:
        """The highest value that a unit can have within the set of types."""
        return self.high * max(max(row) for row in self.factors)

    def _held(self, quantity: Floats) -> Floats:
        return self._owned + quantity / self.unit

    def _step(self, held: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.intp]]:
        """Return how many whole units are held, from 0 to K - 1."""
        return np.clip(np.floor(held), 0, self.numbers - 1).astype(np.intp)

    def _summed(self, held: Floats) -> Floats:
        """Return the integral of the factors up to the units held, shape (..., N)."""
        traders, kept = np.arange(self.n_traders), np.clip(held, 0.0, self.numbers)
        step = self._step(kept)
        return np.asarray(self._sums[traders, step] + (kept - step) * self._factors[traders, step])

    def _places(self, held: Floats) -> tuple[Bools, Floats]:
        """Return where holdings are feasible, and the factor of the unit that comes next there."""
        inside = (held >= 0) & (held <= self.numbers)
        return inside, self._factors[np.arange(self.n_traders), self._step(held)]

    def _price_elsewhere(self, types: Floats) -> Floats:
        return np.maximum(types * self._factors[:, 0], self._highest)


def multi_unit_demands(
    n_traders: int,
    factors: ArrayLike = (1.0, 0.5),
    offered: int = 2,
    endowments: int | Sequence[int] = 0,
    low: float = 0.0,
    high: float = 1.0,
) -> MultiUnitDemands:
    """Return a market for several indivisible units.

    Parameters
    ----------
    n_traders : int
        Three at least.
    factors : array-like of float, shape (K,) or (N, K)
        What each further unit is worth to a trader of type 1: the same for all, or a row each.
    offered : int
        How many units somebody outside sells.
    endowments : int or sequence of int
        How many units a trader owns: one number for all, or one each.
    low, high : float
        Types are uniform between these, 0 <= low < high.

    Raises
    ------
    InvalidInputError
        If a number is out of range.

    Examples
    --------
    Two units are sold; trader 0 values both of them more than anybody else values one.

    >>> economy = multi_unit_demands(3, factors=(1.0, 0.5), offered=2)
    >>> economy.efficient_allocation(np.array([[0.9, 0.4, 0.3]]))
    array([[2., 0., 0.]])
    >>> economy.utility(np.array([[2.0, 0.0, -1.0]]), np.array([[0.9, 0.4, 0.3]]))
    array([[ 1.35,  0.  , -1.  ]])
    """
    n = trader_count(n_traders)
    rows = np.asarray(factors, dtype=np.float64)
    table = np.broadcast_to(rows, (n, rows.shape[-1])) if rows.ndim == 1 else rows
    owned = (endowments,) * n if isinstance(endowments, int) else tuple(endowments)
    each = tuple(tuple(row) for row in finite_array("factors", table, (n, None)).tolist())
    return MultiUnitDemands(each, offered, owned, low, high)


def checked_endowments(endowments: Sequence[int], n_traders: int, most: int) -> tuple[int, ...]:
    """Return how many units each trader owns, from none to `most`.

    Raises
    ------
    InvalidInputError
        If a number is out of range, or there are other than one for each trader.

    Examples
    --------
    >>> checked_endowments([2, 0, 1], n_traders=3, most=2)
    (2, 0, 1)
    """
    owned = tuple(whole_number("endowments", each, at_least=0) for each in endowments)
    if len(owned) != n_traders or max(owned) > most:
        raise InvalidInputError(
            f"endowments must be one number from 0 to {most} for each of {n_traders} traders, "
            f"got {owned}"
        )
    return owned


def check_total(total: int, n_traders: int, numbers: int) -> None:
    """Check that there are units, and that all but any one trader can hold them.

    Raises
    ------
    InvalidInputError
        If not: a trader without competitors would have to take units, at no price.
    """
    if not 1 <= total <= (n_traders - 1) * numbers:
        raise InvalidInputError(
            f"units offered and owned must be 1 to {(n_traders - 1) * numbers} among {n_traders} "
            f"traders who bid for {numbers} each, got {total}"
        )


def _checked_factors(factors: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], ...]:
    trader_count(len(factors))
    try:
        table = finite_array("factors", np.array(factors, dtype=np.float64), (None, None))
    except ValueError:
        raise InvalidInputError("factors must be as many numbers for each trader") from None
    rises = np.diff(table, axis=1) > 0
    if table.shape[1] == 0 or rises.any() or (table < 0).any() or not table.any():
        raise InvalidInputError(
            "factors must not rise from unit to unit, be negative, or all be 0, got "
            f"{table.tolist()}"
        )
    return tuple(tuple(row) for row in table.tolist())
