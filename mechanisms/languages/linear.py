"""Linear conditional bids: hyperplanes A_i . q + b_i p = r_i."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self, final

from typing_extensions import override

from deviator.arrays import Array, check_one_kind, is_foreign, like, to_numpy
from deviator.errors import InvalidInputError
from deviator.validation import Floats, finite_numbers, trader_count, trader_index

from ..surfaces import Hyperplane
from .base import Bids, of_markets_or_shared, renumbered, side_by_side


@final
@dataclass(frozen=True, eq=False)
class LinearBids(Bids):
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

    quantity_weights: Floats
    price_weights: Floats
    level: Floats

    def __post_init__(self) -> None:
        check_one_kind(
            quantity_weights=self.quantity_weights,
            price_weights=self.price_weights,
            level=self.level,
        )
        level = finite_numbers("level", self.level, (None, None))
        batch, n = level.shape[0], trader_count(level.shape[1])
        weights = finite_numbers("quantity_weights", self.quantity_weights, (None, n, n))
        price = finite_numbers("price_weights", self.price_weights, (weights.shape[0], n))
        if weights.shape[0] not in (1, batch):
            raise InvalidInputError(
                f"quantity_weights must have leading length 1 or {batch}, got {weights.shape[0]}"
            )
        object.__setattr__(self, "quantity_weights", weights)
        object.__setattr__(self, "price_weights", price)
        object.__setattr__(self, "level", level)

    @property
    @override
    def is_numpy(self) -> bool:
        return not is_foreign(self.level)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(B, N, N + 2)."""
        batch, n = self.level.shape
        return batch, n, n + 2

    def as_array(self) -> Floats:
        """Return [A_i1..A_iN, b_i, r_i], shape (B, N, N + 2)."""
        price, level = self.price_weights[..., None], self.level[..., None]
        return side_by_side(self.shape[:2], self.quantity_weights, price, level)

    @classmethod
    def from_array(cls, array: Floats) -> Self:
        """Build from an array, shape (B, N, N + 2)."""
        checked = finite_numbers("linear bids", array, (None, None, None))
        n = checked.shape[1]
        finite_numbers("linear bids", checked, (None, n, n + 2))
        return cls(checked[..., :-2], checked[..., -2], checked[..., -1])

    @override
    def of_markets(self, markets: slice) -> Self:
        return type(self)(*(of_markets_or_shared(array, markets) for array in self._arrays()))

    @override
    def converted(self, reference: Array) -> Self:
        return type(self)(*(like(reference, to_numpy(array)) for array in self._arrays()))

    def _arrays(self) -> tuple[Array, ...]:
        return self.quantity_weights, self.price_weights, self.level

    def relabelled(self, order: Sequence[int]) -> Self:
        """Return the bids of renumbered traders; weights on quantities move with them."""
        weights = renumbered(renumbered(self.quantity_weights, order), order, axis=2)
        price = renumbered(self.price_weights, order)
        return type(self)(weights, price, renumbered(self.level, order))

    def rescaled(self, price: float, quantity: float) -> Self:
        """Return the same hyperplanes in other units, with the same levels."""
        return type(self)(self.quantity_weights / quantity, self.price_weights / price, self.level)

    def hyperplane(self, trader: int) -> Hyperplane:
        """Return one trader's bids as a surface."""
        weights, price = self.quantity_weights[:, trader], self.price_weights[:, trader]
        return Hyperplane(weights, price, self.level[:, trader])

    def of_trader(self, trader: int) -> Floats:
        """Return one trader's [A_i1..A_iN, b_i, r_i], shape (B, N + 2)."""
        index = trader_index(trader, self.shape[1])
        price, level = self.price_weights[:, index, None], self.level[:, index, None]
        weights = self.quantity_weights[:, index, ...]
        return side_by_side((self.shape[0],), weights, price, level)
