"""A column of a table: its name, what kind of value it holds, and what that means."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

Row = Mapping[str, Any]
"""A row of ``report.json``; see `ReportRow`."""

Kind = Literal["text", "JSON", "number", "whole number", "truth"]
"""What a column holds: JSON is text, and keeps what has no one shape."""


class Column(NamedTuple):
    """A column of a table; every value may be missing but those of `cell` and `key`."""

    name: str
    kind: Kind
    meaning: str
