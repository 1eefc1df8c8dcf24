"""Conditional inverse demands: linear ones as `LinearBids`, those of general shape as surfaces.

Linear ones are hyperplanes A_i . q + b_i p = r_i in price-quantity space. Honest ones are
Example 7's: row i of A = W^-1 diag(mu + sigma), b = W^-1 1, r = s + W^-1 c, which uses the own
type only.
"""

from abc import abstractmethod
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, ClassVar, Literal, Self, final

import numpy as np
from typing_extensions import override

from deviator.economies import Economy, LinearQuadratic, QuadraticEconomy, SmoothEconomy
from deviator.errors import RefusedError
from deviator.memory import require_memory
from deviator.numerics.rational import Rationals
from deviator.units import PER_PRICE, PER_QUANTITY
from deviator.validation import Floats, numbers_of_record, trader_count

from ..exact import RationalBids, RationalEconomy
from ..surfaces import Hyperplane, honest_surfaces
from .base import ArrayBids, BidLanguage, check_shared, require_quadratic
from .surfaces import SurfaceBids


@final
@dataclass(frozen=True, eq=False)
class LinearBids(ArrayBids):
    """Linear conditional bids: hyperplanes A_i . q + b_i p = r_i in price-quantity space.

    A conditional inverse demand where b_i is not 0, a correspondence where it is (Definition 3
    and Lemma 3). The coefficients may be shared by all markets, as they are under honest
    bidding, where only the levels depend on types: a leading axis of length 1 says so.

    Parameters
    ----------
    quantity_weights : ndarray of float, shape (B, N, N) or (1, N, N)
        A; row i belongs to trader i.
    price_weights : ndarray of float, shape (B, N) or (1, N)
        b.
    level : ndarray of float, shape (B, N)
        r.
    """

    meant_for: ClassVar[str] = "conditional auctions without statistics, such as SigmaDCDA(sigma)"

    quantity_weights: Floats = field(metadata={**PER_QUANTITY, "trader_axes": (1, 2)})
    price_weights: Floats = field(metadata=PER_PRICE)
    level: Floats

    @override
    def _checked(self) -> dict[str, Floats]:
        level = numbers_of_record("level", self.level, (None, None))
        batch, n = level.shape[0], trader_count(level.shape[1])
        weights = numbers_of_record("quantity_weights", self.quantity_weights, (None, n, n))
        price = numbers_of_record("price_weights", self.price_weights, (weights.shape[0], n))
        check_shared("quantity_weights", weights, batch)
        return {"quantity_weights": weights, "price_weights": price, "level": level}

    @classmethod
    @override
    def from_array(cls, array: Floats) -> Self:
        checked = numbers_of_record("linear bids", array, (None, None, None))
        n = checked.shape[1]
        numbers_of_record("linear bids", checked, (None, n, n + 2))
        return cls(checked[..., :-2], checked[..., -2], checked[..., -1])

    def hyperplane(self, trader: int) -> Hyperplane:
        """Return one trader's bids as a surface."""
        weights, price = self.quantity_weights[:, trader], self.price_weights[:, trader]
        return Hyperplane(weights, price, self.level[:, trader])


class AllocationLanguage(BidLanguage):
    """A language of hyperplanes in price-quantity space: linear conditional inverse demands."""

    level = -1
    reads: ClassVar[Literal["nothing", "price", "allocation"]] = "allocation"

    @abstractmethod
    def own_place(self, trader: int) -> int:
        """Return the index, among a bid's numbers, of the weight on the own quantity."""

    @abstractmethod
    def combined(self, bids: Any, weights: Floats, trader: int) -> Floats:
        """Return the weighted sum of all bids, written as a bid of one trader, shape (B, K).

        Parameters
        ----------
        bids : Bids
            Of this language.
        weights : ndarray of float, shape (N,)
            A weight on each trader's bid.
        trader : int

        Raises
        ------
        RefusedError
            If the language has no words for it.
        """


def inverse_weights(economy: QuadraticEconomy) -> Floats:
    """Return W^-1 written out, shape (N, N)."""
    if isinstance(economy, LinearQuadratic):
        return economy.inverse_weights()
    require_memory(
        24.0 * economy.n_traders**2,
        f"honest bids that read all {economy.n_traders} quantities",
        "let the auction publish public_statistics(economy, sigma)",
    )
    return economy.types_behind(np.eye(economy.n_traders)).T


def exact_inverse_weights(economy: RationalEconomy) -> Rationals:
    """Return W^-1 in exact numbers; RefusedError if W is singular."""
    inverse = economy.inverse_weights
    if inverse is None:
        raise RefusedError(
            "weights must be invertible (assumption INJ) for conditional bids, got a matrix "
            "that is exactly singular; use a mechanism with reports or schedules instead"
        )
    return inverse


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
        return np.concatenate([level_range / quantity, [level_range / price, level_range]])

    @override
    def own_place(self, trader: int) -> int:
        return trader

    @override
    def combined(self, bids: LinearBids, weights: Floats, trader: int) -> Floats:
        row = np.empty((len(bids.level), bids.shape[2]))
        row[:, :-2] = np.einsum("j,sjk->sk", weights, bids.quantity_weights)
        row[:, -2] = bids.price_weights @ weights
        row[:, -1] = bids.level @ weights
        return row
