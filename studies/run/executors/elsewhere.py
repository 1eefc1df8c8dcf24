"""Tasks on the workers of any executor, which run each in a guarded process of theirs."""

import pickle
import secrets
from collections.abc import Callable, Generator, Hashable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from typing import Any

from deviator.plugins.guarded_pool import Ended, Task, ended_in_window

from .limits import Limits
from .lost import ExecutorLostError
from .on_worker import Call, Driver, Run, processes_of


def new_run(limits: Limits, preload: tuple[str, ...]) -> Run:
    """Return what the tasks of a run that begins here have in common."""
    return Run(secrets.token_hex(8), limits, preload, Driver.this())


def run_elsewhere(
    work: Callable[..., Any],
    tasks: Iterator[Task],
    executor: Executor,
    workers: int,
    run: Run,
    owner: Callable[[Task], Hashable],
) -> Generator[Ended, None, None]:
    """Yield tasks as they end on an executor's workers.

    Raises
    ------
    ExecutorLostError
        If the executor is broken or shut down: what has not ended is to be run again.
    """

    def submit(task: Task) -> Future[Any]:
        call = pickle.dumps(Call(run, owner(task), work, task))
        try:
            return executor.submit(pickle.loads, call)
        except Exception as error:
            # It is somebody else's, and takes no more for reasons of its own.
            raise _lost(executor, error) from None

    # Threads of this process share these; a process has its own.
    here = processes_of(run)
    own = getattr(executor, "_max_workers", None)
    width = max(workers, own if isinstance(own, int) else 0) + 1
    try:
        for ended in ended_in_window(submit, tasks, lambda: width):
            if isinstance(ended.error, BrokenExecutor | CancelledError):
                raise _lost(executor, ended.error) from None
            yield opened(ended)
    finally:
        here.leave()


def opened(ended: Ended) -> Ended:
    """Return a task with what its work returned or raised, not with what it travelled in."""
    if ended.error is not None:
        return ended
    value, error = ended.value
    return Ended(ended.task, value, None if error is None else error.to_error())


def _lost(executor: Executor, error: BaseException) -> ExecutorLostError:
    name = type(executor).__name__
    return ExecutorLostError(
        f"{name} must keep its workers, and is lost ({type(error).__name__}: {error}); finished "
        "cells are kept, run the same again with a new one"
    )
