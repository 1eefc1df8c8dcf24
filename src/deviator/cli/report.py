"""``deviator report``: make the report of a run again."""

from pathlib import Path
from typing import Annotated

import typer

from .console import console


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The results folder of a study.")],
    everything: Annotated[
        bool, typer.Option("--all", help="Take in finished cells that the last report leaves out.")
    ] = False,
) -> None:
    """Make report, tables and figures of a run again from its finished cells.

    Neither the study file nor its plugins are needed, and no code of theirs is run. Ends with 0,
    and with 1 where a cell of the report cannot be read.
    """
    from deviator.studies.run.rebuild import rebuild_report

    made = rebuild_report(run, everything=everything)
    screen = console()
    screen.print(f"{made.study}: cells {len(made.rows)}, failed {len(made.failures)}.")
    for name, reason in made.failures.items():
        screen.print(f"failed {name}: {reason}", soft_wrap=True)
    for note in made.notes:
        screen.print(note, soft_wrap=True)
    for written in ("report.html", "report.json", "tables", "figures"):
        screen.print(f"Written: {made.folder / written}", soft_wrap=True)
    if made.failures:
        raise typer.Exit(1)
