"""Bids of a type: what direct mechanisms and double auctions of single units take.

Where taking part costs a fee, a bid is a value and whether to enter.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import ClassVar, Literal, Self, final

import numpy as np
from typing_extensions import override

from deviator.economies import Economy
from deviator.errors import RefusedError
from deviator.numerics.rational import Rationals
from deviator.units import PRICE
from deviator.validation import Bools, Floats, finite_array, numbers_of_record, trader_count

from ..exact import RationalBids, RationalEconomy
from .base import ArrayBids, BidLanguage


@final
@dataclass(frozen=True, eq=False)
class Reports(ArrayBids):
    """Reported types, one number per trader.

    Parameters
    ----------
    types : ndarray of float, shape (B, N)
    """

    meant_for: ClassVar[str] = "direct mechanisms and double auctions of single units"

    types: Floats = field(metadata=PRICE)

    @override
    def _checked(self) -> dict[str, Floats]:
        types = numbers_of_record("reports", self.types, (None, None))
        trader_count(types.shape[1])
        return {"types": types}

    @classmethod
    @override
    def from_array(cls, array: Floats) -> Self:
        return cls(numbers_of_record("reports", array, (None, None, 1))[..., 0])


@final
@dataclass(frozen=True)
class ReportLanguage(BidLanguage):
    """A bid is a reported type."""

    name = "reports"
    record = Reports
    level = 0
    reads: ClassVar[Literal["nothing", "price", "allocation"]] = "nothing"

    @override
    def size(self, n_traders: int) -> int:
        return 1

    @override
    def honest_bids(self, economy: Economy, types: Floats, tax_slope: float) -> Reports:
        return Reports(types)

    @override
    def exact_honest_bids(
        self, economy: RationalEconomy, types: Rationals, tax_slope: Fraction
    ) -> RationalBids:
        return RationalBids(np.empty((types.shape[1], 0), dtype=object), types)

    @override
    def coordinate_ranges(
        self, level_range: float, price: float, quantity: Floats, bid: Floats
    ) -> Floats:
        return np.array([level_range])


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
        return 2

    @override
    def honest_bids(self, economy: Economy, types: Floats, tax_slope: float) -> EntryReports:
        """Return the values themselves, and entry by all.

        Whether an honest trader enters depends on the fee: the mechanism says.
        """
        return EntryReports(types, np.ones_like(types))

    @override
    def exact_honest_bids(
        self, economy: RationalEconomy, types: Rationals, tax_slope: Fraction
    ) -> RationalBids:
        raise RefusedError("entry has no exact form, so markets with entry have no certificate")

    @override
    def coordinate_ranges(
        self, level_range: float, price: float, quantity: Floats, bid: Floats
    ) -> Floats:
        """Return the level's range, and one that turns entry of 1 or -1 around."""
        return np.array([level_range, 2.0])
