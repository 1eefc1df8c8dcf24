"""What runs on the workers of any executor: a guarded process for each."""

import os
import platform
import time
from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Any, NamedTuple, Self, final

import cloudpickle
import psutil

from deviator.plugins.guarded_pool import GuardedPool
from deviator.plugins.plain_data import PlainError
from deviator.this_machine import start_of_machine

from .limits import Limits

LOOK_S = 2.0
"""Seconds between looks whether the driver is there."""


class Driver(NamedTuple):
    """The process that waits for the answers."""

    machine: str
    pid: int
    created: float

    @classmethod
    def this(cls) -> Self:
        """Return the current process."""
        return cls(_machine(), os.getpid(), psutil.Process().create_time())

    def is_gone(self) -> bool:
        """Return whether it has ended, as far as one can tell from here: on its own machine."""
        if self.machine != _machine():
            return False
        try:
            return bool(psutil.Process(self.pid).create_time() != self.created)
        except psutil.NoSuchProcess:
            return True
        except psutil.Error:
            return False


class Run(NamedTuple):
    """What all tasks of a run have in common; runs with the same one share processes."""

    name: str
    limits: Limits
    preload: tuple[str, ...]
    driver: Driver


def run_on_worker(run: Run, call: bytes) -> tuple[Any, PlainError | None]:
    """Return what a call returns, and what went wrong or None, as data that anybody can pickle.

    Parameters
    ----------
    run : Run
    call : bytes
        An owner, a function and its arguments, pickled.
    """
    owner, work, task = cloudpickle.loads(call)
    try:
        return processes_of(run).run(owner, work, *task), None
    except Exception as error:
        return None, PlainError.of(error)


@final
class Call:
    """A call that is made where its pickle is loaded: there, nothing of deviator is needed before.

    A worker that must import the library to know what it is to run would do so in the thread in
    which it answers its scheduler, which takes it for dead meanwhile.

    Parameters
    ----------
    run : Run
    owner : hashable
        Whose code runs.
    work : callable
    task : tuple
        Its arguments.
    """

    def __init__(
        self, run: Run, owner: Hashable, work: Callable[..., Any], task: tuple[Any, ...]
    ) -> None:
        self._run = run
        self._call = cloudpickle.dumps((owner, work, task))

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Run, bytes]]:
        return run_on_worker, (self._run, self._call)


@lru_cache(maxsize=8)
def processes_of(run: Run) -> GuardedPool:
    """Return the guarded processes that this worker has for a run; idle ones end by themselves."""
    limits = run.limits
    return GuardedPool(
        limits.seconds,
        run.preload,
        memory=limits.memory(os.cpu_count() or 1),
        attempts=limits.attempts,
        is_wanted=_is_wanted(run.driver),
    )


def _is_wanted(driver: Driver) -> Callable[[], bool]:
    """Return a function that says whether anybody waits for answers; it looks now and then."""
    last = [time.monotonic()]

    def is_wanted() -> bool:
        if time.monotonic() - last[0] < LOOK_S:
            return True
        last[0] = time.monotonic()
        return not driver.is_gone()

    return is_wanted


def _machine() -> str:
    """Return a name that two processes share only if they see each other's ids."""
    return f"{platform.node()} {start_of_machine()}"
