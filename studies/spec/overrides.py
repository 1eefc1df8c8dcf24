"""Values of a study file that are replaced where it is run, by the keys that lead to them."""

from collections.abc import Mapping
from typing import Any

from deviator.errors import InvalidInputError
from deviator.validation import given

from .messages import Place


def overridden(values: Any, settings: Mapping[str, Any]) -> Any:
    """Return values with some of them replaced; what was given is left as it is.

    Parameters
    ----------
    values : object
        As they were read.
    settings : mapping
        New values by path: keys, and places in lists from 0, with dots between.

    Raises
    ------
    InvalidInputError
        If a path leads nowhere.

    Examples
    --------
    >>> overridden({"cells": [{"sigma": 0.1}], "steps": 5}, {"cells.0.sigma": [0.1, 0.2]})
    {'cells': [{'sigma': [0.1, 0.2]}], 'steps': 5}
    """
    for path, value in settings.items():
        values = _with(values, path.split("."), value, path)
    return values


def place_of_path(path: str) -> Place:
    """Return the place in a study file to which a path leads."""
    return tuple(int(step) if step.isdecimal() else step for step in path.split("."))


def _with(values: Any, steps: list[str], value: Any, path: str) -> Any:
    if not steps:
        return value
    step, *rest = steps
    # Aliases of YAML are the same object in several places: what leads to a value is copied.
    if isinstance(values, dict) or values is None:
        known = values or {}
        return known | {step: _with(known.get(step), rest, value, path)}
    if isinstance(values, list) and step.isdecimal() and int(step) < len(values):
        place = int(step)
        new = _with(values[place], rest, value, path)
        return [*values[:place], new, *values[place + 1 :]]
    raise InvalidInputError(
        f"--set {path} must lead to a value by keys, and places in lists from 0, got {step!r} in "
        f"{given(values)}"
    )
