"""Worker processes that survive each other: a killed worker costs its task a retry, no more."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from queue import SimpleQueue
from typing import Any, TypeVar

from loky import get_reusable_executor
from loky.process_executor import TerminatedWorkerError

from deviator.errors import DeviatorError, ResultsError
from deviator.plugins.guard import Guard, mark_as_guarded

LEARNING = ("deviator.learners.ppo",)
"""What nearly every cell imports, which takes longer than many cells."""

ATTEMPTS = 3
"""How often a task is tried whose worker dies under it."""

First = TypeVar("First")


def run_tasks(
    work: Callable[..., None], tasks: list[tuple[First, Any]], workers: int
) -> Iterator[tuple[First, str | None]]:
    """Run ``work(*task)`` for each task and yield each task's first item as it ends.

    Parameters
    ----------
    work : callable
        Runs in a worker process; leaves its result on disk.
    tasks : list of tuple
    workers : int
        1 runs everything in this process.

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
    waiting = tasks
    for _ in range(1, ATTEMPTS):
        died: list[tuple[First, Any]] = []
        for task, error in _run_once(work, waiting, workers):
            if isinstance(error, TerminatedWorkerError):
                died.append(task)
            else:
                yield task[0], _described(error)
        waiting = died
    # One at a time, so that a task that takes its process down takes no other with it.
    for task in waiting:
        for _, error in _run_once(work, [task], 1):
            yield task[0], _described(error)


def run_guarded_tasks(
    work: Callable[..., None], tasks: list[tuple[First, Any]], workers: int, limit_s: float
) -> Iterator[tuple[First, str | None]]:
    """Run ``work(*task)`` as `run_tasks` does, where tasks may hang or end their process.

    Each worker is a process of its own, which is replaced where a task takes too long or ends it.

    Parameters
    ----------
    work, tasks, workers
        As in `run_tasks`.
    limit_s : float
        Seconds that one task may take.
    """
    everyone = [Guard(limit_s, LEARNING) for _ in range(min(workers, len(tasks)))]
    free: SimpleQueue[Guard] = SimpleQueue()
    for guard in everyone:
        free.put(guard)

    def attempt(task: tuple[First, Any]) -> str | None:
        guard = free.get()
        try:
            guard.run(work, *task)
        except Exception as error:
            return _described(error)
        finally:
            free.put(guard)
        return None

    with ThreadPoolExecutor(max(len(everyone), 1)) as threads:
        try:
            futures = {threads.submit(attempt, task): task for task in tasks}
            for future in as_completed(futures):
                yield futures[future][0], future.result()
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
            for guard in everyone:
                guard.close()


def _run_once(
    work: Callable[..., None], tasks: list[tuple[First, Any]], workers: int
) -> Iterator[tuple[tuple[First, Any], BaseException | None]]:
    if not tasks:
        return
    executor = get_reusable_executor(
        max_workers=min(workers, len(tasks)), reuse=False, initializer=_leave_interrupts_to_parent
    )
    futures: dict[Future[None], tuple[First, Any]] = {
        executor.submit(work, *task): task for task in tasks
    }
    finished = False
    try:
        for future in as_completed(futures):
            yield futures[future], future.exception()
        finished = True
    finally:
        executor.shutdown(wait=True, kill_workers=not finished)


def _leave_interrupts_to_parent() -> None:
    """Ignore Ctrl-C in workers: the parent ends them, without their tracebacks."""
    mark_as_guarded()


def _attempt(work: Callable[..., None], task: tuple[Any, Any]) -> str | None:
    try:
        work(*task)
    except Exception as error:
        return _described(error)
    return None


def _described(error: BaseException | None) -> str | None:
    """Return an error as one line; a full disk or a broken results folder ends the run."""
    if error is None:
        return None
    if isinstance(error, ResultsError):
        raise error
    if isinstance(error, DeviatorError):
        return str(error)
    return f"{type(error).__name__}: {error}".split("\n")[0]
