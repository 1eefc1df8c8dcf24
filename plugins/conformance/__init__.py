"""Checks that every plugin passes, built-in or third-party.

A check is a function of one object that raises AssertionError with what is wrong. Three interfaces
to the same checks: `parametrize_with_checks` for pytest, `run_checks` for Python, and
``deviator check`` for the command line.
"""

from .check import Check, CheckResult
from .kit import all_checks, checks_for, parametrize_with_checks, run_checks

__all__ = [
    "Check",
    "CheckResult",
    "all_checks",
    "checks_for",
    "parametrize_with_checks",
    "run_checks",
]
