"""The verdict of a row in plain words; a control says that it is one."""

from collections.abc import Mapping
from typing import Any

from deviator.evidence import verdict_in_words
from deviator.evidence.constraints import INCENTIVES

CONTROL = "control"
"""What marks a market where deviating is meant to pay, which a learner must find."""


def is_control(row: Mapping[str, Any]) -> bool:
    """Return whether a row is a control: a market where deviating is meant to pay.

    Parameters
    ----------
    row : ReportRow
    """
    return row.get("question", "deviation") == "deviation" and row["control"] is None


def row_verdict(row: Mapping[str, Any]) -> str:
    """Return the verdict of a row in plain words.

    Parameters
    ----------
    row : ReportRow
    """
    deviation = row["constraint"] in (None, INCENTIVES)
    words = verdict_in_words(row["state"], row["scope"], deviation=deviation)
    return f"{CONTROL}: {words}" if is_control(row) else words


def verdict_kind(row: Mapping[str, Any]) -> str:
    """Return how a verdict is to be shown: as its state, or as a control that does as it is meant.

    Parameters
    ----------
    row : ReportRow
    """
    return CONTROL if is_control(row) and row["state"] == "refuted" else str(row["state"])
