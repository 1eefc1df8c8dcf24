"""Why a constraint holds at every profile."""

from collections.abc import Callable
from typing import NamedTuple

from ...certificates.certificate import Condition
from ...certificates.quadratic_theorem import KIND
from ...market import Market
from ..constraint import Constraint

THEOREM = KIND
BY_CONSTRUCTION = "by construction"


class Reason(NamedTuple):
    """Why a constraint holds at every profile of types.

    Attributes
    ----------
    sentence : str
    conditions : tuple of Condition
        What was checked. The constraint is proved only if all of them hold.
    kind : str
        `BY_CONSTRUCTION` where the rule cannot do otherwise, `THEOREM` where hypotheses are
        checked.
    """

    sentence: str
    conditions: tuple[Condition, ...]
    kind: str = THEOREM

    @property
    def failures(self) -> tuple[Condition, ...]:
        """The conditions that do not hold."""
        return tuple(condition for condition in self.conditions if not condition.holds)


Reasons = dict[Constraint, Reason]
"""Constraints that hold, and why."""

Prover = Callable[[Market], Reasons]
"""Proves what it can of a market, or raises RefusedError where the market is none of its own."""
