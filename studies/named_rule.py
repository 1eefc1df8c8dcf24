"""Mechanisms that a call gives as objects or by name."""

from typing import Any

from deviator.economies import Economy
from deviator.errors import InvalidInputError
from deviator.mechanisms import Mechanism
from deviator.plugins import build, find_plugin, takes_economy


def named_rule(
    mechanism: Mechanism | str, economy: Economy, parameters: dict[str, Any]
) -> Mechanism:
    """Return the mechanism in question, built where it was named."""
    if isinstance(mechanism, str):
        return _by_name(mechanism, economy, parameters)
    if parameters:
        raise InvalidInputError(
            f"parameters go with a mechanism's name, got {', '.join(parameters)} with an object"
        )
    return mechanism


def _by_name(name: str, economy: Economy, parameters: dict[str, Any]) -> Mechanism:
    settings = dict(parameters)
    if takes_economy(find_plugin("mechanism", name).load()):
        settings.setdefault("economy", economy)
    mechanism: Mechanism = build("mechanism", name, settings)
    return mechanism
