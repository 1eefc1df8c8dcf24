"""What figures show of a row: gains over what is at stake, shares, measured outcomes."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from deviator.evidence.constraints import INCENTIVES

from .row import ReportRow

Read = Callable[[ReportRow], float | None]


def tells_of_gains(row: ReportRow) -> bool:
    """Return whether a row is about gains: one of another constraint tells of a violation."""
    return row["constraint"] in (None, INCENTIVES)


def relative_gain(row: ReportRow) -> float | None:
    """Return the best gain over what is at stake, or None where either is not known."""
    if not tells_of_gains(row):
        return None
    gain, stakes = row["best_gain"], row["stakes"]
    return gain / stakes if gain is not None and stakes else None


def learned_share(row: ReportRow) -> float | None:
    """Return the share of the best gain that was learned."""
    return row["share"]


def _outcome(name: str) -> Read:
    def read(row: ReportRow) -> float | None:
        outcomes = row.get("outcomes") or {}
        value: float | None = outcomes.get(name, {}).get("value")
        return value

    return read


MEASURES: Mapping[str, tuple[str, Read]] = MappingProxyType(
    {
        "gain": ("best gain / stakes", relative_gain),
        "share": ("share of the best gain learned", learned_share),
        "inefficiency": ("share of gains from trade lost", _outcome("inefficiency")),
        "distance": ("largest distance from first best", _outcome("distance")),
        "deficit": ("deficit per trader", _outcome("deficit")),
        "surplus": ("surplus per trader", _outcome("surplus")),
        "utility": ("utility per trader", _outcome("utility")),
        "gains": ("gains from trade per trader", _outcome("gains")),
    }
)
"""What is drawn against N: its name on the axis, and where a row has it."""
