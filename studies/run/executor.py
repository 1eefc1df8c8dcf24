"""Runs of tasks as the driver asks for them."""

from collections.abc import Callable, Hashable, Iterator
from typing import Any, TypeVar

from deviator.errors import ResultsError
from deviator.plugins.guarded_pool import Ended

from .executors import Limits, described, execute, modules_of

__all__ = ["described", "modules_of", "run_guarded_tasks", "run_tasks"]

First = TypeVar("First")


def run_tasks(
    work: Callable[..., None],
    tasks: list[tuple[First, Any]],
    workers: int,
    preload: tuple[str, ...] = (),
) -> Iterator[tuple[First, str | None]]:
    """Run tasks, and yield the first item of each as it ends, and what went wrong or None."""
    for task, _, error in execute(
        work,
        iter(tasks),
        workers=min(workers, max(len(tasks), 1)),
        limits=Limits(),
        preload=preload,
    ):
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
    """Run tasks of third parties, and yield each as it ends."""
    return execute(
        work,
        iter(tasks),
        workers=workers,
        limits=Limits(limit_s),
        owner=lambda task: owner(task[0]),
        preload=preload,
    )
