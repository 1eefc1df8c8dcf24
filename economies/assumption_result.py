"""What a check of an assumption returns."""

from dataclasses import dataclass
from typing import final

from deviator.validation import Floats

SHOWN = 8
"""Numbers of a profile that a witness shows."""


@final
@dataclass(frozen=True)
class AssumptionResult:
    """Whether an assumption holds, and the numbers that decide it.

    Attributes
    ----------
    holds : bool or None
        None where it was not checked.
    witness : str
        The numbers and the traders or the profile that decide, or why it was not checked.
    """

    holds: bool | None
    witness: str


def least_of(name: str, values: Floats) -> AssumptionResult:
    """Return whether all of some numbers, one per trader, are positive."""
    trader = int(values.argmin())
    least = float(values[trader])
    return AssumptionResult(least > 0, f"least {name} is {least:.6g}, of trader {trader}")


def shown(profile: Floats) -> str:
    """Return a profile of numbers as text, cut where it is long."""
    numbers = ", ".join(f"{number:.4g}" for number in profile[:SHOWN])
    return f"({numbers}{', ...' if len(profile) > SHOWN else ''})"
