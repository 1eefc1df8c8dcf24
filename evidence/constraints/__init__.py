"""The five ex post constraints of Section 2.3, each answered with a verdict of its own."""

from .constraint import CONSTRAINTS, INCENTIVES, Constraint, ConstraintVerdict, Scope, State
from .exact import exact_constraints
from .gain_share import exact_gain_share

__all__ = [
    "CONSTRAINTS",
    "INCENTIVES",
    "Constraint",
    "ConstraintVerdict",
    "Scope",
    "State",
    "exact_constraints",
    "exact_gain_share",
]
