"""What the assumptions say, and what a check of one returns."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import final

from deviator.validation import Floats

STATEMENTS: Mapping[str, str] = MappingProxyType(
    {
        "A1": "efficient quantities are bounded over the set of types",
        "A2": "marginal utilities fall in the own quantity, at slopes between positive bounds",
        "A3": "the own type raises the own marginal utility, by at least m_o > 0",
        "A4N": "a type's average effect on others is non-negative and below the bound of A4^N",
        "INF": "every type ranges over the real line",
        "INJ": "the matrix of type effects has a determinant bounded above 0",
        "FUN": "no row sum of the inverse of the type effects is 0: honest bids are functions",
        "Lemma 4 (i)": "every own type effect is at least 2N times its effect on anyone else",
        "Lemma 4 (ii)": "equicommonality: the row sums of the type effects are equal",
        "monotone": "efficient quantities rise in the own type",
        "sigma_N": "the tax slope sigma_N of (3.13) exists, under A3 and A4^N",
        "unique": "truth is the only equilibrium: cross effects over own ones contract (Section 7)",
    }
)
"""What each assumption says, by its key."""

EFFECT_ROUNDING = 1e-12
"""Differences of type effects below this share of them are rounding: sums of N of them are."""


@final
@dataclass(frozen=True)
class AssumptionResult:
    """Whether an assumption holds, and the numbers that decide it.

    Attributes
    ----------
    holds : bool or None
        None where it was not decided.
    witness : str
        The numbers and the traders or the profile that decide, or why nothing does.
    sampled : bool
        Whether violations were looked for at sampled profiles. One is a proof, and `holds` is
        False; where there is none nothing is proved, and `holds` is None.
    """

    holds: bool | None
    witness: str
    sampled: bool = False

    @property
    def verdict(self) -> str:
        """In words: holds, fails, no violation found, or not checked.

        Examples
        --------
        >>> AssumptionResult(None, "least slope found is 1", sampled=True).verdict
        'no violation found'
        """
        if self.holds is None:
            return "no violation found" if self.sampled else "not checked"
        return "holds" if self.holds else "fails"


def of_sample(violated: bool, witness: str) -> AssumptionResult:
    """Return what a sample shows: that an assumption fails, or that no violation was found."""
    return AssumptionResult(False if violated else None, witness, sampled=True)


def least_of(name: str, values: Floats) -> AssumptionResult:
    """Return whether all of some numbers, one per trader, are positive."""
    trader = int(values.argmin())
    least = float(values[trader])
    return AssumptionResult(least > 0, f"least {name} is {least:.6g}, of trader {trader}")
