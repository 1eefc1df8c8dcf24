"""The cells of a study that can be run; those of third-party plugins are tried elsewhere."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, final

from deviator.envs import deviation_core
from deviator.errors import DeviatorError, InvalidInputError, PluginLoadError
from deviator.evidence import best_deviation, held_out_profiles
from deviator.evidence.best_deviation import trades
from deviator.memory import require_memory
from deviator.plugins import PluginSpec, find_plugin, looked_up_once
from deviator.plugins.guard import Guard
from deviator.plugins.registry import USUAL_TRADERS
from deviator.plugins.replaced_built_ins import check_built_ins
from deviator.trust import is_third_party

from ..spec.cell import Cell
from ..spec.expand import cells_of_entry
from ..spec.messages import grouped, in_words
from ..spec.study import StudySpec
from ..tables.cell_names import names_of_cells
from .executors import described, modules_of
from .foreign_cells import names_of

TRIAL_S = 120
"""Seconds that building a cell with a third-party plugin and clearing some markets may take."""

TRIAL_PROFILES = 20

HELD_OUT_ARRAYS = 5
"""Numbers of each trader that the evaluation of a deviator holds at once, by profile."""

IsFinished = Callable[[Cell], bool]
"""Whether the result of a cell is there already."""


def has_result_in(folder: Path) -> IsFinished:
    """Return whether a cell's result lies in a results folder, whatever it says."""
    return lambda cell: (folder / "cells" / cell.label() / "result.json").is_file()


class Usable(NamedTuple):
    """The cells of a study that can be run, why others cannot, and their names in words."""

    cells: list[Cell]
    failures: dict[str, str]
    failed_cells: dict[str, str]


def usable_cells(
    study: StudySpec, quick: bool, trial_s: float, is_finished: IsFinished = lambda _: False
) -> Usable:
    """Return the cells of a study that can be run, and why others cannot: their plugins fail.

    One of each kind is tried, unless it is finished: of an entry, family, mechanism,
    learner, information and question. Others that cannot be run fail by themselves. Code of
    third-party plugins runs in other processes.

    Parameters
    ----------
    study : StudySpec
    quick : bool
        Use the smaller budgets.
    trial_s : float
        Seconds that one entry of the study and one cell may take with such plugins.
    is_finished : callable
        Whether a cell needs no trial, since its result is there.

    Raises
    ------
    InvalidInputError
        If the study breaks a rule, before any work starts, so that it costs nothing.
    RefusedError
        If a cell needs more memory than there is.
    """
    modules = modules_of({learner.name for learner in study.learners()})
    with looked_up_once(), Guard(min(trial_s, study.limit_s or trial_s), modules) as guard:
        trial = _Trial(study, quick, guard, is_finished)
        cells, failures, places = study.expand_what_loads(quick, trial.cells_of)
        _check_memory(cells)
        left = ((cell, place) for cell, place in zip(cells, places, strict=True))
        mistakes = _mistakes(study, _one_of_each_kind(left, is_finished))
    if mistakes:
        raise InvalidInputError(in_words(f"study {study.name}", mistakes))
    usable = [cell for cell in cells if cell.key not in trial.refused]
    refused = [cell for cell in cells if cell.key in trial.refused]
    labels = {cell.label(): trial.refused[cell.key] for cell in refused}
    names = dict(zip(labels, names_of_cells(refused), strict=True))
    return Usable(usable, failures | labels, names)


@final
class _Trial:
    """Makes and tries cells of third-party plugins in a process of their own."""

    def __init__(
        self, study: StudySpec, quick: bool, guard: Guard, is_finished: IsFinished
    ) -> None:
        self._study, self._quick, self._guard = study, quick, guard
        self._is_finished = is_finished
        self._last: list[PluginSpec] = []
        self.refused: dict[str, str] = {}

    def cells_of(self, place: int, plugins: list[PluginSpec]) -> list[Cell]:
        """Return the cells of an entry of the study, and keep which of them cannot be run."""
        if plugins != self._last:
            # What others did to the process must not be blamed on these.
            self._guard.close()
            self._last = plugins
        try:
            text = self._guard.run(_cells_as_text, self._study, place, self._quick)
            cells = [_cell_of(data) for data in json.loads(text)]
        except Exception as error:
            names = " or ".join(f"{each.name} of {each.provider_label}" for each in plugins)
            raise PluginLoadError(f"{names}: {described(error)}") from None
        passed = set[tuple[Any, ...]]()
        for cell in cells:
            # Those of a kind are tried until one of them can be run.
            if _kind(cell, place) not in passed and (self._is_finished(cell) or self._runs(cell)):
                passed.add(_kind(cell, place))
        return cells

    def _runs(self, cell: Cell) -> bool:
        try:
            self._guard.run(_try_foreign, cell)
        except Exception as error:
            self.refused[cell.key] = f"{names_of(cell)}: {described(error)}"
            return False
        return True


def _cells_as_text(study: StudySpec, place: int, quick: bool) -> str:
    """Return the cells of an entry, with the settings of their learners, as JSON."""
    return json.dumps(
        [
            {"cell": cell.model_dump(mode="json"), "settings": cell.learner_settings}
            for cell in cells_of_entry(study, place, quick)
        ]
    )


def _cell_of(data: dict[str, Any]) -> Cell:
    return Cell.model_validate(data["cell"]).with_learner_settings(data["settings"])


def _check_memory(cells: list[Cell]) -> None:
    """Refuse more profiles than memory holds, before anything runs."""
    sizes = dict.fromkeys((_traders(cell), cell.held_out) for cell in cells)
    for traders, profiles in sizes:
        what = f"held_out: {profiles} in a market of {traders} traders"
        require_memory(8 * HELD_OUT_ARRAYS * traders * profiles, what, "state fewer")


def _traders(cell: Cell) -> int:
    """Return how many traders a cell has, without building what is somebody else's."""
    if not cell.third_party:
        return cell.market.economy.economy.n_traders
    stated = cell.market.economy.parameters.get("n_traders", USUAL_TRADERS)
    return stated if isinstance(stated, int) else USUAL_TRADERS


def _kind(cell: Cell, place: int) -> tuple[Any, ...]:
    """Return what a cell shares with others that one trial stands for."""
    market, learner = cell.market, cell.learner
    parts = (market.mechanism, market.strategy, market.economy.name, learner.name, cell.information)
    return place, cell.question, *parts


def _one_of_each_kind(
    cells: Iterator[tuple[Cell, int]], is_finished: IsFinished
) -> Iterator[tuple[Cell, int]]:
    """Yield a cell of deviator's own parts of each kind of which none is finished so far."""
    tried = set[tuple[Any, ...]]()
    for cell, place in cells:
        if not cell.third_party and _kind(cell, place) not in tried:
            tried.add(_kind(cell, place))
            if not is_finished(cell):
                yield cell, place


def _mistakes(study: StudySpec, cells: Iterator[tuple[Cell, int]]) -> list[str]:
    """Try cells of built-in parts, and return what is wrong: bad input, said before any work."""
    reasons: dict[str, list[str]] = {}
    for cell, place in cells:
        try:
            try_cell(cell)
        except DeviatorError as error:
            reasons.setdefault(str(error), []).append(study.place_of(place))
    return grouped(reasons)


def _try_foreign(cell: Cell) -> None:
    try_cell(cell)
    check_built_ins()


def try_cell(cell: Cell) -> None:
    """Build a cell's parts and clear some of its markets.

    Raises
    ------
    DeviatorError
        If the parts do not fit together.
    """
    learners = cell.learner.build_learners()
    tested = cell.market.build_market()
    control = None if cell.control is None else cell.control.build_market()
    types = held_out_profiles(tested, cell.held_out)
    if not tested.bids_are_surfaces and trades(tested, types):
        core = deviation_core(tested, information=cell.rung, control=control)
        for learner in learners:
            if is_third_party(find_plugin("learner", cell.learner.name).describe()):
                learner.train(core, 1, 0)
    best_deviation(tested, types[:TRIAL_PROFILES], cell.rung)
