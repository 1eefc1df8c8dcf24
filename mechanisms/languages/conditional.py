"""Conditional inverse demands: linear ones as `LinearBids`, those of general shape as surfaces.

Honest ones are Example 7's: row i of A = W^-1 diag(mu + sigma), b = W^-1 1, r = s + W^-1 c, which
uses the own type only.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import final

import numpy as np
from typing_extensions import override

from deviator.economies import Economy, SmoothEconomy
from deviator.numerics.rational import Rationals
from deviator.validation import Floats

from ..exact import RationalBids, RationalEconomy
from ..surfaces import honest_surfaces
from .base import require_quadratic
from .hyperplanes import AllocationLanguage, exact_inverse_weights, inverse_weights
from .linear import LinearBids
from .surfaces import SurfaceBids


@final
@dataclass(frozen=True)
class ConditionalLanguage(AllocationLanguage):
    """A bid is a hyperplane A_i . q + b_i p = r_i: a linear conditional inverse demand."""

    name = "conditional inverse demands"
    record = LinearBids

    @override
    def size(self, n_traders: int) -> int:
        return n_traders + 2

    def honest_bids(
        self, economy: Economy, types: Floats, tax_slope: float
    ) -> LinearBids | SurfaceBids:
        """Return the revelation strategy: that of Example 7, coefficients shared by all markets.

        In smooth economies level sets of the map from price and quantities to types, as
        `SurfaceBids`.

        Raises
        ------
        RefusedError
            If W is singular, so that types cannot be read off allocations (INJ fails), or
            utilities are neither linear-quadratic nor smooth with unbounded types.
        """
        if isinstance(economy, SmoothEconomy):
            return SurfaceBids(honest_surfaces(economy, types, tax_slope), len(types))
        market = require_quadratic(economy)
        inverse = inverse_weights(market)
        return LinearBids(
            (inverse * (market.slope + tax_slope))[None],
            inverse.sum(axis=1)[None],
            types + inverse @ market.intercept,
        )

    @override
    def exact_honest_bids(
        self, economy: RationalEconomy, types: Rationals, tax_slope: Fraction
    ) -> RationalBids:
        inverse = exact_inverse_weights(economy)
        weights = inverse * (economy.slope + tax_slope)
        coefficients = np.column_stack([weights, inverse.sum(axis=1)])
        return RationalBids(coefficients, types + inverse @ economy.intercept)

    def coordinate_ranges(
        self, level_range: float, price: float, quantity: Floats, bid: Floats
    ) -> Floats:
        """Return the level's range over what each weight multiplies."""
        del bid
        return np.concatenate([level_range / quantity, [level_range / price, level_range]])

    @override
    def own_place(self, trader: int) -> int:
        return trader

    @override
    def combined(self, bids: LinearBids, weights: Floats, trader: int) -> Floats:
        del trader
        row = np.empty((len(bids.level), bids.shape[2]))
        row[:, :-2] = np.einsum("j,sjk->sk", weights, bids.quantity_weights)
        row[:, -2] = bids.price_weights @ weights
        row[:, -1] = bids.level @ weights
        return row
