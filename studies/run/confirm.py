"""The main job: run a study's cells, keep what is finished, and report."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import final

import deviator
from deviator.envs import deviation_core
from deviator.errors import DeviatorError, InvalidInputError
from deviator.evidence import best_deviation, held_out_profiles
from deviator.evidence.best_deviation import trades
from deviator.plugins import find_plugin
from deviator.plugins.guard import Guard
from deviator.trust import is_third_party

from ..report.comparisons import comparisons
from ..report.page import write_html
from ..report.row import INTERVAL, ReportRow, report_rows
from ..spec.cell import Cell
from ..spec.read import read_study
from ..spec.study import StudySpec
from .cell_result import run_cell
from .executor import LEARNING, run_guarded_tasks, run_tasks
from .store import RunStore, explained, to_json

DEPENDENCIES = ("numpy", "scipy", "torch", "stable-baselines3", "gymnasium", "pettingzoo")

TRIAL_S = 120
"""Seconds that building a cell with a third-party plugin and clearing some markets may take."""

TRIAL_PROFILES = 20

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
        Seconds that building a cell with such a plugin and clearing some markets may take.

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
    A plugin that cannot be loaded, raises, hangs or ends its process costs its own cells: they are
    among the failures, and the others are run.
    """
    spec = study if isinstance(study, StudySpec) else read_study(Path(study or default_study()))
    spec = spec.with_plugins(tuple(str(file) for file in plugins))
    expanded, failures = spec.expand_what_loads(quick)
    cells, refused = _usable(expanded, trial_s)
    failures |= refused
    store = RunStore.open(Path(out) if out is not None else Path("runs") / spec.name, spec.name)
    processes = workers or os.cpu_count() or 1
    failures |= _run_missing(cells, store, processes, spec.limit_s, progress)
    results = [(cell, store.result(cell)) for cell in cells]
    done = [(cell, result) for cell, result in results if result is not None]
    for cell, result in results:
        if result is None:
            failures.setdefault(cell.label(), "its result is not there; run the command again")
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


def _usable(cells: list[Cell], trial_s: float) -> tuple[list[Cell], dict[str, str]]:
    """Return the cells that can be run, and why others cannot: their plugins fail.

    Bad input is an error before any work starts, so that it costs nothing.
    """
    usable, refused = [], {}
    with Guard(trial_s, LEARNING) as guard:
        for cell in cells:
            if not cell.third_party:
                _check_buildable(cell)
                usable.append(cell)
                continue
            reason = _trial(cell, guard)
            if reason is None:
                usable.append(cell)
            else:
                refused[cell.label()] = f"{_names(cell)}: {reason}"
    return usable, refused


def _trial(cell: Cell, guard: Guard) -> str | None:
    """Try a cell with third-party plugins under guard, and return what went wrong."""
    try:
        guard.run(try_cell, cell)
    except DeviatorError as error:
        return str(error)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def _check_buildable(cell: Cell) -> None:
    """Try a cell of built-in parts; what is wrong there is bad input, an error before any work."""
    try:
        try_cell(cell)
    except DeviatorError as error:
        raise InvalidInputError(
            f"cell {cell.market.title} in {cell.market.economy.name}: {error}"
        ) from None


def try_cell(cell: Cell) -> None:
    """Build a cell's parts and clear some of its markets.

    Raises
    ------
    DeviatorError
        If the parts do not fit together.
    """
    learner = cell.learner.build_learner()
    tested = cell.market.build_market()
    control = None if cell.control is None else cell.control.build_market()
    types = held_out_profiles(tested, cell.held_out)
    if not tested.bids_are_surfaces and trades(tested, types):
        core = deviation_core(tested, information=cell.information, control=control)
        if is_third_party(find_plugin("learner", cell.learner.name).describe()):
            learner.train(core, 1, 0)
    best_deviation(tested, types[:TRIAL_PROFILES], cell.information)


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
    """Run cells, those with third-party plugins last and under guard; return what went wrong."""
    built_in = [(cell, store) for cell in cells if not cell.third_party]
    guarded = [(cell, store) for cell in cells if cell.third_party]
    yield from run_tasks(_run_and_save, built_in, workers)
    for cell, error in run_guarded_tasks(_run_and_save, guarded, workers, limit_s):
        yield cell, None if error is None else f"{_names(cell)}: {error}"


def _names(cell: Cell) -> str:
    """Return the third-party plugins of a cell, for the reasons of failures."""
    return " or ".join(f"{plugin['name']} of {plugin['provider']}" for plugin in cell.third_party)


def _expected_effort(cell: Cell) -> float:
    economy = cell.market.economy.economy
    return cell.steps * len(cell.seeds) * (20 + economy.n_traders)


def _run_and_save(cell: Cell, store: RunStore) -> None:
    folder = store.fresh_folder(cell)
    with explained(folder):
        result = run_cell(cell, folder)
    store.save(cell, result)


def _versions() -> dict[str, str]:
    return {"deviator": deviator.__version__} | {name: version(name) for name in DEPENDENCIES}
