"""Cells with third-party plugins: run in other processes, their results read as untrusted data."""

import json
from pathlib import Path
from typing import Any

from deviator.errors import PluginLoadError
from deviator.harmless import one_line
from deviator.plugins.guard import GuardError
from deviator.plugins.replaced_built_ins import check_built_ins

from ..spec.cell import Cell
from .cell_result import run_cell
from .checked_rows import checked_rows
from .executors import described
from .store import to_json


def names_of(cell: Cell) -> str:
    """Return the third-party plugins of a cell, for the reasons of failures."""
    return " or ".join(f"{plugin['name']} of {plugin['provider']}" for plugin in cell.third_party)


def run_foreign_cell(cell: Cell, folder: Path) -> str:
    """Run a cell and return its result as JSON; it is kept by the process that asked for it.

    Raises
    ------
    PluginLoadError
        If a plugin changed deviator itself, or has been edited since the study began, so that the
        result is about something else.
    """
    _check_unchanged(cell)
    result = to_json(run_cell(cell, folder))
    check_built_ins()
    return result


def _check_unchanged(cell: Cell) -> None:
    """Check that plugins are still those that the cell is kept under, and that the user trusts."""
    found = cell.model_copy().plugins
    changed = [plugin["name"] for plugin in cell.plugins if plugin not in found]
    if changed:
        raise PluginLoadError(
            f"{' and '.join(changed)} must stay as it was when the study began, and has been "
            "edited since; run the study again"
        )


def result_of_strangers(cell: Cell, text: Any) -> dict[str, Any]:
    """Return the result of a cell that ran elsewhere.

    Raises
    ------
    GuardError
        If it is no result.
    """
    try:
        # Where a result comes from is not for the process that made it to say.
        result: dict[str, Any] = _bounded(json.loads(text)) | {
            "key": cell.key,
            "plugins": cell.plugins,
        }
        checked_rows([cell], [result])
    except Exception as error:
        raise GuardError(f"its result cannot be read ({described(error)})") from None
    return result


def _bounded(data: Any) -> Any:
    """Return plain data whose texts are short and on one line."""
    if isinstance(data, dict):
        return {one_line(key): _bounded(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_bounded(value) for value in data]
    return one_line(data) if isinstance(data, str) else data
