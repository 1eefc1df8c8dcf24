"""``deviator confirm``: run a study and print its verdict table."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from .console import PluginFiles, console, files_of

ALL_COLUMNS = 210
"""Width of the verdict table outside a terminal: no column is left out."""


def confirm(
    study: Annotated[
        Path | None, typer.Argument(help="Study file; by default the one of Proposition 3.")
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Smaller budgets, lower power.")] = False,
    out: Annotated[Path | None, typer.Option(help="Results folder; by default runs/NAME.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; default: cores.")] = None,
    plugin: PluginFiles = None,
) -> None:
    """Run a study and print its verdict table; finished cells are kept."""
    screen = console(ALL_COLUMNS)
    try:
        report = _run(screen, study, quick=quick, out=out, workers=workers, plugin=plugin)
    except KeyboardInterrupt:
        screen.print("Interrupted: finished cells are kept, run the same command to go on.")
        raise typer.Exit(130) from None
    _print(screen, report, quick)
    if report.failures:
        raise typer.Exit(1)


def _run(screen: Console, study: Path | None, *, plugin: PluginFiles, **settings: Any) -> Any:
    from deviator.studies import confirm as run

    bar = _bar(screen)
    task = bar.add_task("")

    def progress(done: int, total: int, cell: Any) -> None:
        name = "training" if cell is None else cell.label().rsplit("-", 1)[0]
        bar.update(task, completed=done, total=total, description=name)
        bar.start()

    try:
        return run(study, progress=progress, plugins=files_of(plugin), **settings)
    finally:
        bar.stop()


def _print(screen: Console, report: Any, quick: bool) -> None:
    from deviator.studies.report.comparisons import comparisons, comparisons_in_words
    from deviator.studies.report.table import explanations, third_party_plugins, verdict_table

    if report.rows:
        screen.print(verdict_table(report.rows, screen.width))
    screen.print(_summary(report.rows))
    screen.print(comparisons_in_words(comparisons(report.rows)))
    for line in explanations(report.rows):
        screen.print(line)
    screen.print(f"Report: {report.folder / 'report.html'}", soft_wrap=True)
    for line in third_party_plugins(report.rows):
        screen.print(line)
    if quick:
        screen.print("Quick budgets: read the control column for how little could be found.")
    for cell, reason in report.failures.items():
        screen.print("failed", style="red", end=" ")
        screen.print(f"{cell}: {reason}", soft_wrap=True)


def _summary(rows: list[dict[str, Any]]) -> str:
    states = [row["state"] for row in rows]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    return (
        f"{len(rows)} cells: {counts}. Gains in units of money per market; "
        "control: share of the exact gain that the same learner captured where deviating pays."
    )


def _bar(screen: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
        console=screen,
    )
