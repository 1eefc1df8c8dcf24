"""Several guarded processes that share tasks, each lost one replaced."""

from collections.abc import Callable, Generator, Hashable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from itertools import islice
from math import inf
from threading import Lock
from typing import Any, NamedTuple, Self, final

from .guard import Guard, ProcessEndedError

Task = tuple[Any, ...]


class Ended(NamedTuple):
    """A task that came to its end: what it returned, or the error that it raised."""

    task: Task
    value: Any
    error: Exception | None


@final
class GuardedPool:
    """Guarded processes that calls share; calls of different owners never share a process.

    Parameters
    ----------
    limit_s, preload, memory
        As in `Guard`.
    attempts : int
        How often a call is tried whose process ends under it.
    is_wanted : callable, optional
        As in `Guard`.
    """

    def __init__(
        self,
        limit_s: float = inf,
        preload: tuple[str, ...] = (),
        *,
        memory: int | None = None,
        attempts: int = 1,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        self._new_guard = partial(
            Guard, limit_s, preload, memory=memory, one_thread=True, is_wanted=is_wanted
        )
        self._attempts = attempts
        self._lock = Lock()
        self._free: list[tuple[Guard, Hashable]] = []
        self._everyone: list[Guard] = []
        self._is_left = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def run(self, owner: Hashable, work: Callable[..., Any], *arguments: Any) -> Any:
        """Return ``work(*arguments)``, computed in a process in which nobody else's code ran.

        Raises
        ------
        GuardError
            As `Guard.run` does; `ProcessEndedError` after the last attempt.
        """
        guard = self._take(owner)
        try:
            return self._tried(guard, work, arguments)
        finally:
            guard.tidy()
            with self._lock:
                self._free.append((guard, owner))

    def leave(self) -> None:
        """End all processes, and start no others."""
        with self._lock:
            self._is_left = True
            everyone = list(self._everyone)
        for guard in everyone:
            guard.leave()

    def _take(self, owner: Hashable) -> Guard:
        """Return a guard that no other call uses."""
        with self._lock:
            place = next((at for at, (_, last) in enumerate(self._free) if last == owner), None)
            if place is not None:
                return self._free.pop(place)[0]
            if self._free:
                guard = self._free.pop()[0]
            else:
                guard = self._new_guard()
                self._everyone.append(guard)
                if self._is_left:
                    guard.leave()
        guard.close()
        return guard

    def _tried(self, guard: Guard, work: Callable[..., Any], arguments: Task) -> Any:
        for _ in range(1, self._attempts):
            try:
                return guard.run(work, *arguments)
            except ProcessEndedError:
                continue
        try:
            return guard.run(work, *arguments)
        except ProcessEndedError as error:
            if self._attempts == 1:
                raise
            raise ProcessEndedError(f"{error}, {self._attempts} times") from None


def run_in_processes(
    work: Callable[..., Any],
    tasks: Iterable[Task],
    workers: int,
    *,
    limit_s: float = inf,
    preload: tuple[str, ...] = (),
    memory: int | None = None,
    attempts: int = 1,
    owner: Callable[[Task], Hashable] = lambda _: None,
) -> Generator[Ended, None, None]:
    """Run ``work(*task)`` for each task in guarded processes, and yield each task as it ends.

    Parameters
    ----------
    work : callable
    tasks : iterable of tuple
        Read as workers become free, in this thread.
    workers : int
        Processes, at most.
    limit_s, preload, memory
        As in `Guard`.
    attempts : int
        How often a task is tried whose process ends under it.
    owner : callable
        Whose code a task runs. Tasks of different owners never share a process.
    """
    pool = GuardedPool(limit_s, preload, memory=memory, attempts=attempts)
    threads = ThreadPoolExecutor(workers)

    def submit(task: Task) -> Future[Any]:
        return threads.submit(pool.run, owner(task), work, *task)

    try:
        yield from ended_in_window(submit, iter(tasks), lambda: workers + 1)
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
        pool.leave()


def ended_in_window(
    submit: Callable[[Task], Future[Any]], tasks: Iterator[Task], width: Callable[[], int]
) -> Generator[Ended, None, None]:
    """Yield tasks as they end, of which about `width()` are out at a time."""
    out: dict[Future[Any], Task] = {}
    try:
        while True:
            for task in islice(tasks, max(width() - len(out), 0)):
                out[submit(task)] = task
            if not out:
                return
            for future in wait(out, return_when=FIRST_COMPLETED).done:
                yield _ended(out.pop(future), future)
    finally:
        for future in out:
            future.cancel()


def _ended(task: Task, future: Future[Any]) -> Ended:
    try:
        return Ended(task, future.result(), None)
    except Exception as error:
        return Ended(task, None, error)
