"""Names and settings of an entry that nothing has, all of them, before anything is built."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from deviator.errors import DeviatorError, InvalidInputError, PluginLoadError
from deviator.plugins import OWN, Kind
from deviator.plugins.spec import unknown_parameter

from .economies import Economies
from .entries import CellsSpec, ControlSpec
from .grid import choices
from .market import BELIEVED
from .names import Names

Check = Callable[[], object]
"""Looks something up, and raises where it is not there."""


def wrong_names(entry: CellsSpec, names: Names, economies: Economies) -> Iterator[tuple[str, str]]:
    """Yield the keys of an entry whose values nothing has, each with the reason.

    Plugins of third parties are looked up and not imported; what cannot be loaded is left for when
    it is used.
    """
    for key, check in _checks(entry, names, economies):
        try:
            check()
        except PluginLoadError:
            continue
        except DeviatorError as error:
            yield key, str(error)


def _checks(entry: CellsSpec, names: Names, economies: Economies) -> Iterator[tuple[str, Check]]:
    yield from _of_rule(entry, "", names, economies)
    for rung in choices(entry.information):
        yield "information", partial(names.rung, rung)
    for learner in choices(entry.learner) if entry.learner else ():
        if not learner.is_none:
            yield "learner", partial(names.plugin, "learner", learner.name)
            yield "learner", _settings("learner", learner.name, learner.settings, names)
    if entry.control is not None:
        yield from _of_rule(entry.control, "control.", names, economies)


def _of_rule(
    rule: CellsSpec | ControlSpec, within: str, names: Names, economies: Economies
) -> Iterator[tuple[str, Check]]:
    for name in choices(rule.mechanism):
        yield f"{within}mechanism", partial(names.plugin, "mechanism", name)
        yield f"{within}parameters", _settings("mechanism", name, rule.parameters, names)
    for name in choices(rule.strategy):
        # Beliefs are an economy's, which the strategy is built in.
        own = {key: value for key, value in rule.strategy_parameters.items() if key != BELIEVED}
        settings = _settings("policy", name, own, names)
        yield f"{within}strategy", partial(names.plugin, "policy", name)
        yield f"{within}strategy_parameters", settings
    for name in filter(None, choices(rule.economy)):
        yield f"{within}economy", partial(economies.stated, name)


def _settings(kind: Kind, name: str, settings: Mapping[str, Any], names: Names) -> Check:
    return partial(_check_settings, kind, name, settings, names)


def _check_settings(kind: Kind, name: str, settings: Mapping[str, Any], names: Names) -> None:
    """Raise where a plugin of ours does not take the settings; names are checked elsewhere."""
    try:
        plugin = names.plugin(kind, name)
    except DeviatorError:
        return
    if plugin.provider == OWN:
        known = names.signature(kind, name).parameters
        wrong = unknown_parameter(kind, plugin.name, settings, known)
        if wrong:
            raise InvalidInputError(wrong)
