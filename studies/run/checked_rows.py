"""Rows of results that somebody else may have made."""

from typing import Any

from ..report.row import ReportRow, report_rows
from ..report.table import table_cells
from ..spec.cell import Cell

UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What is raised by data that is not what it should be."""


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
