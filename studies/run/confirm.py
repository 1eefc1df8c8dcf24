"""The main job: run a study's cells, keep what is finished, and report."""

import logging
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import final

from ..spec.cell import Cell
from ..spec.read import read_study
from ..spec.study import StudySpec
from .driver import run_missing
from .execution import Execution
from .progress import StudyProgress
from .store import RunStore
from .study_report import StudyReport, write_report
from .trusted import check_trusted
from .usable_cells import TRIAL_S, has_result_in, usable_cells

CellProgress = Callable[[int, int, Cell | None], None]
"""Called with cells done, cells in all, and the cell that has just finished."""


def default_study() -> Path:
    """Return the path of the study of Proposition 3 that ships with the package."""
    return Path(str(files("deviator.studies").joinpath("proposition3.yaml")))


def results_folder(study: StudySpec, quick: bool) -> Path:
    """Return where the results of a study lie by default: in the current folder."""
    return Path("runs") / f"{study.name}{'-quick' if quick else ''}"


def confirm(
    study: StudySpec | str | Path | None = None,
    *,
    quick: bool = False,
    out: str | Path | None = None,
    workers: int | None = None,
    progress: StudyProgress | CellProgress | None = None,
    plugins: Sequence[str | Path] = (),
    trial_s: float = TRIAL_S,
    executor: str | Executor = "processes",
    address: str | None = None,
    trust: bool = False,
) -> StudyReport:
    """Run a study, keeping cells that are already finished, and write its report.

    Parameters
    ----------
    study : StudySpec or path, optional
        The study of Proposition 3 by default.
    quick : bool
        Use the study's smaller budgets.
    out : path, optional
        Results folder; by default ``runs/NAME`` under the current folder, with smaller budgets
        ``runs/NAME-quick``.
    workers : int, optional
        Processes; as many as cores by default.
    progress : StudyProgress or callable, optional
        Told what happens, or called when the run starts and after each cell.
    plugins : sequence of path
        Python files whose plugins the study may name, beside those that it states.
    trial_s : float
        Seconds that building a cell with such a plugin and clearing some markets may take; never
        more than the study's `limit_s`.
    executor : {"processes", "serial", "dask"} or concurrent.futures.Executor
        Where cells are computed: in processes of this machine, one after the other, on Dask, or
        wherever an executor runs them; all must see the results folder under the same path.
    address : str, optional
        Of a Dask scheduler; without one, a cluster is started on this machine.
    trust : bool
        Whether to run code that comes with a study file, which the file names under ``plugins``. A
        study that is an object, and `plugins`, are the caller's own word.

    Returns
    -------
    StudyReport

    Raises
    ------
    InvalidInputError
        If the study breaks a rule.
    RefusedError
        If a study file comes with code that nobody has trusted so far.
    ResultsError
        If the results folder cannot be used.

    Notes
    -----
    Code of third-party plugins runs in processes of its own; this one reads their metadata. A
    plugin that cannot be loaded, raises, hangs or ends its process costs its own cells: they are
    among the failures, and the others are run.
    """
    if isinstance(study, StudySpec):
        spec = study
    else:
        spec = read_study(Path(study or default_study()))
        if not trust:
            check_trusted(spec, plugins)
    spec = spec.with_plugins(tuple(str(file) for file in plugins))
    folder = results_folder(spec, quick) if out is None else Path(out)
    cells, failures, names = usable_cells(spec, quick, trial_s, has_result_in(folder))
    told = _Told(progress, cells)
    with RunStore.open(folder, spec, quick=quick) as store:
        processes = workers or os.cpu_count() or 1
        execution = Execution(executor, processes, spec.limit_s, spec.memory_gib, address)
        failures |= run_missing(cells, store, execution, told)
        told.pass_on("writing tables, figures and the page")
        report = partial(write_report, quick=quick, notes=told.notes, failed_cells=names)
        return report(store, spec.name, cells, failures)


@final
class _Told:
    """Passes on what happens in a study, and keeps what is noted.

    Where the caller only counts cells, notes go to the log, which shows them on stderr.

    Parameters
    ----------
    listener : StudyProgress, callable or None
    cells : list of Cell
    """

    def __init__(
        self, listener: StudyProgress | CellProgress | None, cells: Sequence[Cell]
    ) -> None:
        self._progress = listener if isinstance(listener, StudyProgress) else None
        self._count = None if isinstance(listener, StudyProgress) else listener
        self._cells = {cell.label(): cell for cell in cells}
        self._ended = 0
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        """Keep a note and pass it on."""
        self.notes.append(text)
        if self._progress is None:
            logging.getLogger("deviator").warning(text)
        else:
            self._progress.note(text)

    def pass_on(self, text: str) -> None:
        """Pass on what is of the moment."""
        if self._progress is not None:
            self._progress.note(text)

    def started(self, cells: int, kept: int, workers: int, effort: float) -> None:
        """Pass on how much there is to do."""
        self._ended = kept
        if self._progress is not None:
            self._progress.started(cells, kept, workers, effort)
        self._counted(None)

    def running(self, label: str) -> None:
        """Pass on that a cell has been given to a worker."""
        if self._progress is not None:
            self._progress.running(label)

    def done(self, label: str, effort: float) -> None:
        """Pass on that a cell is finished."""
        if self._progress is not None:
            self._progress.done(label, effort)
        self._counted(label)

    def failed(self, label: str, cause: str, effort: float) -> None:
        """Pass on that a cell was given up."""
        if self._progress is not None:
            self._progress.failed(label, cause, effort)
        self._counted(label)

    def _counted(self, label: str | None) -> None:
        self._ended += label is not None
        if self._count is not None:
            self._count(self._ended, len(self._cells), self._cells.get(label or ""))
