"""Public names and settings that are replaced: the old ones warn, and work until a stated version.

Functions and classes that end without a successor of another name are marked with
`typing_extensions.deprecated`, which type checkers know too.
"""

import functools
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Any, ParamSpec, TypeVar, final

from .errors import InvalidInputError

P = ParamSpec("P")
R = TypeVar("R")


@final
@dataclass(frozen=True)
class Moved:
    """Where a public name is now, and how long the old one works.

    Parameters
    ----------
    to : str
        The new name in full, such as ``"deviator.evidence.type_grid_regret"``.
    since : str
        The version that moved it.
    removed : str
        The first version without the old name.
    """

    to: str
    since: str
    removed: str


MOVED: Mapping[str, Moved] = MappingProxyType({})
"""All old names that still work, each in full. Releases up to now have moved none."""


def moved_name(old: str, moved: Moved) -> Any:
    """Return what an old name stands for, with a warning at the line that uses it.

    Parameters
    ----------
    old : str
        The old name in full.
    moved : Moved
        Where it is now.

    Examples
    --------
    >>> import warnings
    >>> with warnings.catch_warnings(record=True, action="always") as told:
    ...     found = moved_name("deviator.old_name", Moved("math.sqrt", "0.2.0", "0.4.0"))
    >>> found(4.0)
    2.0
    """
    _warn(f"{old} is {moved.to} since deviator {moved.since}", moved.removed, stacklevel=4)
    module, _, name = moved.to.rpartition(".")
    return getattr(import_module(module), name)


def renamed_setting(
    old: str, new: str, *, since: str, removed: str
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Return a decorator under which a function still takes a keyword by its old name.

    Parameters
    ----------
    old, new : str
        The keyword's old and new name.
    since, removed : str
        The version that renamed it, and the first one without the old name.

    Raises
    ------
    InvalidInputError
        When the function is called with both names.

    Examples
    --------
    >>> import warnings
    >>> @renamed_setting("n", "n_traders", since="0.2.0", removed="0.4.0")
    ... def size(n_traders):
    ...     return n_traders
    >>> with warnings.catch_warnings(record=True, action="always") as told:
    ...     size(n=3)
    3
    """

    def decorated(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def taking_both(*args: P.args, **settings: P.kwargs) -> R:
            if old in settings:
                if new in settings:
                    raise InvalidInputError(f"{old} is the old name of {new}; give {new} alone")
                _warn(f"{old}= is {new}= since deviator {since}", removed, stacklevel=3)
                settings[new] = settings.pop(old)
            return function(*args, **settings)

        return taking_both

    return decorated


def _warn(change: str, removed: str, *, stacklevel: int) -> None:
    text = f"{change}; the old name ends with deviator {removed}"
    warnings.warn(text, DeprecationWarning, stacklevel=stacklevel)
