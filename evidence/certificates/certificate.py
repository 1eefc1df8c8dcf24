"""What was proved about a market: a cap, and the conditions it rests on."""

from dataclasses import dataclass
from typing import Any, final


@final
@dataclass(frozen=True)
class Condition:
    """One condition of a certificate, and the numbers that decide it."""

    name: str
    holds: bool
    detail: str


@final
@dataclass(frozen=True)
class Certificate:
    """What was proved about a market.

    Attributes
    ----------
    kind : str
        How: ``exact linear-quadratic``.
    conditions : tuple of Condition
        Everything that was checked.
    cap : float or None
        No deviation gains more than this in expectation over the types, on the stated rung of
        information; in units of money per market. None where a condition fails.
    every_profile : bool
        Whether the cap is 0 at every profile of types, and not only in expectation.
    """

    kind: str
    conditions: tuple[Condition, ...]
    cap: float | None
    every_profile: bool

    @property
    def vacuous(self) -> bool:
        """Whether honest markets do not trade, so that there is nothing to certify."""
        return not self.conditions[0].holds

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "kind": self.kind,
            "cap": self.cap,
            "every_profile": self.every_profile,
            "conditions": [
                {"name": c.name, "holds": c.holds, "detail": c.detail} for c in self.conditions
            ],
        }
