"""The paper, machine-checked: every numbered result as a statement that can fail."""

from .page import report_html
from .records import records, records_json
from .runner import replicate, select, statements
from .statement import Finding, Row, Statement

__all__ = [
    "Finding",
    "Row",
    "Statement",
    "records",
    "records_json",
    "replicate",
    "report_html",
    "select",
    "statements",
]
