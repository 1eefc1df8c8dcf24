"""Where in the code of a plugin an error arose."""

import sys
from pathlib import Path
from traceback import walk_tb
from typing import Any

from deviator.harmless import one_line
from deviator.trust import OWN

LIBRARIES = frozenset(
    {
        OWN,
        "numpy",
        "scipy",
        "pandas",
        "torch",
        "gymnasium",
        "pettingzoo",
        "stable_baselines3",
        "cma",
    }
)
"""Packages that plugins call: an error that arises there arose where they were called."""


def place_of(error: BaseException) -> str:
    """Return the file and line of a plugin that an error came through last; empty without one."""
    for frame, line in reversed(list(walk_tb(error.__traceback__))):
        if _is_of_a_plugin(frame.f_globals.get("__name__")):
            return f"{one_line(Path(frame.f_code.co_filename).name, 80)}, line {line}"
    return ""


def with_place(text: str, error: BaseException) -> str:
    """Return the text of an error, and behind it its place in brackets, if it has one."""
    place = place_of(error)
    return f"{text.rstrip()} ({place})" if place else text


def _is_of_a_plugin(module: Any) -> bool:
    """Return whether the module of this name is neither a library's nor Python's."""
    top = module.partition(".")[0] if type(module) is str else ""
    return top not in LIBRARIES and top not in sys.stdlib_module_names
