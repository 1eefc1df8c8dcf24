"""Rows of results from an untrusted source, checked."""

from typing import Any

from ..report.row import ReportRow, report_rows
from ..report.table import table_cells
from ..spec.cell import Cell
from .executors import described

UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What is raised by data that is not what it should be."""


def readable_rows(
    cells: list[Cell], results: list[dict[str, Any]]
) -> tuple[list[ReportRow], dict[str, str]]:
    """Return the rows of the cells whose results can be read, and by key what is wrong with others.

    Parameters
    ----------
    cells, results
        As in `checked_rows`.
    """
    pairs = list(zip(cells, results, strict=True))
    wrong = {result["key"]: why for cell, result in pairs if (why := _wrong(cell, result))}
    sound = [pair for pair in pairs if pair[1]["key"] not in wrong]
    return checked_rows([cell for cell, _ in sound], [result for _, result in sound]), wrong


def _wrong(cell: Cell, result: dict[str, Any]) -> str | None:
    """Return why a cell's result cannot be read, or None where it can."""
    try:
        checked_rows([cell], [result])
    except UNREADABLE as error:
        return f"its result cannot be read ({described(error)})"
    return None


def checked_rows(cells: list[Cell], results: list[dict[str, Any]]) -> list[ReportRow]:
    """Return one row per cell, each of which reports and tables can show.

    Parameters
    ----------
    cells : list of Cell
    results : list of dict
        Of `run_cell`, in the same order.

    Raises
    ------
    ArithmeticError, AttributeError, LookupError, TypeError, ValueError
        If a result is none.
    """
    # Its import takes a third of a second, and is not needed by those who only run cells.
    from ..tables.tidy import study_tables

    rows = report_rows(cells, results)
    for row in rows:
        table_cells(row)
    study_tables(rows, {})
    return rows
