"""Linear conditional bids: hyperplanes A_i . q + b_i p = r_i."""

from dataclasses import dataclass, field
from typing import ClassVar, Self, final

from typing_extensions import override

from deviator.units import PER_PRICE, PER_QUANTITY
from deviator.validation import Floats, finite_numbers, trader_count

from ..surfaces import Hyperplane
from .array_bids import ArrayBids, check_shared


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
        level = finite_numbers("level", self.level, (None, None))
        batch, n = level.shape[0], trader_count(level.shape[1])
        weights = finite_numbers("quantity_weights", self.quantity_weights, (None, n, n))
        price = finite_numbers("price_weights", self.price_weights, (weights.shape[0], n))
        check_shared("quantity_weights", weights, batch)
        return {"quantity_weights": weights, "price_weights": price, "level": level}

    @classmethod
    @override
    def from_array(cls, array: Floats) -> Self:
        checked = finite_numbers("linear bids", array, (None, None, None))
        n = checked.shape[1]
        finite_numbers("linear bids", checked, (None, n, n + 2))
        return cls(checked[..., :-2], checked[..., -2], checked[..., -1])

    def hyperplane(self, trader: int) -> Hyperplane:
        """Return one trader's bids as a surface."""
        weights, price = self.quantity_weights[:, trader], self.price_weights[:, trader]
        return Hyperplane(weights, price, self.level[:, trader])
