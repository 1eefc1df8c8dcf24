"""Learners as data: by name, with their settings."""

from typing import Any

from pydantic import Field, model_validator

from deviator.learners import Learner
from deviator.plugins import build, shown_name

from .settings import Built, Settings

NONE = "none"
"""Stands for no learner: a market is searched, and nothing is trained."""


class LearnerSpec(Built):
    """A learner by name, and its settings where they are not the defaults; ``none`` is nobody.

    Examples
    --------
    >>> LearnerSpec.model_validate("ppo") == LearnerSpec(name="ppo")
    True
    """

    name: str = "ppo"
    settings: Settings = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _name_alone(cls, data: Any) -> Any:
        return {"name": data} if isinstance(data, str) else data

    @property
    def is_none(self) -> bool:
        """Whether nothing is to be learned."""
        return self.name == NONE

    @property
    def title(self) -> str:
        """The learner's name as reports show it."""
        return NONE if self.is_none else shown_name("learner", self.name)

    def build_learners(self) -> tuple[Learner, ...]:
        """Return the learner, alone; empty where nothing is to be learned."""
        return () if self.is_none else (build("learner", self.name, self.settings),)

    def full_settings(self) -> dict[str, Any]:
        """Return all settings of the learner, with those that are its defaults."""
        return next((dict(each.settings()) for each in self.build_learners()), {})
