"""Records of the table ``rates``: fitted powers of N, with the paper's beside them."""

from collections.abc import Sequence
from typing import Any, cast

from ..report.fitted_rates import RateLine, rate_lines
from ..report.row import ReportRow
from .column import Row


def rate_records(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return a record for each measure of each family of markets of three sizes or more.

    Parameters
    ----------
    rows : sequence of dict
        Those of ``report.json``.
    """
    return [_record(line) for line in rate_lines(cast(Sequence[ReportRow], rows))]


def _record(line: RateLine) -> dict[str, Any]:
    low, high = line.fitted.interval
    return {
        "measure": line.measure,
        "economy": line.economy,
        "rule": line.label,
        "sizes": len(set(line.sizes)),
        "smallest": min(line.sizes),
        "largest": max(line.sizes),
        "exponent": line.fitted.exponent,
        "standard_error": line.fitted.standard_error,
        "exponent_low": low,
        "exponent_high": high,
        "paper": None if line.stated is None else line.stated.exponent,
        "source": None if line.stated is None else line.stated.source,
    }
