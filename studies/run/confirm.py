"""The main job: run a study's cells, keep what is finished, and report."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import final

import deviator
from deviator.harmless import one_line
from deviator.plugins.registry import USUAL_TRADERS

from ..report.comparisons import comparisons
from ..report.page import write_html
from ..report.row import INTERVAL, ReportRow, report_rows
from ..spec.cell import Cell
from ..spec.read import read_study
from ..spec.study import StudySpec
from .cell_result import run_cell
from .executor import described, modules_of, run_guarded_tasks, run_tasks
from .foreign_cells import names_of, run_foreign_cell, saved_or_why_not
from .store import RunStore, explained, to_json
from .usable_cells import TRIAL_S, has_result_in, usable_cells

DEPENDENCIES = ("numpy", "scipy", "torch", "stable-baselines3", "gymnasium", "pettingzoo")

CellProgress = Callable[[int, int, Cell | None], None]
"""Called with cells done, cells in all, and the cell that has just finished."""


@final
@dataclass(frozen=True, eq=False)
class StudyReport:
    """What a study found.

    Attributes
    ----------
    study : str
        The study's name.
    rows : list of ReportRow
        One per cell, each a dict; the fields are described in ``docs/report.md``.
    failures : dict of str to str
        By cell, what went wrong in those that could not be run.
    folder : Path
        Where ``report.json``, ``report.html`` and the cells' files are.
    """

    study: str
    rows: list[ReportRow]
    failures: dict[str, str]
    folder: Path


def default_study() -> Path:
    """Return the path of the study of Proposition 3 that ships with the package."""
    return Path(str(files("deviator.studies").joinpath("proposition3.yaml")))


def confirm(
    study: StudySpec | str | Path | None = None,
    *,
    quick: bool = False,
    out: str | Path | None = None,
    workers: int | None = None,
    progress: CellProgress | None = None,
    plugins: Sequence[str | Path] = (),
    trial_s: float = TRIAL_S,
) -> StudyReport:
    """Run a study, keeping cells that are already finished, and write its report.

    Parameters
    ----------
    study : StudySpec or path, optional
        The study of Proposition 3 by default.
    quick : bool
        Use the study's smaller budgets.
    out : path, optional
        Results folder; ``runs/NAME`` under the current folder by default.
    workers : int, optional
        Processes; as many as cores by default.
    progress : callable, optional
        Called when the run starts and after each cell.
    plugins : sequence of path
        Python files whose plugins the study may name, beside those that it states.
    trial_s : float
        Seconds that building a cell with such a plugin and clearing some markets may take; never
        more than the study's `limit_s`.

    Returns
    -------
    StudyReport

    Raises
    ------
    InvalidInputError
        If the study breaks a rule.
    ResultsError
        If the results folder cannot be used.

    Notes
    -----
    Code of third-party plugins runs in processes of its own; this one reads their metadata. A
    plugin that cannot be loaded, raises, hangs or ends its process costs its own cells: they are
    among the failures, and the others are run.
    """
    spec = study if isinstance(study, StudySpec) else read_study(Path(study or default_study()))
    spec = spec.with_plugins(tuple(str(file) for file in plugins))
    folder = Path(out) if out is not None else Path("runs") / spec.name
    cells, failures = usable_cells(spec, quick, trial_s, has_result_in(folder))
    store = RunStore.open(folder, spec.name)
    processes = workers or os.cpu_count() or 1
    failures |= _run_missing(cells, store, processes, spec.limit_s, progress)
    results = [(cell, store.result(cell)) for cell in cells]
    done = [(cell, result) for cell, result in results if result is not None]
    for cell, result in results:
        if result is None:
            failures.setdefault(cell.label(), "its result is not there; run the command again")
    failures = {one_line(name): one_line(reason) for name, reason in failures.items()}
    rows = report_rows([cell for cell, _ in done], [result for _, result in done])
    content = {
        "study": spec.name,
        "quick": quick,
        "interval": INTERVAL,
        "rows": rows,
        "failures": failures,
        "comparisons": comparisons(rows),
        "versions": _versions(),
    }
    write_html(store, content)
    store.write("report.json", to_json(content))
    return StudyReport(spec.name, rows, failures, store.folder)


def _run_missing(
    cells: list[Cell],
    store: RunStore,
    workers: int,
    limit_s: float,
    progress: CellProgress | None,
) -> dict[str, str]:
    missing = [cell for cell in cells if store.result(cell) is None]
    # Long cells first, so that no worker is left alone with one at the end.
    missing.sort(key=_expected_effort, reverse=True)
    done = len(cells) - len(missing)
    if progress is not None:
        progress(done, len(cells), None)
    failures: dict[str, str] = {}
    for cell, error in _runs(missing, store, workers, limit_s):
        done += 1
        if error is not None:
            failures[cell.label()] = error
        if progress is not None:
            progress(done, len(cells), cell)
    return failures


def _runs(
    cells: list[Cell], store: RunStore, workers: int, limit_s: float
) -> Iterator[tuple[Cell, str | None]]:
    """Run cells, those with third-party plugins last and apart; return what went wrong."""
    built_in = [(cell, store) for cell in cells if not cell.third_party]
    preload = modules_of({cell.learner.name for cell in cells})
    yield from run_tasks(_run_and_save, built_in, workers, preload)
    foreign = [(cell, store.fresh_folder(cell)) for cell in cells if cell.third_party]
    for (cell, _), text, error in run_guarded_tasks(
        run_foreign_cell, foreign, workers, limit_s, names_of, preload
    ):
        reason = described(error) if error else saved_or_why_not(cell, text, store)
        yield cell, None if reason is None else f"{names_of(cell)}: {reason}"


def _expected_effort(cell: Cell) -> float:
    """Return how long a cell takes compared to others, as far as its settings tell."""
    size = cell.market.economy.parameters.get("n_traders", USUAL_TRADERS)
    return cell.steps * len(cell.seeds) * (20 + (size if isinstance(size, int) else 0))


def _run_and_save(cell: Cell, store: RunStore) -> None:
    folder = store.fresh_folder(cell)
    with explained(folder):
        result = run_cell(cell, folder)
    store.save(cell, result)


def _versions() -> dict[str, str]:
    return {"deviator": deviator.__version__} | {name: version(name) for name in DEPENDENCIES}
