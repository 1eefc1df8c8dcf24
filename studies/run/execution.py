"""Where the cells of a study are computed, and what each may take."""

from collections.abc import Callable, Collection, Generator, Iterator
from math import inf
from typing import Any, NamedTuple

from deviator.plugins.guarded_pool import Ended, run_in_processes

from .executor import ATTEMPTS, modules_of
from .foreign_cells import names_of


class Execution(NamedTuple):
    """Where the cells of a study are computed, and what each may take.

    Parameters
    ----------
    workers : int
    limit_s : float
        Seconds that a cell with a third-party plugin may take.
    """

    workers: int
    limit_s: float

    def run(
        self,
        work: Callable[..., str],
        tasks: Iterator[tuple[Any, ...]],
        of_strangers: bool,
        learners: Collection[str],
    ) -> Generator[Ended, None, None]:
        """Compute tasks and yield each as it ends; see `run_in_processes`."""
        if self.workers == 1 and not of_strangers:
            for task in tasks:
                yield _ended(work, task)
            return
        yield from run_in_processes(
            work,
            tasks,
            self.workers,
            limit_s=self.limit_s if of_strangers else inf,
            preload=modules_of(learners),
            attempts=1 if of_strangers else ATTEMPTS,
            owner=lambda task: names_of(task[0]),
        )


def _ended(work: Callable[..., str], task: tuple[Any, ...]) -> Ended:
    try:
        return Ended(task, work(*task), None)
    except Exception as error:
        return Ended(task, None, error)
