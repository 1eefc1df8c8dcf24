"""``deviator export``: the tables of a run for other programs."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .console import console
from .json_output import Json, print_json
from .working import Working


class ExportFormat(StrEnum):
    """Formats of exported tables."""

    csv = "csv"
    parquet = "parquet"
    latex = "latex"
    stata = "stata"
    json = "json"


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The results folder of a study.")],
    form: Annotated[ExportFormat, typer.Option("--format", help="What the files are for.")],
    out: Annotated[
        Path | None, typer.Option(help="The folder of the files; by default RUN/export.")
    ] = None,
    table: Annotated[
        list[str] | None, typer.Option(help="As rows, seeds, curves; by default all tables.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the tables of a run as CSV, Parquet, LaTeX, Stata or JSON files.

    They are made of the run's report alone, so results of earlier versions can be exported, too.
    docs/tables.md describes every column. Ends with 2 where there is no report.
    """
    with Working(f"reading the report of {run}"):
        from deviator.studies.tables.export import export_tables

        files = list(export_tables(run, form.value, out, table or ()))
    if as_json:
        print_json({"written": list(map(str, files))})
        return
    for file in files:
        console().print(f"Written: {file}", soft_wrap=True)
