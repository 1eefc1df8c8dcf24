"""What is deviator's own, and so may be believed without being tried."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from types import FunctionType
from typing import Any

OWN = "deviator"
"""The provider of what is defined in deviator itself."""

FOLDER = str(Path(__file__).parent)
"""Where deviator's own code lies."""


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


def replaced_methods(kind: type) -> list[str]:
    """Return those methods of one of deviator's classes that somebody else has put there.

    Examples
    --------
    >>> from deviator.mechanisms import SigmaDCDA
    >>> replaced_methods(SigmaDCDA)
    []
    """
    return [
        name
        for name, value in vars(kind).items()
        # What a dataclass generates has no file.
        if not name.startswith("__")
        and any(not code.startswith(FOLDER) for code in _files_of(value))
    ]


def _files_of(value: Any) -> Iterator[str]:
    """Return the files in which the functions behind a class attribute are written."""
    if isinstance(value, property):
        parts = [value.fget, value.fset, value.fdel]
    elif isinstance(value, cached_property):
        parts = [value.func]
    else:
        parts = [getattr(value, "__func__", value)]
    for part in parts:
        if isinstance(part, FunctionType):
            yield part.__code__.co_filename


def foreign_methods(thing: object, names: Iterable[str]) -> list[str]:
    """Return those of some methods that a third party's class defines or overrides."""
    return [name for name in names if not is_ours(getattr(type(thing), name))]


def is_third_party(plugin: Mapping[str, str]) -> bool:
    """Return whether a plugin, described by its provider, comes from outside deviator."""
    return plugin["provider"] != OWN
