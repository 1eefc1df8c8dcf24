"""Plugins looked up once in a block, as the expansion of a study needs thousands of times."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

Found = TypeVar("Found")

_FOUND: ContextVar[dict[Hashable, Any] | None] = ContextVar("found", default=None)


@contextmanager
def looked_up_once() -> Iterator[None]:
    """Read what is installed, and each plugin file, once in this block.

    What changes meanwhile is not seen.

    Examples
    --------
    >>> from deviator.plugins import find_plugin
    >>> with looked_up_once():
    ...     find_plugin("learner", "ppo") is find_plugin("learner", "ppo")
    True
    """
    token = _FOUND.set(_FOUND.get() or {})
    try:
        yield
    finally:
        _FOUND.reset(token)


def once(what: Hashable, look: Callable[[], Found]) -> Found:
    """Return what was found in this block, or else look; outside of a block always look."""
    found = _FOUND.get()
    if found is None:
        return look()
    if what not in found:
        found[what] = look()
    answer: Found = found[what]
    return answer
