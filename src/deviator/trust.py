"""What is deviator's own, and so may be believed without being tried."""

import dataclasses
import os
import sys
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from types import BuiltinFunctionType, FunctionType
from typing import Any

OWN = "deviator"
"""The provider of what is defined in deviator itself."""

FOLDER = str(Path(__file__).parent) + os.sep
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
        if name != SHOWS and not all(_is_written_here(name, part) for part in _functions_of(value))
    ]


GENERATED = frozenset(
    ["__init__", "__eq__", "__hash__", "__setattr__", "__delattr__", "__replace__"]
)
"""Methods that a dataclass is given; only `__replace__`, from Python 3.13 on, has a file."""

SHOWS = "__repr__"
"""A dataclass's comes from Python's own library, and decides nothing."""


def _is_written_here(name: str, function: Any) -> bool:
    if not isinstance(function, FunctionType):
        # Of callables, only classes stand as they are among the attributes of a class.
        return isinstance(function, type | BuiltinFunctionType) or not callable(function)
    file = function.__code__.co_filename
    return file.startswith(FOLDER) or is_generated(name, function)


def is_generated(name: str, method: FunctionType) -> bool:
    """Return whether a method is one that Python gives every dataclass."""
    if name == "__replace__":
        return method is getattr(dataclasses, "_replace", None)
    return name in GENERATED and method.__code__.co_filename == "<string>"


def _functions_of(value: Any) -> list[Any]:
    """Return the functions behind a class attribute."""
    if isinstance(value, property):
        return [value.fget, value.fset, value.fdel]
    if isinstance(value, cached_property):
        return [value.func]
    return [getattr(value, "__func__", value)]


def foreign_methods(thing: object, names: Iterable[str]) -> list[str]:
    """Return those of some methods that a third party's class defines or overrides."""
    return [name for name in names if not is_ours(getattr(type(thing), name))]


def is_third_party(plugin: Mapping[str, str]) -> bool:
    """Return whether a plugin, described by its provider, comes from outside deviator."""
    return plugin["provider"] != OWN
