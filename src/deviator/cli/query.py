"""``deviator query``: ask the tables of a run in SQL."""

from pathlib import Path
from typing import Annotated

import typer

from .json_output import Json
from .records import Format, FormatOption, print_records
from .working import Working


def query(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The results folder of a study.")],
    sql: Annotated[str, typer.Argument(metavar="SQL", help="As in: SELECT cell, state FROM rows")],
    form: FormatOption = Format.table,
    as_json: Json = False,
) -> None:
    """Query the tables of a run in SQL: rows, seeds, curves, constraints, outcomes, witnesses.

    A query reads these tables and nothing else, and writes nothing. SHOW TABLES and DESCRIBE rows
    say what there is; docs/tables.md describes every column.
    """
    with Working(f"reading the tables of {run}"):
        from deviator.studies.tables.query import ask

        answer = ask(run, sql)
    print_records(answer.columns, answer.records, Format.json if as_json else form)
