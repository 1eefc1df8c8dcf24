"""One of the five ex post constraints of Section 2.3, and the answer to it."""

from dataclasses import asdict, dataclass
from typing import Any, Literal, final, get_args

from ..words import verdict_in_words

Constraint = Literal[
    "market_clearing",
    "budget_surplus",
    "individual_rationality",
    "incentive_compatibility",
    "efficiency",
]
"""Market clearing: quantities sum to 0. Budget surplus: transfers never sum to less than 0.
Individual rationality: nobody is worse off than without trade. Incentive compatibility: no bid of
one trader beats the strategy's. Efficiency: no allocation has a larger total utility."""

CONSTRAINTS: tuple[Constraint, ...] = get_args(Constraint)

INCENTIVES: Constraint = "incentive_compatibility"
"""The constraint that speaks of gains from deviating."""

State = Literal["confirmed", "refuted", "undetermined", "vacuous"]
"""Confirmed: certified. Refuted: a violation was found and computed again. Undetermined: neither.
Vacuous: nobody trades, whatever is bid."""

Scope = Literal["every profile", "in expectation", "sampled"]
"""Of what an answer speaks: of every profile of types (ex post), of a mean under a stated law and
rung of information, or of the profiles that were searched."""


@final
@dataclass(frozen=True, repr=False)
class ConstraintVerdict:
    """Whether one constraint holds in a market.

    Attributes
    ----------
    constraint : str
        Which of `CONSTRAINTS`.
    state : {"confirmed", "refuted", "undetermined", "vacuous"}
    scope : {"every profile", "in expectation", "sampled"}
    worst : float
        The largest violation that was found and computed again, in units of money; 0 where none.
    worst_share : float
        The same, relative to the gains from trade at its profile.
    cap : float or None
        Certified bound on the violation, relative to the gains from trade at every profile; on the
        mean, in units of money, where the scope is in expectation. None where there is none, also
        where what is confirmed holds up to rounding.
    reason : str
        Why the state is what it is, in one plain sentence, with what was searched.
    witness : dict or None
        A market that shows the violation.
    certificate : dict or None
        Kind and conditions of what was proved.
    """

    constraint: Constraint
    state: State
    scope: Scope
    worst: float
    worst_share: float
    cap: float | None
    reason: str
    witness: dict[str, Any] | None = None
    certificate: dict[str, Any] | None = None

    def __str__(self) -> str:
        """Return the answer in plain words, and below it why."""
        deviation = self.constraint == INCENTIVES
        words = verdict_in_words(self.state, self.scope, deviation=deviation)
        return f"{self.constraint.replace('_', ' ')}: {words}\n  {self.reason}"

    def __repr__(self) -> str:
        return f"<ConstraintVerdict {str(self).splitlines()[0]}>"

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)
