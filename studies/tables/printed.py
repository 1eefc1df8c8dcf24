"""Tables as papers print them: columns that fit onto a page, headings and verdicts in words."""

from collections.abc import Mapping
from types import MappingProxyType

import pyarrow as pa

from ..report.verdict_words import answer_in_words
from .schemas import printed_columns

HEADINGS: Mapping[str, str] = MappingProxyType(
    {"n_traders": "N", "economy_label": "economy", "information": "sees", "state": "verdict"}
)
"""Headings that are no mere names of columns."""

JUDGED = ("rows", "constraints")
"""Tables with verdicts."""


def printed_table(name: str, table: pa.Table) -> pa.Table:
    """Return what stands in LaTeX of a table of a study.

    Parameters
    ----------
    name : str
    table : pyarrow.Table
    """
    columns = printed_columns(name, table)
    if name in JUDGED:
        words = pa.array(_verdicts(table), pa.string())
        table = table.set_column(table.column_names.index("state"), "state", words)
        columns = [column for column in columns if column != "scope"]
    return table.select(columns).rename_columns([_heading(column) for column in columns])


def _heading(column: str) -> str:
    return HEADINGS.get(column, column.replace("_", " "))


def _verdicts(table: pa.Table) -> list[str]:
    stated = table.select(["state", "scope", "constraint"]).to_pylist()
    return [answer_in_words(each["constraint"], each) for each in stated]
