"""``deviator study``: run a study and print its verdict table."""

from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from .agreement import agree_to_run
from .complete import any_of
from .console import PluginFiles, console, files_of, notes, print_failures, settings_of
from .json_output import Json, print_json
from .progress import StudyDisplay
from .screen import Screen
from .signals import ended_in_order, exit_code
from .tables import print_table

ALL_COLUMNS = 250
"""Width of the verdict table outside a terminal: no column is left out."""

COLUMNS = (
    "Gains in units of money per market. Control: the share of the gain that the same learner "
    "captured in the matched market where deviating pays. report.html explains every column."
)

Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        help="A value of the study, as in --set steps=1000 or --set cells.0.sigma=0.3.",
    ),
]
OlderOverrides = Annotated[
    list[str] | None, typer.Option("-s", hidden=True, help="What --set was called before.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print the cells and a time estimate; run nothing.")
]
Quick = Annotated[bool, typer.Option("--quick", help="Small budgets, which prove little.")]
Out = Annotated[Path | None, typer.Option(help="Results folder; by default runs/NAME.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes; default: one per core.")]
ExecutorName = Annotated[
    str,
    typer.Option(
        help="Where cells run: processes, serial or dask.",
        autocompletion=any_of("processes", "serial", "dask"),
    ),
]
Address = Annotated[
    str | None, typer.Option(help="Dask scheduler's address; default: a local one.")
]
Trust = Annotated[
    bool, typer.Option("--trust", help="Run the code that the study file names under plugins.")
]


class Request(NamedTuple):
    """What a command asks of a study, by default that of Proposition 3."""

    file: Path | None
    settings: list[str] | None = None
    dry_run: bool = False
    quick: bool = False
    out: Path | None = None
    workers: int | None = None
    executor: str = "processes"
    address: str | None = None
    plugin: list[Path] | None = None
    trust: bool = False
    as_json: bool = False


def study(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Study file.")],
    settings: Overrides = None,
    dry_run: DryRun = False,
    quick: Quick = False,
    out: Out = None,
    workers: Workers = None,
    executor: ExecutorName = "processes",
    address: Address = None,
    plugin: PluginFiles = None,
    trust: Trust = False,
    as_json: Json = False,
    older: OlderOverrides = None,
) -> None:
    """Run or resume a study, and print its table of verdicts; finished cells are kept."""
    where = (out, workers, executor, address)
    stated = [*(settings or ()), *(older or ())]
    run_study(Request(file, stated, dry_run, quick, *where, plugin, trust, as_json))


def run_study(request: Request) -> None:
    """Run a study, or say what would be done."""
    screen = notes() if request.as_json else console(ALL_COLUMNS)
    try:
        spec = _read(request)
        agree_to_run(spec, files_of(request.plugin), request.trust)
        if request.dry_run:
            _show_plan(screen, spec.with_plugins(files_of(request.plugin)), request)
            return
        report = _run(spec, request)
    except KeyboardInterrupt as end:
        screen.print("Interrupted: finished cells are kept; run the same command to resume.")
        raise typer.Exit(exit_code(end)) from None
    if request.as_json:
        _print_json(report)
    else:
        _print(screen, report, request.quick)
    if report.failures:
        raise typer.Exit(1)


def _read(request: Request) -> Any:
    # Said before the imports, which take seconds on a busy machine.
    with ended_in_order(), StudyDisplay() as display:
        display.note(f"reading {request.file or 'the study of Proposition 3'}")
        from deviator.studies import default_study, read_study

        return read_study(request.file or default_study(), settings_of(request.settings))


def _run(spec: Any, request: Request) -> Any:
    with ended_in_order(), StudyDisplay() as display:
        display.note("looking at the cells")
        from deviator.studies import confirm

        return confirm(
            spec,
            quick=request.quick,
            out=request.out,
            workers=request.workers,
            progress=display,
            plugins=files_of(request.plugin),
            executor=request.executor,
            address=request.address,
        )


def _print_json(report: Any) -> None:
    """Print the rows of a report, and what else there is to know of a run."""
    found = {"study": report.study, "folder": str(report.folder), "rows": report.rows}
    failed = {"failures": report.failures, "failed_cells": report.failed_cells}
    print_json(found | failed | {"notes": report.notes})


def _show_plan(screen: Screen, spec: Any, request: Request) -> None:
    from deviator.studies.run.confirm import results_folder
    from deviator.studies.run.plan import planned
    from deviator.studies.tables.cell_names import names_of_cells

    folder = request.out or results_folder(spec, request.quick)
    plan = planned(spec, request.quick, folder)
    cells = [
        {"state": state, "label": cell.label(), "cell": name}
        for state, some in (("finished", plan.finished), ("to run", plan.left))
        for cell, name in zip(some, names_of_cells(some), strict=True)
    ]
    if request.as_json:
        failed = {"failures": plan.failures, "failed_cells": plan.failed_cells}
        print_json({"cells": cells} | failed | {"seconds_left": plan.seconds})
        return
    for each in cells:
        screen.print(f"{each['state']}  {each['label']}  {each['cell']}", soft_wrap=True)
    print_failures(screen, plan.failures, plan.failed_cells)
    screen.print(plan.in_words(), soft_wrap=True)


def _print(screen: Screen, report: Any, quick: bool) -> None:
    from deviator.studies.report.comparisons import comparisons, comparisons_in_words
    from deviator.studies.report.summary import budget_warnings, summary_sentences
    from deviator.studies.report.table import explanations, third_party_plugins, verdict_table

    for warning in budget_warnings(report.rows, quick=quick, failed=len(report.failures)):
        screen.print(warning, style="yellow")
    if report.rows:
        print_table(screen, verdict_table(report.rows, screen.width))
        screen.print(COLUMNS)
    for sentence in summary_sentences(report.rows):
        screen.print(sentence)
    screen.print(comparisons_in_words(comparisons(report.rows)))
    for line in explanations(report.rows):
        screen.print(line)
    screen.print(f"Report: {report.folder / 'report.html'}", soft_wrap=True)
    for line in third_party_plugins(report.rows):
        screen.print(line)
    for note in report.notes:
        screen.print(f"While it ran: {note}", soft_wrap=True)
    print_failures(screen, report.failures, report.failed_cells)
