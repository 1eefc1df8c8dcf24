"""VCG with an entry fee (Example 9): whoever trades pays phi once.

The allocation is the paper's own general definition of Section 6, the largest total of utilities
less fees. Equation (6.28) asks for more, one price at which each trader decides alone
whether to pay; such a price often does not exist, and where it does, the allocation is the same
(first welfare theorem). Both are offered: `EntryFeeVCG.allocate` and `EntryFeeVCG.price_clearing`.

Among traders of one slope those who trade are the ones of the highest and of the lowest values:
exchanging a trader above the price for one further above it raises the total by more, whatever the
fee. So the sets of traders to compare are products over the different slopes.
"""

from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from math import prod
from typing import ClassVar, NamedTuple, final

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from deviator.economies import QuadraticEconomy, affects_others_alike
from deviator.errors import RefusedError
from deviator.units import MONEY
from deviator.validation import Bools, Floats, finite_array, freeze, non_negative

from ..base import Claim
from ..chunking import in_chunks
from .own_line import MarketLabels
from .pivotal_mechanism import Allocation, PivotalMechanism, checked_economy

MOST_SETS = 2**16
"""Sets of traders that are compared at most."""

ENTRIES = 2**22
"""Markets times sets (times traders) that are compared together."""

TIED = 1e-14
"""Totals that differ by less, of the largest there could be, count as equal."""

TIED_VALUES = 2.0**40
"""Values count as equal where they agree on a grid of so many cells from lowest to highest."""


class PriceClearing(NamedTuple):
    """Whether some price clears the market as in (6.28), and what is traded at it."""

    exists: Bools  # (B,)
    price: Floats  # (B,), NaN where it does not
    quantity: Floats  # (B, N), NaN where it does not


@final
@dataclass(frozen=True, eq=False)
class EntryFeeVCG(PivotalMechanism):
    """Reports in; the largest total utility less entry fees out, at pivotal prices.

    With interdependent values this allocation need not increase in the own type, and then no
    transfers make it incentive compatible: such economies are refused. It does increase where each
    type affects all other traders alike, as with private values and in Examples 1 and 3.

    Ties go to fewer traders, then to those who come first.

    Parameters
    ----------
    economy : QuadraticEconomy
        As in `PivotalMechanism`.
    fee : float
        phi, in units of money.

    Raises
    ------
    InvalidInputError
        If the fee is negative or not finite.
    RefusedError
        If there are too many different slopes to compare all sets of traders.

    References
    ----------
    Andreyanov and Sadzik (2021), Example 9 and the definition of tau-VCG in Section 6.

    Examples
    --------
    Trader 2 would gain from trade, but not as much as the fee.

    >>> from deviator.economies import private_values
    >>> from deviator.mechanisms import Reports
    >>> EntryFeeVCG(private_values(3), fee=0.3).clear(Reports([[2.0, -2.0, 0.5]])).quantity
    array([[ 2., -2.,  0.]])
    """

    economy: QuadraticEconomy
    fee: float = field(default=0.0, metadata=MONEY)
    name: ClassVar[str] = "entry-fee-vcg"
    straight: ClassVar[bool] = True
    jumps: ClassVar[bool] = True

    def __post_init__(self) -> None:
        checked_economy(self.economy)
        freeze(self, fee=non_negative("fee", self.fee))
        _ = self._sets
        self.look_for_falling_quantities()

    @property
    @override
    def increases(self) -> bool:
        """Whether quantities increase in the own type at every profile, see `PivotalMechanism`."""
        return affects_others_alike(self.economy)

    @property
    @override
    def claims(self) -> frozenset[Claim]:  # type: ignore[override]
        claims = super().claims
        return claims if self.fee > 0 else claims | {"efficient"}

    @property
    @override
    def least_spread(self) -> float:
        """The margin at which a trader's rent covers the fee."""
        return float(np.sqrt(2 * self.fee * self.economy.slope.max()))

    @override
    def allocate_values(self, value: Floats, labels: MarketLabels) -> Allocation:
        order = self._order(value)
        ranked = np.take_along_axis(value, order, axis=1)
        chunk = max(1, ENTRIES // len(self._sets.members))
        trades = np.concatenate(in_chunks(self._best_set, ranked, chunk=chunk))
        price, quantity = _among(trades, ranked, 1 / self._sets.slope)
        return Allocation(price, _unranked(quantity, order))

    @override
    def until_kink(self, value: Floats, effects: Floats) -> Floats:
        """Return how far the report may move until ranks change, or another set is best, (B,)."""
        order = self._order(value)
        ranked, moves = (np.take_along_axis(each, order, axis=1) for each in (value, effects))
        chunk = max(1, ENTRIES // len(self._sets.members))
        return np.concatenate(in_chunks(self._until_another_set, ranked, moves, chunk=chunk))

    def price_clearing(self, types: Floats) -> PriceClearing:
        """Return prices that clear the market with each trader deciding alone, (6.28).

        A trader trades where the rent y_i (v_i - p)^2 / 2 is at least the fee.

        Parameters
        ----------
        types : ndarray of float, shape (B, N)

        Returns
        -------
        PriceClearing
            The mechanism itself trades whether or not there is such a price; where there is one,
            quantities are the same.

        Examples
        --------
        A trader of value 0.8 would pay the fee at the others' price 0, but not at that of all
        three; one of value 0.5 stays away at either.

        >>> from deviator.economies import private_values
        >>> rule = EntryFeeVCG(private_values(3), fee=0.3)
        >>> rule.price_clearing([[2.0, -2.0, 0.5], [2.0, -2.0, 0.8]]).exists
        array([ True, False])
        """
        checked = finite_array("types", types, (None, self.economy.n_traders))
        value = self.economy.value(checked)
        order = self._order(value)
        ranked = np.take_along_axis(value, order, axis=1)
        chunk = max(1, ENTRIES // self._sets.members.size)
        parts = in_chunks(self._clearing_price, ranked, chunk=chunk)
        exists, price, quantity = (np.concatenate(field) for field in zip(*parts, strict=True))
        return PriceClearing(exists, price, _unranked(quantity, order))

    @cached_property
    def _sets(self) -> "_Sets":
        return _sets_of(self.economy.slope, everybody=self.fee == 0)

    @override
    def _why_quantities_fall(self) -> str:
        alike = "types do not affect all others alike, as they do in Examples 1 and 3"
        return super()._why_quantities_fall() or alike

    def _order(self, value: Floats) -> NDArray[np.intp]:
        """Return traders by slope, then by value, then by number, shape (B, N)."""
        spread = np.ptp(value, axis=1, keepdims=True)
        height = (value - value.min(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1.0)
        slope = np.broadcast_to(self.economy.slope, value.shape)
        number = np.broadcast_to(np.arange(value.shape[1]), value.shape)
        return np.lexsort((number, np.round(height * TIED_VALUES), slope), axis=1)

    def _best_set(self, value: Floats) -> Bools:
        """Return who trades at the largest total utility less fees, shape (B, N)."""
        members = self._sets.members
        steepness = 1 / self._sets.slope
        centred = value - value.mean(axis=1, keepdims=True)
        squares = (steepness * centred**2) @ members.T
        sums = (steepness * centred) @ members.T
        weight = np.maximum(members @ steepness, steepness.min())
        total = 0.5 * (squares - sums**2 / weight) - self.fee * members.sum(axis=1)
        largest = (steepness * centred**2).sum(axis=1, keepdims=True)
        best = total >= total.max(axis=1, keepdims=True) - TIED * largest
        return np.asarray(members[best.argmax(axis=1)] > 0)

    def _until_another_set(self, value: Floats, moves: Floats) -> Floats:
        """Return how far the report may move until the best set or a rank changes, (B,)."""
        members, steepness = self._sets.members, 1 / self._sets.slope
        value, moves = (each - each.mean(axis=1, keepdims=True) for each in (value, moves))
        weight = np.maximum(members @ steepness, steepness.min())
        rows, best = np.arange(len(value)), self._best_set(value)
        here = (members == best[:, None]).all(axis=2).argmax(axis=1)

        def product(one: Floats, other: Floats) -> Floats:
            """Return half the scatter of values in each set, less that of the best one."""
            sums = [(steepness * each) @ members.T for each in (one, other)]
            scatter = 0.5 * ((steepness * one * other) @ members.T - sums[0] * sums[1] / weight)
            return np.asarray(scatter - scatter[rows, here][:, None])

        fees = self.fee * members.sum(axis=1)
        ahead = product(value, value) - (fees - fees[here][:, None])
        passed = _first_root(
            np.minimum(ahead, 0.0), 2 * product(value, moves), product(moves, moves)
        )
        same_class = np.diff(self._sets.slope) == 0
        gap, closing = np.diff(value, axis=1)[:, same_class], -np.diff(moves, axis=1)[:, same_class]
        closes = closing > 0
        swapped = np.where(closes, gap / np.where(closes, closing, 1.0), np.inf)
        return np.asarray(np.minimum(passed, swapped.min(axis=1, initial=np.inf)))

    def _clearing_price(self, value: Floats) -> PriceClearing:
        members = self._sets.members[self._sets.members.any(axis=1)]
        steepness = 1 / self._sets.slope
        price = ((steepness * value) @ members.T) / (members @ steepness)
        rent = 0.5 * steepness * (value[:, None] - price[..., None]) ** 2
        clears = ((rent >= self.fee) == (members > 0)).all(axis=2)
        traded = clears.any(axis=1)
        chosen = clears.argmax(axis=1)
        reach = np.sqrt(2 * self.fee / steepness)
        low, high = (value - reach).max(axis=1), (value + reach).min(axis=1)
        idle = low < high
        paid = np.take_along_axis(price, chosen[:, None], axis=1)[:, 0]
        paid = np.where(traded, paid, np.where(idle, 0.5 * (low + high), np.nan))
        quantity = np.where(
            (members[chosen] > 0) & traded[:, None], steepness * (value - paid[:, None]), 0.0
        )
        exists = traded | idle
        return PriceClearing(exists, paid, np.where(exists[:, None], quantity, np.nan))


@final
@dataclass(frozen=True, eq=False)
class _Sets:
    """Sets of traders that may be best, traders ranked by slope and value."""

    members: Floats  # (K, N), 1 for who trades
    slope: Floats  # (N,), in ranked order


def _first_root(constant: Floats, linear: Floats, square: Floats) -> Floats:
    """Return the first t > 0 at which a quadratic that is not positive becomes so, least of a row.

    The constant is at most 0, so where the square is positive there is one root t >= 0.
    """
    root = np.sqrt(np.maximum(linear**2 - 4 * square * constant, 0.0))
    real = linear**2 - 4 * square * constant >= 0
    rising, falling = linear + root, root - linear
    with np.errstate(divide="ignore", invalid="ignore"):
        time = np.where(linear > 0, -2 * constant / rising, falling / (2 * square))
    ever = real & ((square > 0) | (linear > 0))
    return np.asarray(np.where(ever & (time >= 0), time, np.inf).min(axis=1))


def _sets_of(slope: Floats, *, everybody: bool) -> _Sets:
    ranked = np.sort(slope)
    if everybody:
        return _Sets(np.ones((1, len(slope))), ranked)
    sizes = np.unique(ranked, return_counts=True)[1]
    count = prod(1 + int(size) * (int(size) + 1) // 2 for size in sizes)
    if count > MOST_SETS:
        raise RefusedError(
            f"an entry-fee market compares all sets of traders that may be best, at most "
            f"{MOST_SETS}, got {count} with {len(sizes)} different slopes; use fewer slopes"
        )
    extremes = [_extremes(int(size)) for size in sizes]
    sets = np.array([np.concatenate(parts) for parts in product(*extremes)])
    sets = sets[sets.sum(axis=1) != 1]
    # Fewer traders first, then those of low rank: the tie rule.
    order = np.lexsort((*(-sets.T[::-1]), sets.sum(axis=1)))
    return _Sets(sets[order], ranked)


def _extremes(size: int) -> list[Floats]:
    """Return the sets of so many lowest and so many highest of a class, each (size,)."""
    place = np.arange(size)
    pairs = [(low, high) for low in range(size) for high in range(size - low)]
    sets = [(place < low) | (place >= size - high) for low, high in pairs]
    return [chosen.astype(np.float64) for chosen in [*sets, place >= 0]]


def _among(trades: Bools, value: Floats, steepness: Floats) -> Allocation:
    """Return the Walrasian allocation of those who trade; without trade, the price of all."""
    counted = trades | ~trades.any(axis=1, keepdims=True)
    weight = np.where(counted, steepness, 0.0)
    centre = value.mean(axis=1)
    offset = (weight * (value - centre[:, None])).sum(axis=1) / weight.sum(axis=1)
    price = centre + offset
    return Allocation(price, np.where(trades, steepness * (value - price[:, None]), 0.0))


def _unranked(ranked: Floats, order: NDArray[np.intp]) -> Floats:
    quantity = np.empty_like(ranked)
    np.put_along_axis(quantity, order, ranked, axis=1)
    return quantity
