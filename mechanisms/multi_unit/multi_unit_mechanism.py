"""What auctions of several units share: the highest bids hold the units, and a finite menu.

With Z units in all and the others' bids c_1 >= c_2 >= ..., a trader who ends with h units leaves
Z - h to the others, whose highest bids hold them. So c_(Z - h) is the lowest of the others' bids
that still holds a unit, and c_(Z - h + 1) the highest that does not: the trader's h-th bid must
pass c_(Z - h + 1), and the next one must stay below c_(Z - h).
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Self

import numpy as np
from typing_extensions import override

from deviator.economies import (
    Economy,
    MultiUnitDemands,
    check_total,
    checked_endowments,
    ranked_others,
    units_won,
)
from deviator.errors import InvalidInputError, RefusedError
from deviator.units import rescaled_fields
from deviator.validation import Floats, finite_array, freeze, positive, trader_index, whole_number

from ..base import Mechanism
from ..languages import Bids, UnitBidLanguage, check_record
from ..menu import FiniteMenu
from ..outcome import Outcome
from ..portable import require_numpy

Ints = np.ndarray[tuple[int, ...], np.dtype[np.intp]]

Endowments = tuple[int, ...] | None
"""How many units each trader owns, or None where nobody owns any."""


class MultiUnitMechanism(Mechanism):
    """Units to the highest bids: an auction of units offered, or an exchange of units owned.

    Members are frozen dataclasses with the fields below. They state `payments`, and
    `least_payments`, from which the menu follows. Of equal bids those of lower indices win, which
    decides who holds units and never at what prices.

    Attributes
    ----------
    offered : int
        How many units somebody outside sells, whatever the price.
    numbers : int
        K, for how many units a trader bids, and the most that a trader may hold.
    endowments : tuple of int or None
        How many units each trader owns; None where nobody owns any.
    unit : float
        How many units of the good make up one of the indivisible units; 1 but in other units.
    """

    offered: int
    numbers: int
    endowments: Endowments
    unit: float

    def __post_init__(self) -> None:
        freeze(self, offered=whole_number("offered", self.offered, at_least=0))
        freeze(self, numbers=whole_number("numbers", self.numbers, at_least=1))
        if self.endowments is not None:
            owned = tuple(self.endowments)
            owned = checked_endowments(owned, max(len(owned), 3), self.numbers)
            freeze(self, endowments=owned)
        freeze(self, unit=positive("unit", self.unit))

    @property
    @override
    def language(self) -> UnitBidLanguage:  # type: ignore[override]
        return UnitBidLanguage(self.numbers)

    @property
    def total(self) -> int:
        """Z, how many units there are, those offered and those owned."""
        return self.offered + sum(self.endowments or ())

    @property
    def is_auction(self) -> bool:
        """Whether all units come from outside, so that traders only buy."""
        return not any(self.endowments or ())

    @classmethod
    def for_economy(cls, economy: MultiUnitDemands, **settings: Any) -> Self:
        """Return the rule for the units of an economy.

        Parameters
        ----------
        economy : MultiUnitDemands
        **settings
            What else the rule is set to.
        """
        owned = economy.endowments if any(economy.endowments) else None
        return cls(  # type: ignore[call-arg]
            offered=economy.offered,
            numbers=economy.numbers,
            endowments=owned,
            unit=economy.unit,
            **settings,
        )

    @abstractmethod
    def payments(self, bids: Floats, won: Ints) -> tuple[Floats, Floats]:
        """Return a price per market or trader, and what traders pay for a unit of the good of 1.

        Parameters
        ----------
        bids : ndarray of float, shape (B, N, K)
            Not rising from unit to unit.
        won : ndarray of int, shape (B, N)
            How many units each trader holds after trade.

        Returns
        -------
        price : ndarray of float, shape (B,) or (B, N)
        paid : ndarray of float, shape (B, N)
            Negative where received.
        """

    @abstractmethod
    def least_payments(self, others: Floats, owned: int) -> Floats:
        """Return the least that a trader can pay to end with 0 to Z units, shape (B, Z + 1).

        For a unit of the good of 1; limits where ties decide, negative where received.

        Parameters
        ----------
        others : ndarray of float, shape (B, (N - 1) K)
            The others' bids, highest first.
        owned : int
            How many units the trader owns.
        """

    def edges(self, others: Floats, owned: int) -> Floats:
        """Return the bid of the others that decides each number of units, shape (B, Z + 1).

        Whoever ends with h units more than they own must pass c_(Z - h + 1), whoever ends with
        fewer must leave their last unit to c_(Z - h). 0 where they end with what they own.
        """
        kept = self.total - owned
        bought, sold = others[:, :kept][:, ::-1], others[:, kept : self.total][:, ::-1]
        return np.concatenate([sold, np.zeros((len(others), 1)), bought], axis=1)

    @override
    def clear(self, bids: Any) -> Outcome:
        self.check_record(bids)
        n = bids.shape[1]
        prices = bids.falling
        won = units_won(prices, self.total)
        price, paid = self.payments(prices, won)
        units = won - self.owned(n)
        traded = np.asarray(units.any(axis=1))
        shown = traded if price.ndim == 1 else traded[:, None]
        outside = np.full(len(won), -self.offered * self.unit)
        return Outcome(
            np.where(shown, price, np.nan),
            self.unit * units,
            self.unit * np.where(units == 0, 0.0, paid),
            traded,
            outside=outside,
        )

    def owned(self, n_traders: int) -> Floats:
        """Return how many units each trader owns, shape (N,).

        Raises
        ------
        InvalidInputError
            If the setting is for other traders, or they could not do without one of them.
        """
        given = (0,) * n_traders if self.endowments is None else self.endowments
        check_total(self.total, n_traders, self.numbers)
        return np.array(checked_endowments(given, n_traders, self.numbers), dtype=np.float64)

    @override
    def honest_bids(self, economy: Economy, types: Floats) -> Bids:
        self.check_economy(economy)
        return super().honest_bids(economy, types)

    def check_economy(self, economy: Economy) -> MultiUnitDemands:
        """Return the economy if its units are those that the rule trades.

        Raises
        ------
        RefusedError
            If they are not.
        """
        if not isinstance(economy, MultiUnitDemands):
            raise RefusedError(
                f"{self.name} is for multi-unit demands, got {type(economy).__name__}; build an "
                "economy with deviator.economies.multi_unit_demands"
            )
        wanted = self.for_economy(economy)
        same = (wanted.offered, wanted.numbers) == (self.offered, self.numbers)
        owned = tuple(self.owned(economy.n_traders)) == tuple(economy.endowments)
        if not (same and owned and np.isclose(self.unit, economy.unit, rtol=1e-9, atol=0)):
            raise RefusedError(
                f"{self.name} must trade the economy's own units, offered = {wanted.offered}, "
                f"numbers = {wanted.numbers}, endowments = {wanted.endowments} and unit = "
                f"{wanted.unit}; build it with {type(self).__name__}.for_economy(economy)"
            )
        return economy

    @override
    def menu(self, bids: Any, trader: int) -> FiniteMenu:
        self.check_record(bids)
        index = trader_index(trader, bids.shape[1])
        owned = int(self.owned(bids.shape[1])[index])
        others = ranked_others(bids.falling, index)
        held = np.arange(min(self.numbers, self.total) + 1)
        paid = self.least_payments(others, owned)[:, held]
        quantity = np.broadcast_to(self.unit * (held - owned), paid.shape)
        return FiniteMenu(quantity, self.unit * paid)

    @override
    def menu_bid(self, bids: Any, trader: int, quantity: Floats) -> Floats:
        """Return bids a hair above the edge of so many units, and a hair below it, shape (B, K)."""
        self.check_record(bids)
        index = trader_index(trader, bids.shape[1])
        owned = int(self.owned(bids.shape[1])[index])
        wanted = finite_array("quantity", quantity, (bids.shape[0],))
        held = np.rint(wanted / self.unit).astype(int) + owned
        others = ranked_others(bids.falling, index)
        place = self.total - held - (held < max(owned, 1))
        edge = others[np.arange(len(others)), place]
        holds = np.arange(self.numbers) < held[:, None]
        return np.asarray(np.nextafter(edge[:, None], np.where(holds, np.inf, -np.inf)))

    def check_record(self, bids: Any) -> None:
        """Check that bids are prices of so many units, for traders who can hold them.

        Raises
        ------
        InvalidInputError
            If they are not.
        RefusedError
            If they are in arrays of another library than NumPy.
        """
        check_record(self.name, self.language.record, bids)
        require_numpy(f"outcomes of {self.name}", bids)
        if bids.shape[2] != self.numbers:
            raise InvalidInputError(
                f"{self.name} takes {self.numbers} prices from each trader, got {bids.shape[2]}"
            )
        self.owned(bids.shape[1])

    @override
    def example_economies(self) -> tuple[Economy, ...]:
        """Return economies of falling values and of flat ones, of the units that are traded."""
        few = -(-self.total // self.numbers) + 1
        sizes = (max(3, few), max(5, few + 2))
        if self.endowments is not None:
            sizes = (len(self.endowments),) * 2
        falling = tuple(0.7**place for place in range(self.numbers))
        flat = (1.0,) * self.numbers
        owned = self.endowments or ()
        return tuple(
            MultiUnitDemands((row,) * n, self.offered, owned, unit=self.unit)
            for row, n in zip((falling, flat), sizes, strict=True)
        )

    @override
    def relabelled(self, order: Sequence[int]) -> Self:
        if self.endowments is None:
            return self
        owned = tuple(self.endowments[place] for place in order)
        return replace(self, endowments=owned)  # type: ignore[type-var]

    @override
    def rescaled(self, price: float, quantity: float) -> Self:
        restated = rescaled_fields(self, price, quantity)
        return replace(restated, unit=self.unit * quantity)  # type: ignore[type-var]
