"""What is deviator's own, and so may be believed without being tried."""

import sys
from collections.abc import Iterable, Mapping
from typing import Any

OWN = "deviator"
"""The provider of what is defined in deviator itself."""


def is_ours(thing: Any) -> bool:
    """Return whether a class or function is defined in deviator itself.

    Examples
    --------
    >>> from deviator.mechanisms import SigmaDCDA
    >>> is_ours(SigmaDCDA.clear)
    True
    """
    module = str(getattr(thing, "__module__", ""))
    if module.partition(".")[0] != OWN:
        return False
    # A module's name is easily claimed; what is defined there can also be looked up there.
    defined: Any = sys.modules.get(module)
    for name in str(getattr(thing, "__qualname__", "")).split("."):
        defined = getattr(defined, name, None)
    return defined is thing


def foreign_methods(thing: object, names: Iterable[str]) -> list[str]:
    """Return those of some methods that a third party's class defines or overrides."""
    return [name for name in names if not is_ours(getattr(type(thing), name))]


def is_third_party(plugin: Mapping[str, str]) -> bool:
    """Return whether a plugin, described by its provider, comes from outside deviator."""
    return plugin["provider"] != OWN
