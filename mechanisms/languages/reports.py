"""Bids of a type: what direct mechanisms and double auctions of single units take."""

from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Literal, Self, final

import numpy as np
from typing_extensions import override

from deviator.arrays import check_one_kind, is_foreign
from deviator.economies import Economy
from deviator.numerics.rational import Rationals
from deviator.validation import Floats, finite_numbers, trader_count, trader_index

from ..exact import RationalBids, RationalEconomy
from .base import BidLanguage, Bids, side_by_side


@final
@dataclass(frozen=True, eq=False)
class Reports(Bids):
    """Reported types, one number per trader.

    Parameters
    ----------
    types : ndarray of float, shape (B, N)
    """

    meant_for: ClassVar[str] = "direct mechanisms and double auctions of single units"

    types: Floats

    def __post_init__(self) -> None:
        check_one_kind(types=self.types)
        types = finite_numbers("reports", self.types, (None, None))
        trader_count(types.shape[1])
        object.__setattr__(self, "types", types)

    @property
    @override
    def is_numpy(self) -> bool:
        return not is_foreign(self.types)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(B, N, 1)."""
        return (*self.types.shape, 1)

    @override
    def of_markets(self, markets: slice) -> Self:
        return type(self)(self.types[markets])

    def as_array(self) -> Floats:
        """Return the reports, shape (B, N, 1)."""
        return self.types[:, :, None]

    @classmethod
    def from_array(cls, array: Floats) -> Self:
        """Build from an array, shape (B, N, 1)."""
        return cls(finite_numbers("reports", array, (None, None, 1))[..., 0])

    def rescaled(self, price: float, quantity: float) -> Self:
        """Return the reports in other units; types are values, in units of price."""
        del quantity
        return type(self)(self.types * price)

    def of_trader(self, trader: int) -> Floats:
        """Return one trader's reports, shape (B, 1)."""
        index = trader_index(trader, self.shape[1])
        return side_by_side((self.shape[0],), self.types[:, index, None])


@final
@dataclass(frozen=True)
class ReportLanguage(BidLanguage):
    """A bid is a reported type."""

    name = "reports"
    record = Reports
    level = 0
    reads: Literal["nothing", "price", "allocation"] = "nothing"

    def size(self, n_traders: int) -> int:
        """Return 1."""
        del n_traders
        return 1

    def honest_bids(self, economy: Economy, types: Floats, tax_slope: float) -> Reports:
        """Return the types themselves."""
        del economy, tax_slope
        return Reports(types)

    def exact_honest_bids(
        self, economy: RationalEconomy, types: Rationals, tax_slope: Fraction
    ) -> RationalBids:
        """Return the types."""
        del economy, tax_slope
        return RationalBids(np.empty((types.shape[1], 0), dtype=object), types)

    def coordinate_ranges(
        self, level_range: float, price: float, quantity: Floats, bid: Floats
    ) -> Floats:
        """Return the level's range."""
        del price, quantity, bid
        return np.array([level_range])
