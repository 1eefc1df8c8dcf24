"""Bids of a type: what direct mechanisms and double auctions of single units take."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import ClassVar, Literal, Self, final

import numpy as np
from typing_extensions import override

from deviator.economies import Economy
from deviator.numerics.rational import Rationals
from deviator.units import PRICE
from deviator.validation import Floats, finite_numbers, trader_count

from ..exact import RationalBids, RationalEconomy
from .array_bids import ArrayBids
from .base import BidLanguage


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
        types = finite_numbers("reports", self.types, (None, None))
        trader_count(types.shape[1])
        return {"types": types}

    @classmethod
    @override
    def from_array(cls, array: Floats) -> Self:
        return cls(finite_numbers("reports", array, (None, None, 1))[..., 0])


@final
@dataclass(frozen=True)
class ReportLanguage(BidLanguage):
    """A bid is a reported type."""

    name = "reports"
    record = Reports
    level = 0
    reads: Literal["nothing", "price", "allocation"] = "nothing"

    @override
    def size(self, n_traders: int) -> int:
        del n_traders
        return 1

    @override
    def honest_bids(self, economy: Economy, types: Floats, tax_slope: float) -> Reports:
        del economy, tax_slope
        return Reports(types)

    @override
    def exact_honest_bids(
        self, economy: RationalEconomy, types: Rationals, tax_slope: Fraction
    ) -> RationalBids:
        del economy, tax_slope
        return RationalBids(np.empty((types.shape[1], 0), dtype=object), types)

    @override
    def coordinate_ranges(
        self, level_range: float, price: float, quantity: Floats, bid: Floats
    ) -> Floats:
        del price, quantity, bid
        return np.array([level_range])
