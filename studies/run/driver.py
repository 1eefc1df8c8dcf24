"""The driver of a study: it has missing cells computed, and keeps their results.

Several drivers may work on one folder. Each claims the next cell that no other holds, and waits for
the cells of others when no more are left; those of a driver that is lost are claimed anew.
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import chain, islice
from pathlib import Path
from typing import Any, final

from deviator.errors import DeviatorError, ResultsError
from deviator.plugins.registry import USUAL_TRADERS

from ..spec.cell import Cell
from .cell_result import run_cell
from .execution import Execution
from .executors import described
from .foreign_cells import names_of, result_of_strangers, run_foreign_cell
from .progress import StudyProgress
from .store import RunStore, to_json

LOOK_S = 0.5
"""Seconds between looks whether others have finished their cells."""

Task = tuple[Cell, Path]
"""A cell, and the folder in which it is computed."""


def run_missing(
    cells: Sequence[Cell], store: RunStore, execution: Execution, progress: StudyProgress
) -> dict[str, str]:
    """Have all cells computed that are not finished, here or by other drivers.

    Parameters
    ----------
    cells : sequence of Cell
    store : RunStore
        Opened by this driver.
    execution : Execution
        Where and under which limits cells are computed.
    progress : StudyProgress
        Told what happens.

    Returns
    -------
    dict of str to str
        By cell, why it was given up.

    Raises
    ------
    ResultsError
        If results cannot be written: going on would lose work.
    """
    share = _Share(cells, store, progress)
    share.start(execution.workers)
    while share.is_unfinished:
        # Cells with third-party plugins run last and apart.
        for of_strangers in (False, True):
            _run_claimed(share, of_strangers, execution)
        if share.is_unfinished:
            share.wait()
    return share.failures


def expected_effort(cell: Cell) -> float:
    """Return how long a cell takes compared to others, as far as its settings tell."""
    size = cell.market.economy.parameters.get("n_traders", USUAL_TRADERS)
    # Where nothing is learned, profiles are searched for the best deviation instead.
    bids = cell.held_out if cell.learner.is_none else cell.steps * len(cell.seeds)
    return bids * (20 + (size if isinstance(size, int) else 0))


def _run_claimed(share: "_Share", of_strangers: bool, execution: Execution) -> None:
    """Run cells for as long as there are some that no other driver holds."""
    tasks = share.tasks(of_strangers)
    first = next(tasks, None)
    if first is None:
        return
    work = run_foreign_cell if of_strangers else _run_cell
    ended = execution.run(work, chain([first], tasks), of_strangers, share.learners)
    # What is being computed ends with the loop, however that ends.
    with closing(ended):
        for task, text, error in ended:
            if isinstance(error, ResultsError):
                raise error
            share.keep(task, text, error)


def _run_cell(cell: Cell, folder: Path) -> str:
    """Run a cell and return its result as JSON."""
    return to_json(run_cell(cell, folder))


@final
class _Share:
    """What one driver does for a study: the cells that are not finished, and those given up.

    Parameters
    ----------
    cells, store, progress
        As in `run_missing`.
    """

    def __init__(self, cells: Sequence[Cell], store: RunStore, progress: StudyProgress) -> None:
        self._store, self._progress = store, progress
        self._cells = len(cells)
        missing = [cell for cell in cells if store.result(cell) is None]
        # Long cells first, so that no worker is left alone with one at the end.
        missing.sort(key=expected_effort, reverse=True)
        self._open = {cell.label(): cell for cell in missing}
        self._told: set[str] = set()
        self._damaged = 0
        self.learners = {cell.learner.name for cell in missing}
        self.failures: dict[str, str] = {}

    @property
    def is_unfinished(self) -> bool:
        """Whether there are cells that neither have a result nor were given up."""
        return bool(self._open)

    def start(self, workers: int) -> None:
        """Tell how much there is to do, and what is unusual in the folder."""
        effort = sum(map(expected_effort, self._open.values()))
        self._progress.started(self._cells, self._cells - len(self._open), workers, effort)
        self._tell_news()

    def wait(self) -> None:
        """Let other drivers work on what they hold."""
        self._tell("waiting for the cells that other drivers compute")
        time.sleep(LOOK_S)
        self._tell_news()

    def tasks(self, of_strangers: bool) -> Iterator[Task]:
        """Yield cells, each as it is claimed here, with the folder in which to compute it."""
        for label, cell in list(self._open.items()):
            if bool(cell.third_party) == of_strangers and self._is_ours(label, cell):
                self._progress.running(label)
                yield cell, self._store.attempt(cell)

    def keep(self, task: Task, text: Any, error: Exception | None) -> None:
        """Keep what came back for a cell, or why nothing did."""
        cell, attempt = task
        reason = described(error) if error else self._not_saved(cell, attempt, text)
        if reason is not None and self._store.result(cell) is not None:
            # Another driver has finished it meanwhile.
            reason = None
        if reason is not None:
            reason = f"{names_of(cell)}: {reason}" if cell.third_party else reason
            self._store.fail(cell, attempt, reason)
        self._store.release(cell)
        self._close(cell.label(), cell, reason)
        self._tell_news()

    def _is_ours(self, label: str, cell: Cell) -> bool:
        """Claim a cell, and return whether it is to be computed here."""
        if not self._store.claim(cell):
            return False
        is_done = self._store.result(cell) is not None
        reason = None if is_done else self._store.failure(cell)
        if not is_done and reason is None:
            return True
        self._store.release(cell)
        self._close(label, cell, reason)
        return False

    def _not_saved(self, cell: Cell, attempt: Path, text: Any) -> str | None:
        """Save a result, or return why there is none."""
        try:
            result = result_of_strangers(cell, text) if cell.third_party else json.loads(text)
            is_first = self._store.save(cell, attempt, result)
        except ResultsError:
            raise
        except (DeviatorError, ValueError) as error:
            return described(error)
        return None if is_first else "its files were taken away while it was computed"

    def _close(self, label: str, cell: Cell, reason: str | None) -> None:
        del self._open[label]
        if reason is None:
            self._progress.done(label, expected_effort(cell))
        else:
            self.failures[label] = reason
            self._progress.failed(label, reason, expected_effort(cell))

    def _tell_news(self) -> None:
        for other in self._store.others():
            self._tell(
                f"another driver works on {self._store.folder}, too ({other.title}): they share "
                "the cells"
            )
        damaged = self._store.damaged()
        for label, reason in islice(damaged.items(), self._damaged, None):
            self._tell(f"cell {label} is damaged ({reason}), and is computed again")
        self._damaged = len(damaged)

    def _tell(self, note: str) -> None:
        if note not in self._told:
            self._told.add(note)
            self._progress.note(note)
