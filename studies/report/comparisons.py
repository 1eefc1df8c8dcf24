"""How many of a study's refutations rest on samples, and how likely chance alone gives one."""

from collections.abc import Sequence
from typing import TypedDict

from scipy.special import ndtr

from .row import ReportRow

STANDARD_ERRORS = 3.0
"""By how many a sampled mean gain must exceed 0 to refute (`deviator.evidence`)."""


class Comparisons(TypedDict):
    """The statistical tests of a study.

    Each is a mean gain on sampled profiles, where no witness at one profile decides: a row whose
    deviator knows the own type only, and that has no certificate.
    """

    sampled: int
    refuted: int
    family_wise_error: float


def comparisons(rows: Sequence[ReportRow]) -> Comparisons:
    """Return how many rows rest on a sampled mean, and the chance that one is refuted by luck.

    Parameters
    ----------
    rows : sequence of ReportRow
    """
    sampled = [row for row in rows if row["information"] == "own" and row["cap"] is None]
    error = 1.0 - float(ndtr(STANDARD_ERRORS)) ** len(sampled)
    refuted = sum(row["state"] == "refuted" for row in sampled)
    return {"sampled": len(sampled), "refuted": refuted, "family_wise_error": error}


def comparisons_in_words(counted: Comparisons) -> str:
    """Return the count as a sentence.

    Examples
    --------
    >>> comparisons_in_words({"sampled": 2, "refuted": 1, "family_wise_error": 0.0027})
    '1 refuted row rests on a sampled mean, of 2 tested so: chance alone refutes one with 0.27%.'
    >>> comparisons_in_words({"sampled": 0, "refuted": 0, "family_wise_error": 0.0})
    'No refuted row rests on a sampled mean.'
    """
    if counted["refuted"] == 0:
        return "No refuted row rests on a sampled mean."
    rows = "row rests" if counted["refuted"] == 1 else "rows rest"
    return (
        f"{counted['refuted']} refuted {rows} on a sampled mean, of {counted['sampled']} tested "
        f"so: chance alone refutes one with {counted['family_wise_error']:.2%}."
    )
