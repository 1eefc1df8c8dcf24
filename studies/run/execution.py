"""Where the cells of a study are computed, and what each may take."""

from collections.abc import Callable, Collection, Generator, Iterator
from concurrent.futures import Executor
from typing import Any, NamedTuple

from .executors import Ended, Limits, execute, modules_of
from .foreign_cells import names_of


class Execution(NamedTuple):
    """Where the cells of a study are computed, and what each may take.

    Parameters
    ----------
    executor, workers, address
        As in `execute`.
    limit_s : float
        Seconds that a cell with a third-party plugin may take.
    """

    executor: str | Executor
    workers: int
    limit_s: float
    address: str | None = None

    def run(
        self,
        work: Callable[..., str],
        tasks: Iterator[tuple[Any, ...]],
        of_strangers: bool,
        learners: Collection[str],
    ) -> Generator[Ended, None, None]:
        """Compute cells and yield each as it ends, as `execute` does."""
        yield from execute(
            work,
            tasks,
            self.executor,
            workers=self.workers,
            limits=Limits(self.limit_s, attempts=1) if of_strangers else Limits(),
            owner=lambda task: names_of(task[0]) or None,
            preload=modules_of(learners),
            address=self.address,
        )
