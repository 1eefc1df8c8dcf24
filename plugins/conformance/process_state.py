"""State that all code in a process shares, and that a plugin must leave as it is."""

import datetime
import os
import random
import signal
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np

CLOCKS = ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")

THREADS = "the threads that run"

LATER_S = 1_000_003
"""Seconds by which the shifted clocks are ahead: eleven days, and not whole minutes."""


def process_state() -> dict[str, Any]:
    """Return the state that all code in this process shares, by name."""
    state = np.random.get_state(legacy=False)["state"]  # noqa: NPY002
    return {
        "numpy's global random state": (state["key"].tolist(), state["pos"]),
        "the random module's state": random.getstate(),
        "numpy's error handling": np.geterr(),
        "the warning filters": list(warnings.filters),
        "numpy's way of printing": np.get_printoptions(),
        "the environment": dict(os.environ),
        "the current folder": os.getcwd(),
        "the places of modules": set(sys.path),
        "the depth of recursion": sys.getrecursionlimit(),
        "what interrupts do": signal.getsignal(signal.SIGINT),
        THREADS: {thread.ident for thread in threading.enumerate()},
    }


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return the names of what is not as it was; of threads, only new ones are a change."""
    return [
        name
        for name, value in after.items()
        if (value - before[name] if name == THREADS else value != before[name])
    ]


def assert_same_state(subject: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    """Assert that process-wide state is as before; `subject` names who must leave it alone."""
    changed = changes(before, after)
    assert not changed, f"{subject} must leave {' and '.join(changed)} alone, and changed it"


class _Later(datetime.datetime):
    """A date and time that is ahead."""

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        """Return the time, ahead."""
        return datetime.datetime.fromtimestamp(_TIME() + LATER_S, tz)

    @classmethod
    def today(cls) -> Any:
        """Return the local time, ahead."""
        return cls.now()

    @classmethod
    def utcnow(cls) -> Any:
        """Return the time in UTC, ahead."""
        return cls.now(datetime.UTC).replace(tzinfo=None)


class _LaterDate(datetime.date):
    """A calendar that is ahead."""

    @classmethod
    def today(cls) -> Any:
        """Return the date, ahead."""
        return datetime.date.fromtimestamp(_TIME() + LATER_S)


_TIME = time.time


@contextmanager
def shifted_clock(subject: Any) -> Iterator[None]:
    """Set the clocks ahead, also where the plugin's module imported them under names of its own."""
    clocks = _clocks()
    module = sys.modules.get(type(subject).__module__)
    own = {} if module is None else vars(module)
    bound = {
        name: later
        for name, value in own.items()
        for original, later in clocks.values()
        if value is original
    }
    with ExitStack() as stack:
        for (owner, name), (_, later) in clocks.items():
            stack.enter_context(patch.object(owner, name, later))
        if bound:
            stack.enter_context(patch.dict(own, bound))
        yield


def _clocks() -> dict[tuple[Any, str], tuple[Any, Any]]:
    """Return each clock with one that is ahead, by its module and name."""
    clocks: dict[tuple[Any, str], tuple[Any, Any]] = {}
    for name in CLOCKS:
        clock = getattr(time, name)
        ahead = LATER_S * (1_000_000_000 if name.endswith("_ns") else 1)
        clocks[time, name] = (clock, _ahead(clock, ahead))
    clocks[datetime, "datetime"] = (datetime.datetime, _Later)
    clocks[datetime, "date"] = (datetime.date, _LaterDate)
    return clocks


def _ahead(clock: Any, ahead: int) -> Any:
    return lambda: clock() + ahead
