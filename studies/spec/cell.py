"""One fully specified experiment, and the digest that its results are kept under."""

import hashlib
import json
from functools import cached_property
from typing import Any

from pydantic import Field

import deviator
from deviator.harmless import file_name
from deviator.plugins import find_plugin
from deviator.plugins.rungs import described_rung, rung_named, shown_rung
from deviator.policies import Information
from deviator.trust import is_third_party

from .learner import LearnerSpec
from .market import MarketSpec, Spec
from .naming import plain_name

SCHEMA = 4
"""Part of every cell's key; raised when results of older code must not be reused."""


class Cell(Spec):
    """One fully specified experiment of a study.

    Attributes
    ----------
    information : str
        The name of the rung on which the deviator looks, with its file where a plugin defines it.
    control : MarketSpec or None
        The matched control, the market itself where deviating pays; None where the bid language
        has no control.
    """

    market: MarketSpec
    information: str = "profile"
    control: MarketSpec | None
    learner: LearnerSpec = LearnerSpec()
    steps: int = Field(gt=0)
    seeds: tuple[int, ...]
    held_out: int = Field(ge=100)

    @cached_property
    def plugins(self) -> list[dict[str, str]]:
        """Kind, name, provider and version of everything that takes part, each once."""
        learner = find_plugin("learner", self.learner.name).describe()
        rung = described_rung(self.information)
        markets = [self.market] if self.control is None else [self.market, self.control]
        plugins = [*(plugin for market in markets for plugin in market.plugins()), learner, *rung]
        distinct = {tuple(plugin.items()) for plugin in plugins}
        return [dict(items) for items in sorted(distinct)]

    @property
    def third_party(self) -> list[dict[str, str]]:
        """The plugins among these that are not deviator's own."""
        return [plugin for plugin in self.plugins if is_third_party(plugin)]

    @cached_property
    def key(self) -> str:
        """Digest of the specification: the same key means the same result.

        Plugins count by name, provider and version, not by where their files lie.
        """
        return self._key_with(self.learner.build_learner().settings())

    def with_learner_settings(self, settings: dict[str, Any]) -> "Cell":
        """Return the cell with its key, for which its learner is not built here."""
        cell = self.model_copy()
        cell.__dict__["key"] = self._key_with(settings)
        return cell

    def _key_with(self, settings: dict[str, Any]) -> str:
        """Return the digest where the learner has these settings."""
        content = _plain(self.model_dump(mode="json")) | {
            "settings": settings,
            "plugins": self.plugins,
            "schema": SCHEMA,
            "version": deviator.__version__,
        }
        text = json.dumps(content, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def rung(self) -> Information:
        """What the deviator knows, as the rung itself where it is a plugin."""
        return rung_named(self.information)

    @property
    def is_control(self) -> bool:
        """Whether this cell is the control of others: a market where deviating pays."""
        return self.market == self.control

    def controls(self, cell: "Cell") -> bool:
        """Return whether this cell is another's matched control: same learner, same budget."""
        return (self.market, self.information, self.learner, self.steps) == (
            cell.control,
            cell.information,
            cell.learner,
            cell.steps,
        )

    def label(self) -> str:
        """Return a short name that can be a folder's."""
        market = self.market
        n = market.economy.parameters.get("n_traders", "")
        sigma = "" if market.sigma is None else f"-{market.sigma}".replace("-sigma-", "-sigma_")
        role = "" if market.trader == 0 else f"-{market.trader}"
        name = f"{market.title}{sigma}-{market.economy.name}{n}{self._strategy()}{role}"
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
