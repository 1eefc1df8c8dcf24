"""The rows of a replication as plain data."""

import json
import math
from collections.abc import Sequence
from typing import Any

from .statement import Row

FORMAT = "deviator replication"

VERSION = 1


def records(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the rows as plain data; what is no finite number is null.

    Parameters
    ----------
    rows : sequence of Row
        As `replicate` returns them.

    Examples
    --------
    >>> records([])
    {'format': 'deviator replication', 'version': 1, 'rows': []}
    """
    return {"format": FORMAT, "version": VERSION, "rows": [_record(row) for row in rows]}


def records_json(rows: Sequence[Row]) -> str:
    """Return `records` as JSON: the same rows, the same bytes.

    Parameters
    ----------
    rows : sequence of Row
    """
    return json.dumps(records(rows), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _record(row: Row) -> dict[str, Any]:
    statement, finding = row.statement, row.finding
    return {
        "name": statement.name,
        "result": statement.result,
        "source": statement.source,
        "printed": statement.printed,
        "corrected": statement.corrected or None,
        "computed": finding.computed,
        "discrepancy": _finite(finding.discrepancy),
        "discrepancy_as_printed": _finite(finding.printed),
        "tolerance": statement.tolerance,
        "state": row.state,
    }


def _finite(number: float | None) -> float | None:
    return None if number is None or not math.isfinite(number) else float(number)
