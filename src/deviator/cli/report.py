"""``deviator report``: make the report of a run again."""

from pathlib import Path
from typing import Annotated, Any

import typer

from .console import console, print_failures
from .json_output import Json, print_json
from .working import Working


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The results folder of a study.")],
    everything: Annotated[
        bool, typer.Option("--all", help="Include finished cells that the last report leaves out.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make the report, tables and figures of a run again from its finished cells.

    Neither the study file nor its plugins are needed, and no code of theirs is run. Ends with 0,
    and with 1 where a cell of the report cannot be read.
    """
    with Working(f"reading the finished cells of {run}"):
        from deviator.studies.run.rebuild import rebuild_report

        made = rebuild_report(run, everything=everything)
    written = [made.folder / name for name in ("report.html", "report.json", "tables", "figures")]
    if as_json:
        found = {"study": made.study, "cells": len(made.rows), "failures": made.failures}
        found["failed_cells"] = made.failed_cells
        print_json(found | {"notes": made.notes, "written": list(map(str, written))})
    else:
        _print(made, written)
    if made.failures:
        raise typer.Exit(1)


def _print(made: Any, written: list[Path]) -> None:
    screen = console()
    screen.print(f"{made.study}: cells {len(made.rows)}, failed {len(made.failures)}.")
    print_failures(screen, made.failures, made.failed_cells)
    for note in made.notes:
        screen.print(note, soft_wrap=True)
    for file in written:
        screen.print(f"Written: {file}", soft_wrap=True)
