"""Bids for several indivisible units: one price for each further unit."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import ClassVar, Literal, Self, final

import numpy as np
from typing_extensions import override

from deviator.economies import Economy, MultiUnitDemands
from deviator.errors import RefusedError
from deviator.numerics.rational import Rationals
from deviator.units import PRICE
from deviator.validation import Floats, finite_array, freeze, trader_count, whole_number

from ..exact import RationalBids, RationalEconomy
from .base import ArrayBids, BidLanguage


@final
@dataclass(frozen=True, eq=False)
class UnitBids(ArrayBids):
    """Prices that traders bid for units, the highest of each trader's for the first unit.

    A trader's K prices say how many units the trader wants to hold at each price. Their order says
    nothing: rules read them highest first, from `falling`.

    Parameters
    ----------
    prices : ndarray of float, shape (B, N, K)
        In money per unit of the good.

    Raises
    ------
    InvalidInputError
        If there are fewer than three traders, or a number is not finite.

    Examples
    --------
    >>> UnitBids(np.array([[[5.0, 9.0], [7.0, 4.0], [6.0, 6.0]]])).falling[0]
    array([[9., 5.],
           [7., 4.],
           [6., 6.]])
    """

    meant_for: ClassVar[str] = "auctions of several units, such as VickreyMultiUnit()"

    prices: Floats = field(metadata=PRICE)

    @override
    def _checked(self) -> dict[str, Floats]:
        prices = finite_array("unit bids", self.prices, (None, None, None))
        trader_count(prices.shape[1])
        return {"prices": prices}

    @property
    def falling(self) -> Floats:
        """Every trader's prices, highest first, (B, N, K)."""
        return np.asarray(-np.sort(-self.prices, axis=-1))

    @classmethod
    @override
    def from_array(cls, array: Floats) -> Self:
        return cls(array)


@final
@dataclass(frozen=True)
class UnitBidLanguage(BidLanguage):
    """A bid is so many prices, for one unit each, the highest for the first.

    Parameters
    ----------
    numbers : int
        K, for how many units a trader bids.
    """

    numbers: int
    name = "unit bids"
    record = UnitBids
    level = 0
    reads: ClassVar[Literal["nothing", "price", "allocation"]] = "price"

    def __post_init__(self) -> None:
        freeze(self, numbers=whole_number("numbers", self.numbers, at_least=1))

    @override
    def size(self, n_traders: int) -> int:
        return self.numbers

    @override
    def honest_bids(self, economy: Economy, types: Floats, tax_slope: float) -> UnitBids:
        """Return the value of each unit to its trader.

        Raises
        ------
        RefusedError
            If the economy is not one of multi-unit demands.
        """
        if not isinstance(economy, MultiUnitDemands):
            raise RefusedError(
                "honest bids for units need a value of each unit, as in multi-unit demands, got "
                f"{type(economy).__name__}; build deviator.economies.multi_unit_demands"
            )
        return UnitBids(economy.unit_values(types))

    @override
    def exact_honest_bids(
        self, economy: RationalEconomy, types: Rationals, tax_slope: Fraction
    ) -> RationalBids:
        raise RefusedError("bids for indivisible units have no form in linear-quadratic economies")

    @override
    def coordinate_ranges(
        self, level_range: float, price: float, quantity: Floats, bid: Floats
    ) -> Floats:
        """Return the same range for every price."""
        return np.full(self.numbers, level_range)
