"""The JSON schema of reports, read off the types of rows; ``docs/report.md`` describes these."""

from typing import Any, NotRequired

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from ..report.comparisons import Comparisons
from ..report.row import ReportRow
from ..run.read_report import SINCE
from ..tables.schemas import SCHEMAS
from .parts import Schema, document


class ReportContent(TypedDict):
    """What report.json holds."""

    study: str
    quick: bool
    interval: str
    rows: list[ReportRow]
    failures: dict[str, str]
    comparisons: Comparisons
    versions: dict[str, str]
    failed_cells: NotRequired[dict[str, str]]


def report_schema() -> Schema:
    """Return the JSON schema of the report of a study, of this version and all before it."""
    schema: dict[str, Any] = TypeAdapter(ReportContent).json_schema()
    row = schema["$defs"]["ReportRow"]
    row["required"] = [name for name in row["required"] if name not in SINCE]
    for column in SCHEMAS["rows"]:
        if column.name in row["properties"]:
            row["properties"][column.name]["description"] = column.meaning
    return document("the report of a study", schema)
