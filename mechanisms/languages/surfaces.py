"""Bids of general shape: one surface per trader, linear and curved ones in one market."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, NoReturn, Self, final

import numpy as np
from typing_extensions import override

from deviator.economies.profiles import profile_text
from deviator.errors import InvalidInputError, RefusedError
from deviator.validation import Floats, trader_count, trader_index, whole_number

from ..surfaces import Points, Renumbered, Rescaled, Surface
from .base import Bids

if TYPE_CHECKING:
    from .conditional import LinearBids


class Tangents(NamedTuple):
    """All traders' functions and derivatives at R points."""

    value: Floats  # (R, N)
    by_price: Floats  # (R, N)
    by_quantity: Floats  # (R, N, N), row i of trader i


@final
@dataclass(frozen=True, eq=False)
class SurfaceBids(Bids):
    """Bids F_i(p, q) = 0 of all traders in B markets (Definition 3).

    Surfaces are functions, which no array of numbers holds: what asks for such an array, as
    environments and learners do, is refused.

    Parameters
    ----------
    surfaces : sequence of Surface
        One per trader.
    n_markets : int, optional
        B; by default as many as the surfaces are of, or 1.

    Raises
    ------
    InvalidInputError
        If a surface is for another number of traders or markets.

    Examples
    --------
    >>> from deviator.mechanisms import Hyperplane
    >>> own = np.eye(3)
    >>> SurfaceBids([Hyperplane(own[i], 1.0, [1.0, 2.0]) for i in range(3)]).shape
    (2, 3, 0)
    """

    meant_for: ClassVar[str] = "conditional auctions without statistics, such as SigmaDCDA(sigma)"

    surfaces: Sequence[Surface]
    n_markets: int = field(default=0)

    def __post_init__(self) -> None:
        surfaces = tuple(self.surfaces)
        n = trader_count(len(surfaces))
        for trader, surface in enumerate(surfaces):
            if not isinstance(surface, Surface):
                raise InvalidInputError(
                    f"surfaces must hold a Surface for each trader, got {type(surface).__name__} "
                    f"for trader {trader}; wrap a function in CallableSurface or TorchSurface"
                )
            if surface.n_traders != n:
                raise InvalidInputError(
                    f"surfaces of {n} traders must be functions of {n} quantities, that of trader "
                    f"{trader} is of {surface.n_traders}"
                )
        object.__setattr__(self, "surfaces", surfaces)
        object.__setattr__(self, "n_markets", _markets(surfaces, self.n_markets))

    @classmethod
    def of_linear(cls, bids: "LinearBids") -> Self:
        """Return linear bids as surfaces."""
        batch, n, _ = bids.shape
        return cls([bids.hyperplane(trader) for trader in range(n)], batch)

    @property
    @override
    def shape(self) -> tuple[int, int, int]:
        """(B, N, 0): a surface has no numbers to count."""
        return self.n_markets, len(self.surfaces), 0

    def at(self, points: Points) -> Tangents:
        """Return all traders' functions and derivatives at R points.

        Raises
        ------
        InvalidInputError
            If a surface returns other shapes, or what is not finite; with the trader, the market
            and the point.
        """
        rows, n = points.quantity.shape
        tangents = Tangents(np.empty((rows, n)), np.empty((rows, n)), np.empty((rows, n, n)))
        for trader, surface in enumerate(self.surfaces):
            try:
                tangent = surface.at(points)
            except InvalidInputError as error:
                raise InvalidInputError(f"surface of trader {trader}: {error}") from error
            for name, values, wanted in zip(
                ("F", "dF/dp", "dF/dq"), tangent, ((rows,), (rows,), (rows, n)), strict=True
            ):
                if np.shape(values) != wanted:
                    raise InvalidInputError(
                        f"the surface of trader {trader} must return {name} of shape {wanted}, "
                        f"got {np.shape(values)}"
                    )
            for everyone, own in zip(tangents, tangent, strict=True):
                everyone[:, trader] = own
        if not all(np.isfinite(values.sum()) for values in tangents):
            self._refuse_what_is_not_finite(tangents, points)
        return tangents

    def _refuse_what_is_not_finite(self, tangents: Tangents, points: Points) -> None:
        finite = np.isfinite(tangents.value) & np.isfinite(tangents.by_price)
        finite &= np.isfinite(tangents.by_quantity).all(axis=2)
        if finite.all():
            return
        row, trader = (int(place) for place in np.argwhere(~finite)[0])
        raise InvalidInputError(
            f"surfaces must return finite numbers, that of trader {trader} does not in market "
            f"{int(points.market[row])} at p = {points.price[row]:.6g}, q = "
            f"{profile_text(points.quantity[row])}"
        )

    @property
    def is_flat(self) -> bool:
        """Whether all surfaces are known to be hyperplanes."""
        return all(surface.is_flat for surface in self.surfaces)

    def with_surface(self, trader: int, surface: Surface) -> Self:
        """Return the bids with another surface of one trader."""
        index = trader_index(trader, len(self.surfaces))
        surfaces = (*self.surfaces[:index], surface, *self.surfaces[index + 1 :])
        return type(self)(surfaces, self.n_markets)

    @override
    def relabelled(self, order: Sequence[int]) -> Self:
        places = tuple(int(place) for place in order)
        moved = [Renumbered(self.surfaces[place], places) for place in places]
        return type(self)(moved, self.n_markets)

    @override
    def rescaled(self, price: float, quantity: float) -> Self:
        restated = [Rescaled(surface, price, quantity) for surface in self.surfaces]
        return type(self)(restated, self.n_markets)

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        refuse_numbers()

    as_array = of_trader = with_candidates = converted = _refuse

    @classmethod
    @override
    def from_array(cls, array: Floats) -> Self:
        refuse_numbers()


def _markets(surfaces: Iterable[Surface], given: int) -> int:
    counts = {trader: surface.n_markets for trader, surface in enumerate(surfaces)}
    stated = {trader: count for trader, count in counts.items() if count is not None}
    wanted = given or max(stated.values(), default=1)
    for trader, count in stated.items():
        if count not in (1, wanted):
            raise InvalidInputError(
                f"surfaces must all be of {wanted} markets, that of trader {trader} is of {count}"
            )
    return whole_number("n_markets", wanted, at_least=1)


def refuse_numbers() -> NoReturn:
    """Refuse what needs bids that are arrays of numbers."""
    raise RefusedError(
        "bids of smooth markets are surfaces, which no array of numbers holds, so "
        "environments and learners cannot run on them; audit without a learner, or try deviations "
        "with deviator.evidence.surface_best_response and surface_gains"
    )
