"""Worker processes that survive each other: a killed worker costs its task a retry, no more."""

from collections.abc import Callable, Collection, Hashable, Iterator
from typing import Any, TypeVar

from deviator.errors import DeviatorError, ResultsError
from deviator.harmless import one_line
from deviator.plugins import list_plugins
from deviator.plugins.guarded_pool import Ended, run_in_processes
from deviator.trust import OWN

ATTEMPTS = 3
"""How often a task is tried whose worker dies under it."""

First = TypeVar("First")


def modules_of(learners: Collection[str]) -> tuple[str, ...]:
    """Return the modules of built-in learners: their import takes longer than many cells."""
    return tuple(
        spec.target.partition(":")[0]
        for spec in list_plugins("learner")
        if spec.provider == OWN and spec.name in learners
    )


def run_tasks(
    work: Callable[..., None],
    tasks: list[tuple[First, Any]],
    workers: int,
    preload: tuple[str, ...] = (),
) -> Iterator[tuple[First, str | None]]:
    """Run ``work(*task)`` for each task and yield each task's first item as it ends.

    Parameters
    ----------
    work : callable
        Runs in a worker process; leaves its result on disk.
    tasks : list of tuple
    workers : int
        1 runs everything in this process.
    preload : tuple of str
        Modules that workers import before they start.

    Yields
    ------
    tuple
        The first item of a task, and what went wrong or None.

    Raises
    ------
    ResultsError
        If results cannot be written: going on would lose work.
    """
    if workers == 1 or len(tasks) <= 1:
        for task in tasks:
            yield task[0], _attempt(work, task)
        return
    ended = run_in_processes(work, tasks, workers, preload=preload, attempts=ATTEMPTS)
    for task, _, error in ended:
        if isinstance(error, ResultsError):
            raise error
        yield task[0], None if error is None else described(error)


def run_guarded_tasks(
    work: Callable[..., Any],
    tasks: list[tuple[First, Any]],
    workers: int,
    limit_s: float,
    owner: Callable[[First], Hashable],
    preload: tuple[str, ...] = (),
) -> Iterator[Ended]:
    """Run ``work(*task)`` where tasks may hang or end their process, and yield what they return.

    Parameters
    ----------
    work, tasks, workers, preload
        As in `run_tasks`; every task runs in a worker process.
    limit_s : float
        Seconds that one task may take.
    owner : callable
        Whose code runs, by a task's first item. Different owners never share a process.
    """
    return run_in_processes(
        work, tasks, workers, limit_s=limit_s, preload=preload, owner=lambda task: owner(task[0])
    )


def described(error: Exception) -> str:
    """Return an error as one line."""
    text = one_line(str(error))
    return text if isinstance(error, DeviatorError) else f"{type(error).__name__}: {text}"


def _attempt(work: Callable[..., None], task: tuple[Any, Any]) -> str | None:
    try:
        work(*task)
    except ResultsError:
        raise
    except Exception as error:
        return described(error)
    return None
