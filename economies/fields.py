"""What the fields of an economy are: which axes run over traders, and in which units they count.

Economies of renumbered traders and economies in other units follow from that.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, final

import numpy as np

from deviator.validation import Floats


@final
@dataclass(frozen=True)
class Declared:
    """What a field holds, as an annotation of its type.

    Attributes
    ----------
    axes : tuple of int
        Axes that run over traders.
    price, quantity : int
        Powers of the two units in the field's own.
    """

    axes: tuple[int, ...] = ()
    price: int = 0
    quantity: int = 0


Effects = Annotated[Floats, Declared((0, 1))]
"""Traders by traders, free of units."""

Slopes = Annotated[Floats, Declared((0,), price=1, quantity=-1)]
"""Money per squared unit, one per trader."""

Values = Annotated[Floats, Declared((0,), price=1)]
"""Money per unit, one per trader."""

Ends = Annotated[Floats | None, Declared((0,), price=1)]
"""Ends of the sets of types, in money per unit; None where types are unbounded."""

Quantities = Annotated[Floats, Declared((0,), quantity=1)]
"""Units, one per trader."""

Roles = Annotated[tuple[str, ...], Declared((0,))]
"""A role for each trader, or none at all."""

Price = Annotated[float, Declared(price=1)]
Quantity = Annotated[float, Declared(quantity=1)]


def renumbered(economy: object, order: Sequence[int]) -> dict[str, Any]:
    """Return the fields of renumbered traders: new trader i is old order[i]."""
    return {
        name: _reordered(value, held.axes, list(order))
        for name, value, held in _declarations(economy)
        if held.axes
    }


def restated(economy: object, price: float, quantity: float) -> dict[str, Any]:
    """Return the fields in units of which there go more to a price or a quantity."""
    return {
        name: _scaled(_scaled(value, price, held.price), quantity, held.quantity)
        for name, value, held in _declarations(economy)
        if held.price or held.quantity
    }


def _declarations(economy: object) -> Iterator[tuple[str, Any, Declared]]:
    """Yield name, value and declaration of each field that has both."""
    for name, each in getattr(economy, "__dataclass_fields__", {}).items():
        for held in getattr(each.type, "__metadata__", ()):
            if isinstance(held, Declared) and getattr(economy, name) is not None:
                yield name, getattr(economy, name), held


def _reordered(value: Any, axes: Sequence[int], places: list[int]) -> Any:
    if isinstance(value, tuple):
        return tuple(value[place] for place in places) if value else ()
    for axis in axes:
        value = np.take(value, places, axis=axis)
    return value


def _scaled(value: Any, unit: float, power: int) -> Any:
    return value * unit**power if power >= 0 else value / unit**-power
