"""``deviator compare``: what several runs found in the same cells."""

from pathlib import Path
from typing import Annotated, Any

import typer

from .console import console
from .json_output import Json
from .records import Format, FormatOption, print_records
from .working import Working


def compare(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN", help="Results folders of two or more studies.")
    ],
    form: FormatOption = Format.table,
    as_json: Json = False,
) -> None:
    """Show what several runs found in the cells they share, and where their verdicts differ.

    Cells are the same where mechanism, economy, trader, information, learner and question are,
    whatever the budget. Ends with 0 where all verdicts on common cells are the same, with 1 where
    one differs or the same cell has different numbers, and with 2 where a run cannot be read.
    """
    with Working(f"reading the tables of {runs[0]}"):
        from deviator.studies.tables.compare import compare as side_by_side

        found = side_by_side(runs)
    form = Format.json if as_json else form
    print_records(found.columns, found.records, form)
    if form is Format.table:
        console().print(_summary(found), soft_wrap=True)
    if found.differing or found.contradictory:
        raise typer.Exit(1)


def _summary(found: Any) -> str:
    cells = f"{len(found.records)} cells, {found.common} of them in all runs"
    wrong = (
        f" {found.contradictory} have the same key and different numbers: one of the runs was "
        "changed, or is not reproducible."
    )
    verdicts = f"verdicts differ in {found.differing}"
    return f"{cells}; {verdicts}.{wrong if found.contradictory else ''}"
