"""What is wrong with the cells of a study as a whole, one sentence a mistake."""

import json

from deviator.errors import DeviatorError

from .cell import Cell
from .market import MarketSpec
from .naming import plain_name


def repeated(cells: list[Cell]) -> list[str]:
    """Return a sentence for each cell that is there already."""
    twice = {cell.label() for place, cell in enumerate(cells) if cell in cells[:place]}
    return [f"cells must differ, {label} appears twice" for label in sorted(twice)]


def without_control(cells: list[Cell], lost: set[str]) -> list[str]:
    """Return a sentence for each cell that lacks its matched control, or cannot be built.

    Of controls by the mechanisms that are lost, since their entries are wrong, nothing is said.
    """
    lacking = dict[str, None]()
    for cell in cells:
        control = cell.control
        if control is None or any(other.controls(cell) for other in cells):
            continue
        if plain_name(control.mechanism) not in lost:
            lacking[_lacks_control(cell, control)] = None
    unbuildable = [_unbuildable(cell) for cell in cells] if lacking else []
    return list(dict.fromkeys(filter(None, unbuildable))) or list(lacking)


def _unbuildable(cell: Cell) -> str:
    """Return why a cell's market cannot be built, the first thing to say; empty if it can.

    With third-party plugins it is not built here: they may hang.
    """
    if cell.third_party:
        return ""
    try:
        cell.market.build_market()
    except DeviatorError as error:
        return f"cell {cell.market.title} in {cell.market.economy.name}: {error}"
    return ""


def _lacks_control(cell: Cell, lacking: MarketSpec) -> str:
    """Return how to add the matched control of a cell to its study."""
    control = lacking.title
    settings = f", parameters: {json.dumps(lacking.parameters)}" if lacking.parameters else ""
    return (
        f"every cell needs its matched control in the study, {cell.label()} lacks {control} in "
        f"{lacking.economy.name} with the same trader ({cell.market.trader}), information "
        f"({cell.information}), learner ({cell.learner.title}) and steps "
        f"({cell.steps}); add the cell "
        f"{{mechanism: {control}{settings}, economy: ...}}, or state another cell as the control "
        "by control: {mechanism: ..., economy: ...} in the line of "
        f"{cell.market.title}"
    )
