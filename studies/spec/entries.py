"""What a study states of its economies, cells, controls and smaller budgets."""

import itertools
from typing import Annotated, Any

from pydantic import AfterValidator, Field, field_validator, model_validator

from deviator.errors import DeviatorError
from deviator.evidence.constraints import Constraint
from deviator.plugins.rungs import qualified_rung
from deviator.policies.information import is_named

from .cell import Question, check_question
from .economy import check_family_or_beliefs, with_parameters_apart
from .grid import OneListOrMore, OneOrEach, OneOrMore, choices
from .learner import NONE, LearnerSpec
from .market import Parameters, Sigma
from .settings import Finite, Settings, Spec
from .types_law import Law, Numbers

Steps = Annotated[int, Field(gt=0)]
HeldOut = Annotated[int, Field(ge=100)]
Count = Annotated[int, Field(ge=1)]


def _distinct(seeds: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(seeds)) < len(seeds):
        raise ValueError("they must differ: intervals treat each as an independent replication")
    return seeds


Seeds = Annotated[
    tuple[Annotated[int, Field(ge=0)], ...], Field(min_length=1), AfterValidator(_distinct)
]
"""Seeds of the trainings of one cell."""


class StatedTypes(Spec):
    """A law of types, as `TypesSpec` builds it, or several."""

    law: OneOrMore[Law] = "normal"
    mean: OneOrEach[Numbers] = 0.0
    deviation: OneOrEach[Numbers] = 1.0
    correlation: OneOrMore[Finite] = 0.0
    low: OneOrEach[Numbers] = 0.0
    high: OneOrEach[Numbers] = 1.0


class StatedEconomy(Spec):
    """An economy as `EconomySpec` builds it, or several: lists multiply out.

    Every key but the three below is a parameter of the family or of the beliefs.
    """

    family: str | None = None
    beliefs: str | None = None
    types: StatedTypes | None = None
    parameters: Settings = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _collect_parameters(cls, data: Any) -> Any:
        return with_parameters_apart(data)

    @model_validator(mode="after")
    def _family_or_beliefs(self) -> "StatedEconomy":
        check_family_or_beliefs(self.family, self.beliefs, self.types)
        return self


class ControlSpec(Spec):
    """The matched control of a cell where the standing rule does not name it."""

    mechanism: str
    parameters: Settings = Field(default_factory=dict)
    economy: str | None = None
    strategy: str = "honest"
    strategy_parameters: Settings = Field(default_factory=dict)


class CellsSpec(Spec):
    """Cells that share what is stated once: lists multiply out, and those of `zip` go together."""

    mechanism: OneOrMore[str]
    economy: OneOrMore[str]
    sigma: OneOrMore[Sigma] | None = None
    parameters: Parameters = Field(default_factory=dict)
    strategy: OneOrMore[str] = "honest"
    strategy_parameters: Settings = Field(default_factory=dict)
    information: OneOrMore[str] = "profile"
    trader: OneOrMore[int | str] = 0
    control: ControlSpec | None = None
    learner: OneOrMore[LearnerSpec] | None = None
    steps: OneOrMore[Steps] | None = None
    seeds: OneListOrMore[Seeds] | None = None
    held_out: OneOrMore[HeldOut] | None = None
    question: OneOrMore[Question] = "deviation"
    constraint: OneOrMore[Constraint] | None = None
    members: OneOrMore[Count] = 1
    identities: OneOrMore[Count] = 1
    transfers: OneOrMore[bool] = True
    zip: dict[str, Annotated[list[Any], Field(min_length=1)]] = Field(default_factory=dict)

    @field_validator("information")
    @classmethod
    def _names_rungs(cls, information: Any) -> Any:
        for name in choices(information):
            # What a file defines is looked up with the study's plugins.
            if not name.rpartition(":")[0].endswith(".py"):
                _checked_rung(name)
        return information

    @field_validator("zip")
    @classmethod
    def _of_one_length(cls, columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
        lengths = {path: len(values) for path, values in columns.items()}
        if len(set(lengths.values())) > 1:
            stated = ", ".join(f"{length} of {path}" for path, length in lengths.items())
            raise ValueError(f"its lists go together and must have one length, not {stated}")
        return columns

    @model_validator(mode="after")
    def _fits_the_question(self) -> "CellsSpec":
        if self.zip:
            return self
        asked = (self.question, self.constraint, self.members, self.identities)
        for each in itertools.product(*map(choices, asked)):
            check_question(*each)
        return self

    def learners(self, question: str, of_study: Any) -> list[LearnerSpec]:
        """Return the entry's own learners, or those of the study where a question learns."""
        learns = question in ("deviation", "everyone")
        return choices(self.learner or (of_study if learns else LearnerSpec(name=NONE)))

    @property
    def title(self) -> str:
        """What failures call the entry."""
        return f"{', '.join(choices(self.mechanism))} in {', '.join(choices(self.economy))}"


class QuickSpec(Spec):
    """Smaller budgets for a first look."""

    steps_share: float = Field(0.1, gt=0, le=1)
    held_out: HeldOut = 2000
    learner: OneOrMore[LearnerSpec] | None = None


def _checked_rung(name: str) -> None:
    """Raise ValueError unless a rung is ours or registered."""
    try:
        qualified_rung(name)
    except DeviatorError as error:
        known = "name own, statistics, profile, signal:DEVIATION, or a plugin, my_view.py:name"
        raise ValueError(str(error) if is_named(name) else known) from None
