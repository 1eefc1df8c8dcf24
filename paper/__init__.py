"""The paper, machine-checked: every numbered result as a statement that can fail."""

from .page import report_html
from .runner import replicate, select, statements
from .statement import Finding, Row, Statement

__all__ = [
    "Finding",
    "Row",
    "Statement",
    "replicate",
    "report_html",
    "select",
    "statements",
]
