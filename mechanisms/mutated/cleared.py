"""Markets that a sound rule cleared, as a planted fault sees them."""

from dataclasses import dataclass, replace
from typing import final

import numpy as np

from deviator.validation import Bools, Floats


@final
@dataclass(frozen=True, eq=False)
class Cleared:
    """The outcome of B markets before a fault distorts it.

    Attributes
    ----------
    price : ndarray of float, shape (B, N)
        What each trader meets; 0 where nothing is traded.
    quantity, transfer : ndarray of float, shape (B, N)
    level : ndarray of float or None, shape (B, N)
        The level of each trader's bid; None where bids are surfaces.
    traded : ndarray of bool, shape (B, 1)
        Faults leave autarky alone.
    tax_slope : float
        Slope of the rule's quadratic tax.
    trader : int
        Whom a fault singles out that is about one trader.
    """

    price: Floats
    quantity: Floats
    transfer: Floats
    level: Floats | None
    traded: Bools
    tax_slope: float
    trader: int

    @property
    def units(self) -> Floats:
        """Units that each trader buys or sells, (B, N)."""
        return np.asarray(np.abs(self.quantity))

    @property
    def most(self) -> Floats:
        """The largest number of units in the market, (B, 1)."""
        return np.asarray(self.units.max(axis=1, keepdims=True))

    @property
    def gross(self) -> Floats:
        """Money that changes hands, all payments and receipts together, (B, 1)."""
        return np.asarray(np.abs(self.transfer).sum(axis=1, keepdims=True))

    @property
    def usual_price(self) -> Floats:
        """Money that changes hands for a unit, on average, (B, 1)."""
        units = self.units.sum(axis=1, keepdims=True)
        return np.asarray(self.gross / np.where(units > 0, units, 1.0))

    @property
    def chosen(self) -> Floats:
        """1 for the trader whom the fault singles out, else 0, shape (N,)."""
        return np.asarray(np.arange(self.quantity.shape[1]) == self.trader, dtype=np.float64)

    @property
    def largest(self) -> Floats:
        """1 for the first of the traders of most units, else 0, (B, N)."""
        places = np.arange(self.quantity.shape[1])
        return np.asarray((places == self.units.argmax(axis=1)[:, None]).astype(np.float64))

    @property
    def large(self) -> Floats:
        """1 for who trades at least the mean number of units, else 0, (B, N)."""
        mean = self.units.mean(axis=1, keepdims=True)
        return np.asarray(((self.units >= mean) & (self.units > 0)).astype(np.float64))

    @property
    def neighbour(self) -> "Cleared":
        """The same with each trader in the place of the one before, the first in the last."""
        names = ("price", "quantity", "transfer")
        return replace(self, **{name: np.roll(getattr(self, name), -1, axis=1) for name in names})

    def paying(self, more: Floats) -> "Cleared":
        """Return the outcome with more money to pay, (B, N)."""
        return replace(self, transfer=self.transfer + more)

    def getting(self, quantity: Floats) -> "Cleared":
        """Return the outcome with other quantities, (B, N)."""
        return replace(self, quantity=quantity)
