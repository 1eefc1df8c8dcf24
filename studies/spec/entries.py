"""What a study states of its cells, controls and smaller budgets."""

from typing import Any

from pydantic import Field, field_validator, model_validator

from deviator.errors import DeviatorError
from deviator.evidence.constraints import Constraint
from deviator.plugins.rungs import qualified_rung
from deviator.policies.information import is_named

from .cell import Question, check_question
from .learner import NONE, Learners, LearnerSpec
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
    question: Question = "deviation"
    constraint: Constraint | None = None
    members: int = Field(1, ge=1)
    identities: int = Field(1, ge=1)
    transfers: bool = True

    @field_validator("information")
    @classmethod
    def _names_rungs(cls, information: str | list[str]) -> str | list[str]:
        for name in as_list(information):
            # What a file defines is looked up with the study's plugins.
            if not name.rpartition(":")[0].endswith(".py"):
                _checked_rung(name)
        return information

    @model_validator(mode="after")
    def _fits_the_question(self) -> "CellsSpec":
        check_question(self.question, self.constraint, self.members, self.identities)
        return self

    def learners(self, of_study: Learners) -> list[LearnerSpec]:
        """Return the entry's own learners, or those of the study where its question learns."""
        learns = self.question in ("deviation", "everyone")
        stated: list[LearnerSpec] = as_list(
            self.learner or (of_study if learns else LearnerSpec(name=NONE))
        )
        return stated

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


def _checked_rung(name: str) -> None:
    """Raise ValueError unless a rung is ours or registered."""
    try:
        qualified_rung(name)
    except DeviatorError as error:
        known = "name own, statistics, profile, signal:DEVIATION, or a plugin, my_view.py:name"
        raise ValueError(str(error) if is_named(name) else known) from None
