"""What a study states of its cells, controls and smaller budgets."""

from typing import Any

from pydantic import Field

from .learner import Learners
from .market import Parameters, Sigma, Spec


class ControlSpec(Spec):
    """The matched control of a cell where the standing rule does not name it."""

    mechanism: str
    parameters: dict[str, Any] = Field(default_factory=dict)
    economy: str | None = None
    strategy: str = "honest"
    strategy_parameters: dict[str, Any] = Field(default_factory=dict)


class CellsSpec(Spec):
    """Cells that share what is stated once: lists are multiplied out."""

    mechanism: str
    economy: str | list[str]
    sigma: Sigma | None = None
    parameters: Parameters = Field(default_factory=dict)
    strategy: str = "honest"
    strategy_parameters: dict[str, Any] = Field(default_factory=dict)
    information: str | list[str] = "profile"
    trader: int | str | list[int | str] = 0
    control: ControlSpec | None = None
    learner: Learners | None = None
    steps: int | None = Field(None, gt=0)

    @property
    def title(self) -> str:
        """What failures call the entry."""
        return f"{self.mechanism} in {', '.join(as_list(self.economy))}"


class QuickSpec(Spec):
    """Smaller budgets for a first look."""

    steps_share: float = Field(0.1, gt=0, le=1)
    held_out: int = Field(2000, ge=100)
    learner: Learners | None = None


def as_list(value: Any) -> list[Any]:
    """Return a list that was stated, or one of what was stated alone."""
    return value if isinstance(value, list) else [value]
