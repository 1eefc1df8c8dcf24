"""The verdict of a row in plain words; a control says that it is one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from deviator.evidence import verdict_in_words
from deviator.evidence.constraints import INCENTIVES, State

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


def answer_in_words(constraint: str | None, found: Mapping[str, Any]) -> str:
    """Return the answer on one constraint, or on deviating, in plain words.

    Parameters
    ----------
    constraint : str or None
        None of a row that asks about deviating.
    found : mapping
        State and scope, as in ``constraints`` of ``report.json``. Files of others and of later
        versions may hold other states, which are returned as they are.
    """
    if found["state"] not in get_args(State):
        return str(found["state"])
    deviation = constraint in (None, INCENTIVES)
    return verdict_in_words(found["state"], found["scope"], deviation=deviation)


def counted_verdicts(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return how many rows have each verdict, in words; empty where there is none.

    Parameters
    ----------
    rows : sequence of ReportRow
    """
    counts = Counter(map(row_verdict, rows))
    return ", ".join(f"{count} x {words}" for words, count in counts.items())
