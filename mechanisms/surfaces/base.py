"""What a general bid is: the zero set of one smooth function F(p, q) of price and quantities.

A conditional inverse demand d_i is the set D_i of its pairs (p, q), with p in d_i(q_-i) and
q_i = -sum_{j != i} q_j (proof of Proposition 3). As the zero set of a function it covers functions
and correspondences alike.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar, final

import numpy as np
from typing_extensions import override

from deviator.errors import InvalidInputError
from deviator.validation import Floats, finite_array, freeze, trader_count

Known = TypeVar("Known")


class Tangent(NamedTuple):
    """A surface's function and its derivatives at R points."""

    value: Floats
    """F, shape (R,); 0 on the surface."""
    by_price: Floats
    """dF/dp, shape (R,)."""
    by_quantity: Floats
    """dF/dq, shape (R, N)."""


@final
class Points:
    """R points in price-quantity space, each of a market, and what is already known there.

    Surfaces that rest on one costly function share it: the first that asks computes it.

    Parameters
    ----------
    price : ndarray of float, shape (R,)
    quantity : ndarray of float, shape (R, N)
    market : ndarray of int, shape (R,)
        Which market of the batch each point belongs to.
    hints : dict, optional
        What `left` held at points close by, row by row: where iterations may start.
    """

    def __init__(
        self,
        price: Floats,
        quantity: Floats,
        market: Any,
        hints: dict[Hashable, Floats] | None = None,
    ) -> None:
        self.price, self.quantity, self.market = price, quantity, market
        self.left: dict[Hashable, Floats] = {}
        self._hints = hints or {}
        self._known: dict[Hashable, Any] = {}
        self._place: tuple[Hashable, ...] = ()

    def __len__(self) -> int:
        """Return R."""
        return len(self.price)

    def once(self, key: Hashable, compute: Callable[[], Known]) -> Known:
        """Return what was computed under the key at these points, computing it the first time."""
        place = (*self._place, key)
        if place not in self._known:
            self._known[place] = compute()
        known: Known = self._known[place]
        return known

    def hint(self, key: Hashable) -> Floats | None:
        """Return what was left under the key at points close by, or None."""
        return self._hints.get((*self._place, key))

    def leave(self, key: Hashable, rows: Floats) -> None:
        """Leave an array with a row per point to those who come to points close by."""
        self.left[*self._place, key] = rows

    def elsewhere(self, key: Hashable, price: Floats, quantity: Floats) -> "Points":
        """Return other points of the same rows, as other units make them, under a key."""
        moved = Points(price, quantity, self.market)
        moved.left, moved._hints, moved._known = self.left, self._hints, self._known
        moved._place = (*self._place, key)
        return moved


class Surface(ABC):
    """One trader's bid in B markets: the zero set of F(p, q), with its derivatives.

    Attributes
    ----------
    n_traders : int
    n_markets : int or None
        B, or None where one surface serves any number of markets.
    is_flat : bool
        Whether F is known to be linear; False by default.
    """

    n_traders: int
    n_markets: int | None = None

    @property
    def is_flat(self) -> bool:
        """Whether F is known to be linear."""
        return False

    @abstractmethod
    def at(self, points: Points) -> Tangent:
        """Return F and its derivatives at R points."""

    @property
    def derivatives_are_claimed(self) -> bool:
        """Whether derivatives are a user's word, to be checked before they are relied on."""
        return False


def in_market(values: Floats, points: Points) -> Floats:
    """Return values of the points' markets, from one per market or one for all."""
    return values[points.market] if len(values) > 1 else np.repeat(values, len(points), axis=0)


@final
@dataclass(frozen=True, eq=False)
class Hyperplane(Surface):
    """The bid A . q + b p = r of one trader; a correspondence where b is 0.

    Parameters
    ----------
    quantity_weights : array-like of float, shape (B, N), (1, N) or (N,)
        A.
    price_weight : array-like of float, shape (B,), (1,) or a number
        b.
    level : array-like of float, shape (B,), (1,) or a number
        r.

    Raises
    ------
    InvalidInputError
        If shapes do not fit or a number is not finite.

    Examples
    --------
    A trader who pays up to 3 for the first unit and one less for each further one:

    >>> bid = Hyperplane([1.0, 0.0, 0.0], 1.0, 3.0)
    >>> bid.at(Points(np.array([2.0]), np.array([[1.0, 0.0, -1.0]]), np.array([0]))).value
    array([0.])
    """

    quantity_weights: Any
    price_weight: Any
    level: Any

    def __post_init__(self) -> None:
        weights = finite_array(
            "quantity_weights", np.atleast_2d(self.quantity_weights), (None, None)
        )
        price = finite_array("price_weight", np.atleast_1d(self.price_weight), (None,))
        level = finite_array("level", np.atleast_1d(self.level), (None,))
        lengths = {len(weights), len(price), len(level)} - {1}
        if len(lengths) > 1:
            raise InvalidInputError(
                "a hyperplane's weights and level must be of equally many markets, got "
                f"{len(weights)}, {len(price)} and {len(level)}"
            )
        freeze(self, quantity_weights=weights, price_weight=price, level=level)
        n_markets = lengths.pop() if lengths else None
        freeze(self, n_traders=trader_count(weights.shape[1]), n_markets=n_markets)

    @property
    @override
    def is_flat(self) -> bool:
        return True

    @override
    def at(self, points: Points) -> Tangent:
        weights = in_market(self.quantity_weights, points)
        price, level = in_market(self.price_weight, points), in_market(self.level, points)
        reached = np.einsum("rn,rn->r", weights, points.quantity) + price * points.price
        return Tangent(reached - level, price, weights)
