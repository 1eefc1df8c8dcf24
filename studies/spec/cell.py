"""One fully specified experiment, and the digest that its results are kept under."""

import hashlib
import json
from functools import cached_property
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

import deviator
from deviator.errors import InvalidInputError
from deviator.evidence.constraints import Constraint
from deviator.harmless import file_name
from deviator.plugins import find_plugin
from deviator.plugins.rungs import described_rung, rung_named, shown_rung
from deviator.policies import Information
from deviator.trust import is_third_party

from .learner import LearnerSpec
from .market import MarketSpec
from .naming import plain_name
from .settings import Built

SCHEMA = 5
"""Part of every cell's key; raised when results of older code must not be reused."""

Question = Literal["deviation", "audit", "coalition", "everyone"]
"""What a cell asks: what one trader gains by deviating, which of the five constraints hold, what
several traders (or one under several names) gain together, or where all end who learn at once."""


def check_question(question: str, constraint: str | None, members: int, identities: int) -> None:
    """Raise ValueError if a question lacks a field that it needs, or has one of another's."""
    if constraint is not None and question != "audit":
        raise ValueError(f"constraint belongs to question: audit, got question: {question}")
    if (members > 1 or identities > 1) != (question == "coalition"):
        raise ValueError(
            "question: coalition takes members or identities above 1, and no other does, got "
            f"question: {question} with members {members} and identities {identities}"
        )
    if members > 1 and identities > 1:
        raise ValueError(
            "a coalition is of members or of identities, got "
            f"members {members} and identities {identities}; leave one of the two out"
        )


class Cell(Built):
    """One fully specified experiment of a study.

    Attributes
    ----------
    information : str
        The name of the rung on which the deviator looks, with its file where a plugin defines it.
    control : MarketSpec or None
        The matched control, the market itself where deviating pays; None where the bid language
        has no control.
    question : {"deviation", "audit", "coalition", "everyone"}
    constraint : str, optional
        Of an audit, the constraint that its row is about; all five by default.
    members, identities : int
        Of a coalition, how many traders deviate together, from the market's trader on, or under how
        many names the trader bids.
    transfers : bool
        Whether members may pay each other.

    Raises
    ------
    ValueError
        If a field is stated that is not the question's, or one that it needs is missing.
    """

    travels: ClassVar[tuple[str, ...]] = ("learner_settings", "plugins", "key")

    market: MarketSpec
    question: Question = "deviation"
    constraint: Constraint | None = None
    members: int = Field(1, ge=1)
    identities: int = Field(1, ge=1)
    transfers: bool = True
    information: str = "profile"
    control: MarketSpec | None
    learner: LearnerSpec = LearnerSpec()
    steps: int = Field(gt=0)
    seeds: tuple[int, ...]
    held_out: int = Field(ge=100)

    @model_validator(mode="after")
    def _fits_the_question(self) -> "Cell":
        check_question(self.question, self.constraint, self.members, self.identities)
        if self.question == "everyone" and self.learner.is_none:
            raise ValueError("question: everyone needs a learner, got none; name gradient")
        return self

    @cached_property
    def plugins(self) -> list[dict[str, str]]:
        """Kind, name, provider and version of everything that takes part, each once."""
        learner = [] if self.learner.is_none else [self._learner_plugin()]
        rung = described_rung(self.information)
        markets = [self.market] if self.control is None else [self.market, self.control]
        plugins = [*(plugin for market in markets for plugin in market.plugins()), *learner, *rung]
        distinct = {tuple(plugin.items()) for plugin in plugins}
        return [dict(items) for items in sorted(distinct)]

    def _learner_plugin(self) -> dict[str, str]:
        return find_plugin("learner", self.learner.name).describe()

    @property
    def third_party(self) -> list[dict[str, str]]:
        """The plugins among these that are not deviator's own."""
        return [plugin for plugin in self.plugins if is_third_party(plugin)]

    @cached_property
    def learner_settings(self) -> dict[str, Any]:
        """All settings of the learner, with those that are its defaults."""
        return self.learner.full_settings()

    @cached_property
    def key(self) -> str:
        """Digest of the specification: the same key means the same result.

        Plugins count by name, provider and version, not by where their files lie.
        """
        content = _plain(self.model_dump(mode="json")) | {
            "settings": self.learner_settings,
            "plugins": self.plugins,
            "schema": SCHEMA,
            "version": deviator.__version__,
        }
        text = json.dumps(content, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def with_learner_settings(self, settings: dict[str, Any]) -> "Cell":
        """Return the cell, which is told its learner's settings and does not build it."""
        cell = self.model_copy()
        cell.__dict__["learner_settings"] = settings
        return cell

    @property
    def rung(self) -> Information:
        """What the deviator knows, as the rung itself where it is a plugin."""
        return rung_named(self.information)

    @property
    def is_control(self) -> bool:
        """Whether this cell is the control of others: a market where deviating pays."""
        return self.control is not None and self.market.content == self.control.content

    @cached_property
    def offered(self) -> str:
        """What this cell can control: its market, learner, budget and question, as a text."""
        return self._compared(self.market)

    @cached_property
    def needed(self) -> str | None:
        """What the control of this cell must offer; None where it has none."""
        return None if self.control is None else self._compared(self.control)

    def controls(self, cell: "Cell") -> bool:
        """Return whether this cell is another's matched control: same learner, same budget."""
        return self.offered == cell.needed

    def control_cell(self) -> "Cell":
        """Return the cell that is this one's matched control.

        Raises
        ------
        InvalidInputError
            If it has none.
        """
        if self.control is None:
            raise InvalidInputError(f"cell {self.label()} must have a control, and has none")
        cell = self.model_copy(update={"market": self.control})
        return cell.with_learner_settings(self.learner_settings)

    def _compared(self, market: MarketSpec) -> str:
        budget = [self.information, self.learner.content, self.steps, self.seeds, self.question]
        return json.dumps([market.content, *budget])

    def label(self) -> str:
        """Return a short name that can be a folder's."""
        market = self.market
        n = market.economy.parameters.get("n_traders", "")
        sigma = "" if market.sigma is None else f"-{market.sigma}".replace("-sigma-", "-sigma_")
        role = "" if market.trader == 0 else f"-{market.trader}"
        asked = "" if self.question == "deviation" else f"-{self.question}"
        name = f"{market.title}{sigma}-{market.economy.name}{n}{self._strategy()}{role}{asked}"
        return f"{file_name(name)}-{file_name(shown_rung(self.information))}-{self.key}"

    def _strategy(self) -> str:
        """Return the strategy and its settings where it is not honest."""
        if self.market.strategy == "honest":
            return ""
        settings = [f"{key}_{value}" for key, value in self.market.strategy_parameters.items()]
        return "-".join(["", self.market.strategy_title, *settings])


NAMES = ("mechanism", "strategy", "family", "name")
"""Fields of a specification that name plugins."""

VALUES = ("parameters", "strategy_parameters", "settings")
"""Fields of a specification that hold values of any sort."""


def _plain(content: Any) -> Any:
    """Return plain data in which plugins are named without their providers."""
    if isinstance(content, list):
        return [_plain(item) for item in content]
    if not isinstance(content, dict):
        return content
    return {key: _plain_field(key, value) for key, value in content.items()}


def _plain_field(key: str, value: Any) -> Any:
    if key in VALUES:
        return value
    if key == "information":
        return shown_rung(value)
    return plain_name(value) if key in NAMES and isinstance(value, str) else _plain(value)
