"""What was proved about a market: a cap, and the conditions it rests on."""

from dataclasses import dataclass
from typing import Any, final

EVERY_PROFILE = "every profile"
"""The region of a certificate that speaks of all types."""

TYPE_SETS = "every profile of the type sets"
"""The region of a certificate that speaks of bounded types."""


@final
@dataclass(frozen=True)
class Condition:
    """One condition of a certificate, and the numbers that decide it."""

    name: str
    holds: bool
    detail: str


@final
@dataclass(frozen=True, repr=False)
class Certificate:
    """What was proved about a market.

    Attributes
    ----------
    kind : str
        How: ``exact linear-quadratic``, ``theorem with checked hypotheses``, ``quantities that
        never fall, at pivotal prices``, ``finite menus`` or ``bounded search``; of constraints on
        honest outcomes ``exact forms in the types``, ``by construction``, or a theorem too.
    conditions : tuple of Condition
        Everything that was checked.
    cap : float or None
        No deviation gains more than this in expectation over the types, on the stated rung of
        information; in units of money per market. None where a condition fails.
    every_profile : bool
        Whether the cap is 0 at every profile of types, and not only in expectation.
    trades : bool
        Whether honest markets trade; where they do not there is nothing to certify.
    region : str
        Which profiles are every one: all, or those of bounded sets of types.
    """

    kind: str
    conditions: tuple[Condition, ...]
    cap: float | None
    every_profile: bool
    trades: bool = True
    region: str = EVERY_PROFILE

    def __str__(self) -> str:
        """Return what was proved, and how many conditions hold."""
        held = len(self.conditions) - len(self.failures)
        cap = "no cap" if self.cap is None else f"cap {self.cap:.3g}"
        where = self.region if self.every_profile else "in expectation"
        return f"{self.kind}: {cap}, {where}; {held} of {len(self.conditions)} conditions hold"

    def __repr__(self) -> str:
        return f"<Certificate {self}>"

    @property
    def failures(self) -> tuple[Condition, ...]:
        """The conditions that do not hold."""
        return tuple(condition for condition in self.conditions if not condition.holds)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "kind": self.kind,
            "cap": self.cap,
            "every_profile": self.every_profile,
            "region": self.region,
            "conditions": [
                {"name": c.name, "holds": c.holds, "detail": c.detail} for c in self.conditions
            ],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any], trades: bool) -> "Certificate":
        """Return the certificate that `to_dict` described, of a market that trades or does not."""
        conditions = tuple(Condition(**condition) for condition in data["conditions"])
        region = data.get("region", EVERY_PROFILE)
        return cls(data["kind"], conditions, data["cap"], data["every_profile"], trades, region)
