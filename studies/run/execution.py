"""Where the cells of a study are computed, and what each may take."""

from collections.abc import Callable, Collection, Generator, Iterator
from concurrent.futures import Executor
from math import inf
from typing import Any, NamedTuple

from ..spec.study import STRANGERS_S
from .executors import Ended, Limits, execute, modules_of
from .foreign_cells import names_of


class Execution(NamedTuple):
    """Where the cells of a study are computed, and what each may take.

    Parameters
    ----------
    executor, workers, address
        As in `execute`.
    limit_s : float, optional
        Seconds that a cell may take; by default `STRANGERS_S` with a third-party plugin, else any.
    memory_gib : float, optional
        Memory that a cell may hold, by default its worker's share of the machine.
    """

    executor: str | Executor
    workers: int
    limit_s: float | None = None
    memory_gib: float | None = None
    address: str | None = None

    def run(
        self,
        work: Callable[..., str],
        tasks: Iterator[tuple[Any, ...]],
        of_strangers: bool,
        learners: Collection[str],
    ) -> Generator[Ended, None, None]:
        """Compute cells and yield each as it ends, as `execute` does."""
        usual_s = STRANGERS_S if of_strangers else inf
        yield from execute(
            work,
            tasks,
            self.executor,
            workers=self.workers,
            limits=Limits(self.limit_s or usual_s, self.memory_gib),
            owner=lambda task: names_of(task[0]) or None,
            preload=modules_of(learners),
            address=self.address,
        )
