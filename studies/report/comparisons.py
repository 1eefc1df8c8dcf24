"""How many of a study's refutations rest on samples, and how likely chance alone produces one."""

from collections.abc import Sequence

from scipy.special import ndtr
from typing_extensions import TypedDict

from deviator.evidence.best_deviation import STANDARD_ERRORS
from deviator.evidence.certificates.exact import KIND as EXACT
from deviator.policies import knows_profile

from .measures import tells_of_gains
from .row import ReportRow


class Comparisons(TypedDict):
    """The statistical tests of a study.

    Each is a mean gain on sampled profiles, where no witness at one profile decides and no exact
    expected gain: in rows whose deviator knows the own type only, that of the best deviation and
    that of each seed.
    """

    sampled: int
    refuted: int
    family_wise_error: float


def comparisons(rows: Sequence[ReportRow]) -> Comparisons:
    """Return how many tests rest on a sampled mean, and the chance that one passes by luck.

    Parameters
    ----------
    rows : sequence of ReportRow
    """
    sampled = [row for row in rows if _is_of_gains(row) and not _is_exact(row)]
    tests = sum(1 + len(row["seeds"]) for row in sampled)
    error = 1.0 - float(ndtr(STANDARD_ERRORS)) ** tests
    refuted = sum(row["state"] == "refuted" for row in sampled)
    return {"sampled": tests, "refuted": refuted, "family_wise_error": error}


def _is_of_gains(row: ReportRow) -> bool:
    """Return whether a row tells of a mean gain: another constraint is refuted at one profile."""
    is_asked = row["question"] != "everyone" and tells_of_gains(row)
    return is_asked and not knows_profile(row["information"])


def _is_exact(row: ReportRow) -> bool:
    """Return whether the expected gain of a row's best deviation is known, or nobody trades."""
    certificate = row["certificate"] or {}
    exact = row["cap"] is not None and certificate.get("kind") == EXACT
    return exact or row["state"] == "vacuous"


def comparisons_in_words(counted: Comparisons) -> str:
    """Return the count as a sentence.

    Examples
    --------
    >>> comparisons_in_words({"sampled": 2, "refuted": 1, "family_wise_error": 0.0027})[:70]
    '1 finding that deviating pays rests on a sampled mean; by chance alone'
    >>> comparisons_in_words({"sampled": 0, "refuted": 0, "family_wise_error": 0.0})
    'No finding that deviating pays rests on a sampled mean.'
    """
    if counted["refuted"] == 0:
        return "No finding that deviating pays rests on a sampled mean."
    findings, rest = ("finding", "rests") if counted["refuted"] == 1 else ("findings", "rest")
    return (
        f"{counted['refuted']} {findings} that deviating pays {rest} on a sampled mean; by chance "
        f"alone 1 of {counted['sampled']} such tests passes with probability "
        f"{counted['family_wise_error']:.2%}."
    )
