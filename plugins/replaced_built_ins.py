"""Whether a plugin changed deviator itself, whose rows would then be about something else.

This finds what plugins do in passing, such as a method that is mended for a moment. A plugin that
also hides what it does can say anything about its own cells: it shares their process.
"""

import sys
from collections.abc import Iterator
from types import FunctionType, ModuleType

from deviator.errors import PluginLoadError
from deviator.trust import OWN, replaced_methods

from .provenance import FILE_MODULE

WRITTEN_BY_PYTHON = frozenset(
    ["_make", "_replace", "_asdict", "_generate_next_value_", "_new_member_", "_value_repr_"]
)
"""Methods of named tuples and enumerations that Python writes, as those with two underscores."""


def check_built_ins() -> None:
    """Check that methods and functions of deviator are its own.

    Raises
    ------
    PluginLoadError
        If somebody put another in their place.
    """
    replaced = sorted(set(_replaced()))
    if replaced:
        raise PluginLoadError(
            f"plugins must leave deviator as it is, and {', '.join(replaced)} was replaced; derive "
            "a class, or wrap the rule, and change that"
        )


def _replaced() -> Iterator[str]:
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == OWN:
            yield from _replaced_in(module)


def _replaced_in(module: ModuleType) -> Iterator[str]:
    for name, value in list(vars(module).items()):
        if isinstance(value, type) and value.__module__ == module.__name__:
            for method in replaced_methods(value):
                if not (method.startswith("__") or method in WRITTEN_BY_PYTHON):
                    yield f"{value.__name__}.{method}"
        elif isinstance(value, FunctionType) and str(value.__module__).startswith(FILE_MODULE):
            yield f"{module.__name__}.{name}"
