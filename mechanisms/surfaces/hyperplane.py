"""Linear bids as surfaces, so that they stand beside curved ones in one market."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from typing_extensions import override

from deviator.errors import InvalidInputError
from deviator.validation import finite_array, trader_count

from .base import Points, Surface, Tangent, in_market


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
        for name, value in (
            ("quantity_weights", weights),
            ("price_weight", price),
            ("level", level),
            ("n_traders", trader_count(weights.shape[1])),
            ("n_markets", lengths.pop() if lengths else None),
        ):
            object.__setattr__(self, name, value)

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
