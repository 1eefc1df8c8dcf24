"""What the double auctions for single units share: who buys, and honest reports of values."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
from typing_extensions import override

from deviator.economies import Economy, UnitDemands, holding_threshold
from deviator.errors import InvalidInputError, RefusedError
from deviator.units import rescaled_fields
from deviator.validation import (
    Bools,
    Floats,
    finite_array,
    freeze,
    positive,
    trader_index,
    whole_number,
)

from ..base import Mechanism
from ..languages import BidLanguage, Bids, ReportLanguage, check_record
from ..menu import FiniteMenu
from ..portable import require_numpy

Buyers = int | tuple[int, ...] | None
"""Who buys: so many traders, the first; the traders of these indices; or None, the first half."""


class UnitDemandMechanism(Mechanism):
    """A double auction in which buyers want one unit and sellers own one.

    Members are frozen dataclasses with the fields below. They state `clear`, and `price_to_trade`,
    from which the menu follows: no trade, or one unit at that price.

    Attributes
    ----------
    buyers : int, tuple of int or None
        Who buys: the first so many traders, the traders of these indices, or the first half;
        everybody else sells.
    unit : float
        How many units of the good make up the one unit that is traded; 1 but in other units.
    """

    buyers: Buyers
    unit: float
    language: ClassVar[BidLanguage] = ReportLanguage()

    def __post_init__(self) -> None:
        freeze(self, buyers=checked_buyers(self.buyers))
        freeze(self, unit=positive("unit", self.unit))

    @abstractmethod
    def price_to_trade(self, bids: Any, trader: int) -> Floats:
        """Return what one unit costs a buyer, or brings a seller, at the best bid, shape (B,).

        In money per unit of the good, a limit where ties decide; NaN where the trader cannot.
        """

    def buyer_mask(self, n_traders: int) -> Bools:
        """Return who buys, shape (N,).

        Raises
        ------
        InvalidInputError
            If a side of the market is empty, or the setting names other traders.
        """
        mask = np.zeros(n_traders, dtype=bool)
        chosen = n_traders // 2 if self.buyers is None else self.buyers
        places = list(range(chosen)) if isinstance(chosen, int) else list(chosen)
        if not 0 < len(places) < n_traders or max(places) >= n_traders:
            raise InvalidInputError(
                f"buyers must be some of the {n_traders} traders and not all, got {self.buyers}"
            )
        mask[places] = True
        return mask

    @override
    def honest_bids(self, economy: Economy, types: Floats) -> Bids:
        self.check_economy(economy)
        return super().honest_bids(economy, types)

    def check_economy(self, economy: Economy) -> UnitDemands:
        """Return the economy if it is one of single units with the same sides.

        Raises
        ------
        RefusedError
            If it is not.
        """
        if not isinstance(economy, UnitDemands):
            raise RefusedError(
                f"{self.name} is for unit demands, got {type(economy).__name__}; build an economy "
                "with deviator.economies.unit_demands"
            )
        same_sides = np.array_equal(self.buyer_mask(economy.n_traders), economy.buyers)
        if not same_sides or not np.isclose(self.unit, economy.unit, rtol=1e-9, atol=0):
            raise RefusedError(
                f"{self.name} must have the economy's own sides and unit, buyers = "
                f"{tuple(np.flatnonzero(economy.buyers).tolist())} and unit = {economy.unit}, got "
                f"buyers = {self.buyers} and unit = {self.unit}"
            )
        return economy

    @override
    def menu(self, bids: Any, trader: int) -> FiniteMenu:
        self.check_record(bids)
        index = trader_index(trader, bids.shape[1])
        side = 1.0 if self.buyer_mask(bids.shape[1])[index] else -1.0
        price = self.price_to_trade(bids, index)
        quantity = np.where(np.isnan(price), 0.0, side * self.unit)
        transfer = np.where(np.isnan(price), 0.0, quantity * price)
        nothing = np.zeros_like(price)
        return FiniteMenu(np.stack([nothing, quantity], 1), np.stack([nothing, transfer], 1))

    @override
    def menu_bid(self, bids: Any, trader: int, quantity: Floats) -> Floats:
        """Return bids that pass the threshold by a hair where a unit is wanted, shape (B, K)."""
        self.check_record(bids)
        index = trader_index(trader, bids.shape[1])
        buyers = self.buyer_mask(bids.shape[1])
        wanted = finite_array("quantity", quantity, (bids.shape[0],))
        holds = (wanted > 0) if buyers[index] else (wanted >= 0)
        return self.bid_to_hold(bids, index, holds)

    def bid_to_hold(self, bids: Any, trader: int, holds: Bools) -> Floats:
        """Return a trader's bids that end with a unit, or without, as asked, shape (B, K).

        By default values the next number above or below the threshold.
        """
        buyers = self.buyer_mask(bids.shape[1])
        threshold = holding_threshold(bids.types, buyers, trader)
        return np.nextafter(threshold, np.where(holds, np.inf, -np.inf))[:, None]

    def check_record(self, bids: Any) -> None:
        """Check that bids are a record of the language, and both sides are there.

        Raises
        ------
        InvalidInputError
            If they are not.
        RefusedError
            If they are in arrays of another library than NumPy.
        """
        check_record(self.name, self.language.record, bids)
        require_numpy(f"outcomes of {self.name}", bids)
        self.buyer_mask(bids.shape[1])

    @override
    def example_economies(self) -> tuple[Economy, ...]:
        if self.buyers is None:
            sizes: tuple[int, ...] = (4, 5)
        else:
            named = self.buyers if isinstance(self.buyers, tuple) else (self.buyers - 1,)
            sizes = (max(max(named) + 2, 3), max(named) + 4)
        masks = [self.buyer_mask(size) for size in sizes]
        roles = [tuple("buyer" if buys else "seller" for buys in mask) for mask in masks]
        return tuple(UnitDemands(names, unit=self.unit) for names in roles)

    @override
    def relabelled(self, order: Sequence[int]) -> Self:
        mask = self.buyer_mask(len(order))[list(order)]
        buyers = tuple(np.flatnonzero(mask).tolist())
        renumbered: Self = replace(self, buyers=buyers)  # type: ignore[type-var]
        return renumbered

    @override
    def rescaled(self, price: float, quantity: float) -> Self:
        restated = rescaled_fields(self, price, quantity)
        return replace(restated, unit=self.unit * quantity)  # type: ignore[type-var]


def checked_buyers(buyers: Any) -> Buyers:
    """Return who buys in the form of the setting: a number, sorted indices, or None.

    Raises
    ------
    InvalidInputError
        If it is in another form, or nobody buys.

    Examples
    --------
    >>> checked_buyers([2, 0])
    (0, 2)
    """
    if buyers is None:
        return None
    if not isinstance(buyers, list | tuple):
        return whole_number("buyers", buyers, at_least=1)
    places = tuple(sorted(whole_number("buyers", buyer, at_least=0) for buyer in buyers))
    if not places or len(set(places)) < len(places):
        raise InvalidInputError(f"buyers must be different traders, at least one, got {buyers}")
    return places


def side_prices(buyers: Bools, buy: Floats, sell: Floats, pairs: Any) -> Floats:
    """Return what each trader meets, shape (B, N): the buyers' or sellers' price, NaN in autarky.

    Parameters
    ----------
    buyers : ndarray of bool, shape (N,)
    buy, sell : ndarray of float, shape (B,)
    pairs : ndarray of int, shape (B,)
        How many pairs trade.
    """
    prices = np.where(buyers, buy[:, None], sell[:, None])
    return np.where(pairs[:, None] > 0, prices, np.nan)
