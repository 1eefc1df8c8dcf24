"""The five ex post constraints of Section 2.3, each answered with a verdict of its own."""

from .constraint import CONSTRAINTS, Constraint, ConstraintVerdict, Scope, State

__all__ = ["CONSTRAINTS", "Constraint", "ConstraintVerdict", "Scope", "State"]
