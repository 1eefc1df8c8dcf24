"""The cells of a study that can be run; those of third-party plugins are tried elsewhere."""

import json
from typing import Any, final

from deviator.envs import deviation_core
from deviator.errors import DeviatorError, InvalidInputError, PluginLoadError
from deviator.evidence import best_deviation, held_out_profiles
from deviator.evidence.best_deviation import trades
from deviator.plugins import PluginSpec, find_plugin
from deviator.plugins.guard import Guard
from deviator.plugins.replaced_built_ins import check_built_ins
from deviator.trust import is_third_party

from ..spec.cell import Cell
from ..spec.expand import Expansion, cells_of_entry
from ..spec.messages import grouped, in_words
from ..spec.study import StudySpec
from .executors import described, modules_of
from .foreign_cells import names_of

TRIAL_S = 120
"""Seconds that building a cell with a third-party plugin and clearing some markets may take."""

TRIAL_PROFILES = 20


def usable_cells(study: StudySpec, quick: bool, trial_s: float) -> Expansion:
    """Return the cells of a study that can be run, and why others cannot: their plugins fail.

    Code of third-party plugins runs in other processes.

    Parameters
    ----------
    study : StudySpec
    quick : bool
        Use the smaller budgets.
    trial_s : float
        Seconds that one entry of the study and one cell may take with such plugins.

    Raises
    ------
    InvalidInputError
        If the study breaks a rule, before any work starts, so that it costs nothing.
    """
    modules = modules_of({learner.name for learner in study.learners()})
    with Guard(min(trial_s, study.limit_s), modules) as guard:
        trial = _Trial(study, quick, guard)
        cells, failures, _places = study.expand_what_loads(quick, trial.cells_of)
    mistakes = _mistakes(cells)
    if mistakes:
        raise InvalidInputError(in_words(f"study {study.name}", mistakes))
    usable = [cell for cell in cells if cell.label() not in trial.refused]
    return Expansion(usable, failures | trial.refused, [])


@final
class _Trial:
    """Makes and tries cells of third-party plugins in a process of their own."""

    def __init__(self, study: StudySpec, quick: bool, guard: Guard) -> None:
        self._study, self._quick, self._guard = study, quick, guard
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
        for cell in cells:
            self._try(cell)
        return cells

    def _try(self, cell: Cell) -> None:
        try:
            self._guard.run(_try_foreign, cell)
        except Exception as error:
            self.refused[cell.label()] = f"{names_of(cell)}: {described(error)}"


def _cells_as_text(study: StudySpec, place: int, quick: bool) -> str:
    """Return the cells of an entry, with the settings of their learners, as JSON."""
    return json.dumps(
        [
            {
                "cell": cell.model_dump(mode="json"),
                "settings": cell.learner_settings,
            }
            for cell in cells_of_entry(study, place, quick)
        ]
    )


def _cell_of(data: dict[str, Any]) -> Cell:
    return Cell.model_validate(data["cell"]).with_learner_settings(data["settings"])


def _mistakes(cells: list[Cell]) -> list[str]:
    """Try cells of built-in parts, and return what is wrong: bad input, said before any work."""
    places: dict[str, list[str]] = {}
    for cell in (each for each in cells if not each.third_party):
        try:
            try_cell(cell)
        except DeviatorError as error:
            where = f"cell {cell.market.title} in {cell.market.economy.name}"
            places.setdefault(str(error), []).append(where)
    return grouped(places)


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
