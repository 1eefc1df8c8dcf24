"""The main job: run a study's cells, keep what is finished, and report."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any, final

import deviator
from deviator.envs import deviation_core
from deviator.errors import DeviatorError, InvalidInputError
from deviator.policies import expected_exact_gain

from .cells import run_cell
from .executor import run_tasks
from .report import write_html
from .rows import INTERVAL, report_rows
from .specs import Cell, StudySpec, read_study
from .store import RunStore, explained, to_json

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
    rows : list of dict
        One per cell; the fields are described in ``docs/report.md``.
    failures : dict of str to str
        By cell, what went wrong in those that could not be run.
    folder : Path
        Where ``report.json``, ``report.html`` and the cells' files are.
    """

    study: str
    rows: list[dict[str, Any]]
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

    Returns
    -------
    StudyReport

    Raises
    ------
    InvalidInputError
        If the study breaks a rule.
    ResultsError
        If the results folder cannot be used.
    """
    spec = study if isinstance(study, StudySpec) else read_study(Path(study or default_study()))
    cells = spec.expand(quick)
    for cell in cells:
        _check_buildable(cell)
    store = RunStore.open(Path(out) if out is not None else Path("runs") / spec.name, spec.name)
    failures = _run_missing(cells, store, workers or os.cpu_count() or 1, progress)
    found = [(cell, store.result(cell)) for cell in cells]
    done = [(cell, result) for cell, result in found if result is not None]
    rows = report_rows([cell for cell, _ in done], [result for _, result in done])
    content = {
        "study": spec.name,
        "quick": quick,
        "interval": INTERVAL,
        "rows": rows,
        "failures": failures,
        "versions": _versions(),
    }
    write_html(store, content)
    store.write("report.json", to_json(content))
    return StudyReport(spec.name, rows, failures, store.folder)


def _check_buildable(cell: Cell) -> None:
    """Build a cell's parts before any work starts, so that bad input costs nothing."""
    try:
        cell.learner.build()
        tested, control = cell.market.build(), cell.control.build()
        deviation_core(tested, information=cell.information, control=control)
        expected_exact_gain(
            tested.mechanism,
            tested.economy,
            tested.distribution,
            tested.trader,
            others=tested.strategy,
            information=cell.information,
        )
    except DeviatorError as error:
        market = cell.market
        economy = market.economy.family or market.economy.beliefs
        raise InvalidInputError(f"cell {market.mechanism} in {economy}: {error}") from None


def _run_missing(
    cells: list[Cell], store: RunStore, workers: int, progress: CellProgress | None
) -> dict[str, str]:
    missing = [cell for cell in cells if store.result(cell) is None]
    # Long cells first, so that no worker is left alone with one at the end.
    missing.sort(key=_expected_effort, reverse=True)
    done = len(cells) - len(missing)
    if progress is not None:
        progress(done, len(cells), None)
    failures: dict[str, str] = {}
    for cell, error in run_tasks(_run_and_save, [(cell, store) for cell in missing], workers):
        done += 1
        if error is not None:
            failures[cell.label()] = error
        if progress is not None:
            progress(done, len(cells), cell)
    return failures


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
