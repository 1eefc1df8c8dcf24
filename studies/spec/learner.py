"""Learners as data: by name, with their settings."""

from typing import Annotated, Any

from pydantic import Field, model_validator

from deviator.learners import Learner
from deviator.plugins import build, shown_name

from .market import Spec


class LearnerSpec(Spec):
    """A learner by name, and its settings where they are not the defaults.

    Examples
    --------
    >>> LearnerSpec.model_validate("ppo") == LearnerSpec(name="ppo")
    True
    """

    name: str = "ppo"
    settings: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, data: Any) -> Any:
        return {"name": data} if isinstance(data, str) else data

    @property
    def title(self) -> str:
        """The learner's name as reports show it."""
        return shown_name("learner", self.name)

    def build_learner(self) -> Learner:
        """Return the learner."""
        learner: Learner = build("learner", self.name, self.settings)
        return learner


Learners = LearnerSpec | Annotated[list[LearnerSpec], Field(min_length=1)]
"""One learner, or several that each make a cell of their own."""
