"""Which cells of a study are the matched controls of which, in one pass."""

from collections.abc import Sequence
from typing import Any

from ..spec.cell import Cell
from ..spec.market import MarketSpec


def matched_controls(cells: Sequence[Cell]) -> list[int | None]:
    """Return the place of each cell's matched control among the cells; None where it is missing.

    Parameters
    ----------
    cells : sequence of Cell
    """
    places: dict[Any, list[int]] = {}
    for place, cell in enumerate(cells):
        places.setdefault(_alike(cell.market, cell), []).append(place)
    return [_control_of(cell, cells, places) for cell in cells]


def _control_of(cell: Cell, cells: Sequence[Cell], places: dict[Any, list[int]]) -> int | None:
    if cell.control is None:
        return None
    candidates = places.get(_alike(cell.control, cell), [])
    return next((place for place in candidates if cells[place].controls(cell)), None)


def _alike(market: MarketSpec, cell: Cell) -> Any:
    """Return what cells have in common where one may control the other."""
    return _hashable(market.model_dump()), cell.information, cell.question, cell.steps


def _hashable(value: Any) -> Any:
    """Return plain data as what can be looked up; equal data stay equal."""
    if isinstance(value, dict):
        return frozenset((key, _hashable(item)) for key, item in value.items())
    return tuple(map(_hashable, value)) if isinstance(value, list | tuple) else value
