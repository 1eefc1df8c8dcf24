"""Where the cells of a study are computed, and what each may take."""

from collections.abc import Callable, Collection, Generator, Iterator
from concurrent.futures import Executor
from math import inf
from typing import Any, NamedTuple

from .executors import Ended, Limits, execute, modules_of
from .foreign_cells import names_of


class Execution(NamedTuple):
    """Where the cells of a study are computed, and what each may take.

    Parameters
    ----------
    workers : int
    limit_s : float
        Seconds that a cell with a third-party plugin may take.
    executor : str or concurrent.futures.Executor
    address : str, optional
        Of a Dask scheduler.
    """

    workers: int
    limit_s: float
    executor: str | Executor = "processes"
    address: str | None = None

    def run(
        self,
        work: Callable[..., str],
        tasks: Iterator[tuple[Any, ...]],
        of_strangers: bool,
        learners: Collection[str],
    ) -> Generator[Ended, None, None]:
        """Compute tasks and yield each as it ends; see `execute`."""
        limits = Limits(self.limit_s, attempts=1) if of_strangers else Limits(inf)
        return execute(
            work,
            tasks,
            self.executor,
            workers=self.workers,
            limits=limits,
            owner=lambda task: names_of(task[0]) or None,
            preload=modules_of(learners),
            address=self.address,
        )
