"""Surfaces made from others: moved, tilted, kinked, folded, renumbered, in other units."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
from typing_extensions import override

from deviator.errors import InvalidInputError
from deviator.validation import finite_array, freeze, positive, trader_index

from .base import Points, Surface, Tangent, in_market


class ModifiedSurface(Surface):
    """A surface that rests on another one.

    Attributes
    ----------
    bends : bool
        Whether what was flat may no longer be so.
    """

    surface: Surface
    bends: ClassVar[bool] = False

    def _settle(self, *per_market: str) -> None:
        """Take over the number of traders and markets; check numbers of one per market."""
        if not isinstance(self.surface, Surface):
            raise InvalidInputError(
                f"surface must be a Surface, got {type(self.surface).__name__}; see "
                "deviator.mechanisms.surfaces"
            )
        lengths = {self.surface.n_markets or 1}
        for name in per_market:
            values = finite_array(name, np.atleast_1d(getattr(self, name)), (None,))
            freeze(self, **{name: values})
            lengths.add(len(values))
        lengths -= {1}
        if len(lengths) > 1:
            raise InvalidInputError(
                "what modifies a surface must be one number, or one for each of its "
                f"{self.surface.n_markets} markets, got {sorted(lengths)}"
            )
        n_markets = lengths.pop() if lengths else None
        freeze(self, n_traders=self.surface.n_traders, n_markets=n_markets)

    @property
    @override
    def is_flat(self) -> bool:
        return self.surface.is_flat and not self.bends

    @property
    @override
    def derivatives_are_claimed(self) -> bool:
        return self.surface.derivatives_are_claimed


@final
@dataclass(frozen=True, eq=False)
class Shifted(ModifiedSurface):
    """F(p, q) = `by`: the bid of another level, as of another type.

    Parameters
    ----------
    surface : Surface
    by : float or ndarray of float, shape (B,)
    """

    surface: Surface
    by: Any

    def __post_init__(self) -> None:
        self._settle("by")

    @override
    def at(self, points: Points) -> Tangent:
        tangent = self.surface.at(points)
        return tangent._replace(value=tangent.value - in_market(self.by, points))


@final
@dataclass(frozen=True, eq=False)
class Tilted(ModifiedSurface):
    """F(p, q) + w . q + v p = 0.

    Parameters
    ----------
    surface : Surface
    quantity_weights : array-like of float, shape (N,)
        w.
    price_weight : float or ndarray of float, shape (B,)
        v.
    """

    surface: Surface
    quantity_weights: Any
    price_weight: Any = 0.0

    def __post_init__(self) -> None:
        self._settle("price_weight")
        weights = finite_array("quantity_weights", self.quantity_weights, (self.surface.n_traders,))
        freeze(self, quantity_weights=weights)

    @override
    def at(self, points: Points) -> Tangent:
        value, by_price, by_quantity = self.surface.at(points)
        price = in_market(self.price_weight, points)
        tilt = points.quantity @ self.quantity_weights + price * points.price
        return Tangent(value + tilt, by_price + price, by_quantity + self.quantity_weights)


@final
@dataclass(frozen=True, eq=False)
class Kinked(ModifiedSurface):
    """F(p, q) + steeper max(q_j - at_quantity, 0) = 0: steeper from some quantity on.

    Parameters
    ----------
    surface : Surface
    trader : int
        j.
    at_quantity : float or ndarray of float, shape (B,)
        Where the kink is.
    steeper : float or ndarray of float, shape (B,)
        In units of F per unit of the good.
    """

    surface: Surface
    trader: int
    at_quantity: Any
    steeper: Any
    bends: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self._settle("at_quantity", "steeper")
        trader_index(self.trader, self.surface.n_traders)

    @override
    def at(self, points: Points) -> Tangent:
        value, by_price, by_quantity = self.surface.at(points)
        beyond = points.quantity[:, self.trader] - in_market(self.at_quantity, points)
        steeper = np.where(beyond > 0, in_market(self.steeper, points), 0.0)
        bent = by_quantity.copy()
        bent[:, self.trader] += steeper
        return Tangent(value + steeper * beyond, by_price, bent)


@final
@dataclass(frozen=True, eq=False)
class Sheets(ModifiedSurface):
    """Several levels of one surface at once, prod_k (F(p, q) - offset_k) = 0.

    The bid of a trader who would be of any of these levels: where the market clears on more than
    one sheet there is no unique clearing pair.

    Parameters
    ----------
    surface : Surface
    offsets : sequence of float
        Levels, at least one.
    """

    surface: Surface
    offsets: Sequence[float]
    bends: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self._settle()
        offsets = finite_array("offsets", self.offsets, (None,))
        if not len(offsets):
            raise InvalidInputError("offsets must name at least one level, got none")
        freeze(self, offsets=offsets)

    @override
    def at(self, points: Points) -> Tangent:
        value, by_price, by_quantity = self.surface.at(points)
        coefficients = np.poly(np.asarray(self.offsets))
        slope = np.polyval(np.polyder(coefficients), value)
        return Tangent(
            np.polyval(coefficients, value), slope * by_price, slope[:, None] * by_quantity
        )


@final
@dataclass(frozen=True, eq=False)
class Renumbered(ModifiedSurface):
    """The same bid where traders are renumbered: new trader i is old order[i].

    Parameters
    ----------
    surface : Surface
    order : tuple of int
    """

    surface: Surface
    order: tuple[int, ...]

    def __post_init__(self) -> None:
        self._settle()
        if sorted(self.order) != list(range(self.surface.n_traders)):
            raise InvalidInputError(
                f"order must hold each of {self.surface.n_traders} traders once, got {self.order}"
            )

    @override
    def at(self, points: Points) -> Tangent:
        places = np.argsort(self.order)
        key = ("renumbered", self.order)
        before = points.once(
            key, lambda: points.elsewhere(key, points.price, points.quantity[:, places])
        )
        value, by_price, by_quantity = self.surface.at(before)
        return Tangent(value, by_price, by_quantity[:, list(self.order)])


@final
@dataclass(frozen=True, eq=False)
class Rescaled(ModifiedSurface):
    """The same bid in units of which there go more to a price or a quantity.

    Parameters
    ----------
    surface : Surface
    price, quantity : float
        Factors that numbers of prices and of quantities are multiplied by.
    """

    surface: Surface
    price: float
    quantity: float

    def __post_init__(self) -> None:
        self._settle()
        positive("price", self.price)
        positive("quantity", self.quantity)

    @override
    def at(self, points: Points) -> Tangent:
        key = ("rescaled", self.price, self.quantity)
        before = points.once(
            key,
            lambda: points.elsewhere(
                key, points.price / self.price, points.quantity / self.quantity
            ),
        )
        value, by_price, by_quantity = self.surface.at(before)
        return Tangent(value, by_price / self.price, by_quantity / self.quantity)
