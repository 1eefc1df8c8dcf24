"""What a numbered result of the paper becomes: a statement that a computation can contradict."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, final

State = Literal["holds", "fails", "erratum"]
"""Erratum: what is printed does not hold, and the corrected statement does."""


@final
@dataclass(frozen=True)
class Finding:
    """What was computed for a statement.

    Attributes
    ----------
    discrepancy : float
        How far the computation is from the statement (the corrected one, if there is one),
        relative to the size of what it speaks of: a difference from a stated number, or by how
        much a stated inequality is violated.
    computed : str
        What was computed, with the numbers that decide, in one sentence.
    printed : float or None
        The same distance for the formula as the paper prints it, where there is a corrected one.
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
        What is stated, in one sentence: where there is a corrected version, as the paper prints it.
    check : callable
        Computes the finding. The formulas under test are its keyword arguments, so that a wrong
        one can be put in their place: ``check(price=wrong_price)`` must then fail.
    tolerance : float
        Largest discrepancy that counts as agreement.
    corrected : str
        What holds instead; empty where what is printed stands.
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
        """Compute the statement, with other formulas than its own where some are given."""
        return self.conclude(self.check(**formulas))

    def conclude(self, finding: Finding) -> "Row":
        """Return whether the statement holds, given what was found."""
        return Row(self, finding, _state(finding, self.tolerance))


@final
@dataclass(frozen=True)
class Row:
    """A statement, what was found, and whether it holds."""

    statement: Statement
    finding: Finding
    state: State


def _state(finding: Finding, tolerance: float) -> State:
    # NaN agrees with nothing.
    if not finding.discrepancy <= tolerance:
        return "fails"
    if finding.printed is not None and not finding.printed <= tolerance:
        return "erratum"
    return "holds"
