"""``deviator replicate``: the paper, machine-checked."""

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from deviator.errors import ResultsError

from .console import console

STYLES: Mapping[str, str] = MappingProxyType(
    {"holds": "green", "erratum": "yellow", "fails": "red"}
)

DISCREPANCY = (
    "discrepancy: the largest difference between statement and computation as a share of what is "
    "compared, or by how much a stated inequality is violated; 0 where they agree exactly."
)


def replicate(
    results: Annotated[
        list[str] | None,
        typer.Argument(help='As the paper numbers them: "Proposition 5"; by default all.'),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="A page to write, with the errata and the figures.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
) -> None:
    """Compute every numbered result of the paper and say whether it holds.

    Ends with exit code 1 if one does not; an erratum counts as holding if its correction does.
    """
    screen = console()
    if report is not None:
        _check_writable(report)
    try:
        rows = _run(screen, results, workers)
    except KeyboardInterrupt:
        screen.print("Interrupted: nothing was kept.")
        raise typer.Exit(130) from None
    _print(screen, rows)
    if report is not None:
        _write(screen, report, rows)
    if any(row.state == "fails" for row in rows):
        raise typer.Exit(1)


def _check_writable(path: Path) -> None:
    """Refuse a report that could not be written, before anything is computed."""
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise ResultsError(f"--report must name a file in a writable folder, got {str(path)!r}")


def _run(screen: Console, results: list[str] | None, workers: int) -> Any:
    from deviator.paper import replicate as run

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    bar = Progress(*columns, console=screen, transient=True)
    task = bar.add_task("")

    def progress(done: int, total: int, row: Any) -> None:
        bar.update(task, completed=done, total=total, description=escape(row.statement.name))
        bar.start()

    try:
        return run(results or None, progress, workers=workers)
    finally:
        bar.stop()


def _print(screen: Console, rows: Any) -> None:
    from deviator.paper.page import counted, formatted_discrepancy

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
    screen.print(table)
    screen.print(DISCREPANCY)
    screen.print(f"{counted(rows)}.")


def _write(screen: Console, path: Path, rows: Any) -> None:
    from deviator.paper import records_json, report_html

    data = path.with_suffix(".json")
    data.write_text(records_json(rows), encoding="utf-8")
    path.write_text(report_html(rows, data.name), encoding="utf-8")
    screen.print(f"Report: {path}, its rows: {data}", soft_wrap=True)
