"""Bids of a value and of whether to enter: markets in which taking part costs a fee."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import ClassVar, Self, final

import numpy as np
from typing_extensions import override

from deviator.economies import Economy
from deviator.errors import RefusedError
from deviator.numerics.rational import Rationals
from deviator.units import PRICE
from deviator.validation import Bools, Floats, finite_array, trader_count

from ..exact import RationalBids, RationalEconomy
from .array_bids import ArrayBids
from .base import BidLanguage


@final
@dataclass(frozen=True, eq=False)
class EntryReports(ArrayBids):
    """A reported value for each trader, and whether the trader enters.

    Parameters
    ----------
    types : ndarray of float, shape (B, N)
        Reported values, in money per unit of the good.
    entry : ndarray of float, shape (B, N)
        A trader enters where the number is positive; it has no units.
    """

    meant_for: ClassVar[str] = "double auctions with an entry fee: EntryFeeDoubleAuction(fee)"

    types: Floats = field(metadata=PRICE)
    entry: Floats

    @override
    def _checked(self) -> dict[str, Floats]:
        types = finite_array("reports", self.types, (None, None))
        trader_count(types.shape[1])
        return {"types": types, "entry": finite_array("entry", self.entry, types.shape)}

    @property
    def enters(self) -> Bools:
        """Who enters, shape (B, N)."""
        return self.entry > 0

    @classmethod
    @override
    def from_array(cls, array: Floats) -> Self:
        checked = finite_array("entry reports", array, (None, None, 2))
        return cls(checked[..., 0], checked[..., 1])


@final
@dataclass(frozen=True)
class EntryReportLanguage(BidLanguage):
    """A bid is a reported value and a number that is positive where the trader enters."""

    name = "reports with entry"
    record = EntryReports
    level = 0
    reads = "nothing"

    @override
    def size(self, n_traders: int) -> int:
        del n_traders
        return 2

    @override
    def honest_bids(self, economy: Economy, types: Floats, tax_slope: float) -> EntryReports:
        """Return the values themselves, and entry by all.

        Whether an honest trader enters depends on the fee: the mechanism says.
        """
        del economy, tax_slope
        return EntryReports(types, np.ones_like(types))

    @override
    def exact_honest_bids(
        self, economy: RationalEconomy, types: Rationals, tax_slope: Fraction
    ) -> RationalBids:
        del economy, types, tax_slope
        raise RefusedError("entry has no exact form, and markets with it no certificate")

    @override
    def coordinate_ranges(
        self, level_range: float, price: float, quantity: Floats, bid: Floats
    ) -> Floats:
        """Return the level's range, and one that turns entry of 1 or -1 around."""
        del price, quantity, bid
        return np.array([level_range, 2.0])
