"""Several guarded processes that share tasks, each lost one replaced."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from math import inf
from queue import SimpleQueue
from typing import Any, NamedTuple

from .guard import Guard, ProcessEndedError


class Ended(NamedTuple):
    """A task that came to its end: what it returned, or the error that it raised."""

    task: tuple[Any, ...]
    value: Any
    error: Exception | None


def run_in_processes(
    work: Callable[..., Any],
    tasks: Sequence[tuple[Any, ...]],
    workers: int,
    *,
    limit_s: float = inf,
    preload: tuple[str, ...] = (),
    attempts: int = 1,
    owner: Callable[[tuple[Any, ...]], Hashable] = lambda _: None,
) -> Iterator[Ended]:
    """Run ``work(*task)`` for each task in guarded processes, and yield each task as it ends.

    Parameters
    ----------
    work : callable
    tasks : sequence of tuple
    workers : int
        Processes, at most.
    limit_s, preload
        As in `Guard`.
    attempts : int
        How often a task is tried whose process ends under it.
    owner : callable
        Whose code a task runs. Tasks of different owners never share a process.
    """
    free: SimpleQueue[tuple[Guard, Hashable]] = SimpleQueue()
    everyone = [Guard(limit_s, preload) for _ in range(min(workers, len(tasks)))]
    for guard in everyone:
        free.put((guard, None))

    def attempt(task: tuple[Any, ...]) -> Ended:
        guard, last = free.get()
        if owner(task) != last:
            guard.close()
        try:
            return Ended(task, _run(guard, work, task, attempts), None)
        except Exception as error:
            return Ended(task, None, error)
        finally:
            free.put((guard, owner(task)))

    with ThreadPoolExecutor(max(len(everyone), 1)) as threads:
        try:
            futures = [threads.submit(attempt, task) for task in tasks]
            for future in as_completed(futures):
                yield future.result()
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
            for guard in everyone:
                guard.leave()


def _run(guard: Guard, work: Callable[..., Any], task: tuple[Any, ...], attempts: int) -> Any:
    for _ in range(1, attempts):
        try:
            return guard.run(work, *task)
        except ProcessEndedError:
            continue
    return guard.run(work, *task)
