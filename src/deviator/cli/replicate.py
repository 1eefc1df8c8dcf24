"""``deviator replicate``: the paper, machine-checked."""

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from deviator.errors import InvalidInputError, ResultsError

from .console import console, notes
from .json_output import Json, json_text, print_json
from .tables import print_table
from .working import Working

STYLES: Mapping[str, str] = MappingProxyType(
    {"holds": "green", "erratum": "yellow", "fails": "red"}
)

DISCREPANCY = (
    "discrepancy: the largest difference between statement and computation as a share of what is "
    "compared, or by how much a stated inequality is violated; 0 where they agree exactly."
)


DATA = ".json"
"""Ending of the file beside a page that holds its rows."""


def replicate(
    results: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RESULT", help='As the paper numbers it: "Proposition 5"; by default all.'
        ),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="A page to write, with its rows as JSON beside it.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
    as_json: Json = False,
) -> None:
    """Compute every numbered result of the paper and say whether it holds.

    The exit code is 1 if one does not; an erratum counts as holding if its correction does.
    """
    if report is not None:
        _check_writable(report)
    try:
        rows = _run(results, workers)
    except KeyboardInterrupt:
        (notes() if as_json else console()).print("Interrupted: nothing was kept.")
        raise typer.Exit(130) from None
    if report is not None:
        _write(report, rows, results or [])
    if as_json:
        print_json([row.to_dict() for row in rows])
    else:
        _print(rows, report)
    if any(row.state == "fails" for row in rows):
        raise typer.Exit(1)


def _check_writable(path: Path) -> None:
    """Refuse a report that could not be written, before anything is computed."""
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ResultsError(f"--report must name a file in a writable folder, got {str(path)!r}")
    if path.suffix == DATA:
        raise InvalidInputError(
            f"--report must name a page, as report.html, beside which its rows are written as "
            f"JSON, got {str(path)!r}"
        )


def _run(results: list[str] | None, workers: int) -> Any:
    with Working("reading the statements of the paper") as working:
        from deviator.paper import replicate as run

        def progress(done: int, total: int, row: Any) -> None:
            working.step(f"{done} of {total} statements, {row.statement.name}", done / total)

        return run(results or None, progress, workers=workers)


def _print(rows: Any, report: Path | None) -> None:
    from deviator.paper.page import counted, formatted_discrepancy

    screen = console()
    table = Table("result", "statement", "computed", "discrepancy", "", show_lines=True)
    for row in rows:
        statement, finding = row.statement, row.finding
        claim, numbers = statement.printed, formatted_discrepancy(finding.discrepancy)
        if statement.corrected:
            claim = f"Printed: {claim}\nCorrected: {statement.corrected}"
        if finding.printed is not None:
            numbers = f"printed: {formatted_discrepancy(finding.printed)}\ncorrected: {numbers}"
        texts = (statement.name, claim, finding.computed, numbers)
        table.add_row(*texts, Text(row.state, STYLES[row.state]))
    print_table(screen, table)
    screen.print(DISCREPANCY)
    screen.print(f"{counted(rows)}.")
    if report is not None:
        screen.print(f"Report: {report}, its rows: {report.with_suffix(DATA)}", soft_wrap=True)


def _write(path: Path, rows: Any, results: list[str]) -> None:
    """Write the page, and beside it its rows as data."""
    from deviator.paper import report_html

    data = path.with_suffix(DATA)
    data.write_text(json_text([row.to_dict() for row in rows]), encoding="utf-8")
    path.write_text(report_html(rows, data.name, results), encoding="utf-8")
