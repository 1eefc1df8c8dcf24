"""Tasks become answers, on the executor that was asked for."""

from collections.abc import Callable, Generator, Hashable, Iterator
from concurrent.futures import Executor
from typing import Any

from deviator.errors import InvalidInputError
from deviator.plugins.guarded_pool import Ended, GuardedPool, Task, run_in_processes
from deviator.validation import given, whole_number

from .elsewhere import new_run, run_elsewhere
from .in_turn import run_in_turn
from .limits import Limits

EXECUTORS = ("processes", "serial", "dask")
"""Names of executors."""

Work = Callable[..., Any]
"""What is done for a task; it returns plain data."""


def execute(
    work: Work,
    tasks: Iterator[Task],
    executor: str | Executor = "processes",
    *,
    workers: int,
    limits: Limits = Limits(),  # noqa: B008
    owner: Callable[[Task], Hashable] = lambda _: None,
    preload: tuple[str, ...] = (),
    address: str | None = None,
) -> Generator[Ended, None, None]:
    """Compute ``work(*task)`` for each task, and yield tasks as they end, in any order.

    Parameters
    ----------
    work : callable
        Returns plain data: numbers, texts, arrays, and lists and dicts of them.
    tasks : iterator of tuple
        Read in this thread as workers become free: about `workers` are out at a time.
    executor : str or concurrent.futures.Executor
        ``"processes"``: guarded interpreters of this machine. ``"serial"``: one task after the
        other. ``"dask"``: the workers of the scheduler at `address`, without one those of a
        cluster that is started on this machine. Or any executor; its workers need what this
        process has installed, and keep their own guarded process each.
    workers : int
        How many tasks run at a time, where that is not for the executor to say. One alone is
        ``"serial"``.
    limits : Limits
        They hold on every executor. Where none is stated, tasks without an owner run in this
        process if the executor is serial.
    owner : callable
        Whose code a task runs, None for the package's own. Tasks of different owners never
        share a process.
    preload : tuple of str
        Modules that processes import before the time of their first task begins.
    address : str, optional
        Of a Dask scheduler.

    Yields
    ------
    Ended
        A task, with what it returned or with the error that it raised. The error of one whose
        process ended is `ProcessEndedError`, after `limits.attempts`.

    Raises
    ------
    InvalidInputError
        If there is no such executor.
    ExecutorLostError
        If the executor lost its workers, or Dask its scheduler for good.
    """
    workers = whole_number("workers", workers, at_least=1)
    if address is not None and executor != "dask":
        raise InvalidInputError(
            f"address must be left out where executor is not 'dask', got {given(address)}"
        )
    if isinstance(executor, Executor):
        run = new_run(limits, preload)
        return run_elsewhere(work, tasks, executor, workers, run, owner)
    if executor == "dask":
        from .dask_cluster import run_on_dask

        return run_on_dask(work, tasks, address, workers, new_run(limits, preload), owner)
    if executor not in EXECUTORS:
        raise InvalidInputError(
            f"executor must be {', '.join(EXECUTORS[:-1])} or {EXECUTORS[-1]}, or a "
            f"concurrent.futures.Executor, got {given(executor)}"
        )
    settings: dict[str, Any] = {"memory": limits.memory(workers), "attempts": limits.attempts}
    if executor == "serial" or workers == 1:
        pool = GuardedPool(limits.seconds, preload, **settings)
        needs_process = lambda task: not (limits.is_none_stated and owner(task) is None)  # noqa: E731
        return run_in_turn(work, tasks, pool, needs_process, owner)
    settings |= {"limit_s": limits.seconds, "preload": preload, "owner": owner}
    return run_in_processes(work, tasks, workers, **settings)
