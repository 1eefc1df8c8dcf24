"""Records for terminals and pipes: as a table, as CSV or as JSON."""

import csv
import io
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from deviator.harmless import one_line, printable

from .console import console
from .json_output import print_json
from .tables import print_table

WIDE = 210
"""Width of tables outside a terminal."""


class Format(StrEnum):
    """How records are printed."""

    table = "table"
    csv = "csv"
    json = "json"


FormatOption = Annotated[
    Format, typer.Option("--format", help="table for reading, csv or json for pipes.")
]


def print_records(columns: Sequence[str], records: Sequence[Sequence[Any]], form: Format) -> None:
    """Print records; control characters of strangers are left out."""
    if form is Format.table:
        print_table(console(WIDE), _table(columns, records))
    elif form is Format.csv:
        typer.echo(_csv(columns, records), nl=False)
    else:
        print_json([dict(zip(columns, record, strict=True)) for record in records])


def _table(columns: Sequence[str], records: Sequence[Sequence[Any]]) -> Table:
    table = Table(box=SIMPLE_HEAD, header_style="bold")
    for place, column in enumerate(columns):
        numbers = all(isinstance(record[place], (int, float, type(None))) for record in records)
        table.add_column(one_line(column), justify="right" if numbers else "left", overflow="fold")
    for record in records:
        table.add_row(*map(_shown, record))
    return table


def _shown(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.6g}" if isinstance(value, float) else one_line(str(value))


def _csv(columns: Sequence[str], records: Sequence[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(map(printable, columns))
    writer.writerows([_text(value) for value in record] for record in records)
    return text.getvalue()


def _text(value: Any) -> str:
    return "" if value is None else printable(str(value))
