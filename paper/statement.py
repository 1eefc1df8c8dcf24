"""Numbered results of the paper as statements that a computation can contradict."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np
from numpy.typing import ArrayLike

from deviator.errors import InvalidInputError

Formula = Callable[..., Any]
"""A formula under test, as a keyword argument of a check."""

State = Literal["holds", "fails", "erratum"]
"""Erratum: the statement does not hold as printed, and holds as corrected."""


@final
@dataclass(frozen=True)
class Finding:
    """What was computed for a statement.

    Attributes
    ----------
    discrepancy : float
        How far the computation is from the statement (the corrected one, if there is one),
        relative to the size of the numbers compared: a difference from a stated number, or the
        violation of a stated inequality.
    computed : str
        What was computed, with the decisive numbers, in one sentence.
    printed : float or None
        The same distance for the formula as printed in the paper, if there is a corrected one.
    """

    discrepancy: float
    computed: str
    printed: float | None = None


@final
@dataclass(frozen=True)
class Statement:
    """A numbered result of the paper, executable.

    Attributes
    ----------
    name : str
        As the paper numbers it: "Proposition 5", "Example 4", "Figure 3". A result with several
        claims has a statement for each: "Proposition 2: budget".
    source : str
        Equations and section.
    printed : str
        The statement in one sentence; as the paper prints it, if there is a corrected version.
    check : callable
        Computes the finding. The formulas under test are its keyword arguments, so that they can
        be replaced by wrong ones: ``check(price=wrong_price)`` must then fail.
    tolerance : float
        Largest discrepancy that counts as agreement.
    corrected : str
        The statement that holds instead; empty if the printed one holds.
    """

    name: str
    source: str
    printed: str
    check: Callable[..., Finding]
    tolerance: float = 1e-9
    corrected: str = ""

    @property
    def result(self) -> str:
        """The numbered result that the statement belongs to, as "Proposition 2"."""
        return self.name.partition(":")[0]

    def judge(self, **formulas: Any) -> "Row":
        """Compute the statement, with the given formulas in place of its own."""
        return self.conclude(self.check(**formulas))

    def conclude(self, finding: Finding) -> "Row":
        """Return whether the statement holds, given a finding."""
        return Row(self, finding, _state(finding, self.tolerance))


def statement(
    name: str, source: str, printed: str, *, tolerance: float = 1e-9, corrected: str = ""
) -> Callable[[Callable[..., Finding]], Statement]:
    """Make a check the statement that it computes; parameters are those of `Statement`."""
    return lambda check: Statement(name, source, printed, check, tolerance, corrected)


@final
@dataclass(frozen=True)
class Row:
    """A statement, the finding on it, and whether it holds."""

    statement: Statement
    finding: Finding
    state: State

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        statement, finding = self.statement, self.finding
        return {
            "name": statement.name,
            "source": statement.source,
            "printed": statement.printed,
            "corrected": statement.corrected,
            "state": self.state,
            "discrepancy": finding.discrepancy,
            "printed_discrepancy": finding.printed,
            "tolerance": statement.tolerance,
            "computed": finding.computed,
        }


def _state(finding: Finding, tolerance: float) -> State:
    # NaN agrees with nothing.
    if not finding.discrepancy <= tolerance:
        return "fails"
    if finding.printed is not None and not finding.printed <= tolerance:
        return "erratum"
    return "holds"


def gap(computed: ArrayLike, wanted: ArrayLike) -> float:
    """Return the largest difference as a share of the largest wanted number.

    If all wanted numbers are 0, the largest difference itself. NaN if a number is NaN.

    Raises
    ------
    InvalidInputError
        If the shapes differ, or there is nothing to compare.

    Examples
    --------
    >>> gap([1.0, 2.5], [1.0, 2.0])
    0.25
    """
    left, right = np.asarray(computed, dtype=np.float64), np.asarray(wanted, dtype=np.float64)
    if left.shape != right.shape or not left.size:
        raise InvalidInputError(
            f"values to compare must have one shape and not be empty, got {left.shape} and "
            f"{right.shape}"
        )
    size = float(np.abs(right).max()) or 1.0
    return float(np.abs(left - right).max()) / size


def worst(gaps: Iterable[float]) -> float:
    """Return the largest of some gaps; NaN if one is NaN, so that it agrees with nothing.

    Examples
    --------
    >>> worst([0.1, float("nan"), 0.2])
    nan
    """
    return float(np.max(list(gaps)))


def compared(gaps: Iterable[float], text: str) -> Finding:
    """Return the finding on a formula that was compared in several economies."""
    values = list(gaps)
    return Finding(worst(values), f"{text}; {len(values)} comparisons in drawn economies")


def against_printed(gaps: Iterable[float], printed: Iterable[float], text: str) -> Finding:
    """Return the finding on a corrected formula, with the gap of the printed one."""
    right, wrong = worst(gaps), worst(printed)
    computed = (
        f"{text}; corrected: off by {right:.2g} of the largest number, printed: by {wrong:.2g}"
    )
    return Finding(right, computed, wrong)
