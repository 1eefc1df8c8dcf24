"""A study's entries expanded one by one, with everything that is wrong said at once."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from deviator.errors import DeviatorError, InvalidInputError, PluginLoadError
from deviator.plugins import OWN, Kind, PluginSpec, find_plugin, looked_up_once
from deviator.policies.information import is_named

from .cell import Cell
from .cell_mistakes import stated_twice
from .entries import CellsSpec, ControlSpec
from .expansion import Expander
from .grid import choices
from .messages import grouped, in_words
from .name_mistakes import wrong_names

if TYPE_CHECKING:
    from .study import StudySpec

Elsewhere = Callable[[int, list[PluginSpec]], list[Cell]]
"""Returns the cells of an entry, by its place, that names these third-party plugins."""

NAMING = ("strategy", "information", "learner", "control")
"""Fields in which lists that go together may name plugins."""


class Expansion(NamedTuple):
    """The cells of a study, and what went wrong with entries whose plugins cannot be used.

    Attributes
    ----------
    cells : list of Cell
    failures : dict of str to str
    places : list of int
        Of each cell, the place of its entry; of a control that the study lacks, of the entry that
        needs it.
    """

    cells: list[Cell]
    failures: dict[str, str]
    places: list[int]


def expand_study(
    study: "StudySpec", quick: bool = False, elsewhere: Elsewhere | None = None
) -> Expansion:
    """Return the cells of a study whose plugins can be used, and why others cannot.

    Parameters
    ----------
    study : StudySpec
    quick : bool
        Use the smaller budgets.
    elsewhere : callable, optional
        Returns the cells of the entry at a place that names these third-party plugins, of which
        this process then reads no more than metadata. By default they are loaded here.

    Raises
    ------
    InvalidInputError
        If the study breaks a rule; the message says all of what is wrong.
    """
    with looked_up_once():
        return _expanded(study, Expander(study, quick), elsewhere)


def cells_of_entry(study: "StudySpec", place: int, quick: bool) -> list[Cell]:
    """Return the cells of the entry at a place."""
    with looked_up_once():
        cells, wrong = Expander(study, quick).cells_of(study.cells[place], {})
    if wrong:
        raise InvalidInputError(in_words(study.place_of(place), wrong))
    return cells


def mistakes_in(study: "StudySpec") -> list[str]:
    """Return all that is wrong with a study; plugins of third parties are not loaded."""
    with looked_up_once():
        return _collected(study, Expander(study, quick=False), lambda place, foreign: []).mistakes


class _Collected(NamedTuple):
    """The cells of all entries by their keys, each with the place of its entry; what is wrong."""

    found: dict[str, tuple[Cell, int]]
    failures: dict[str, str]
    mistakes: list[str]


def _expanded(study: "StudySpec", expander: Expander, elsewhere: Elsewhere | None) -> Expansion:
    found, failures, mistakes = _collected(study, expander, elsewhere)
    if mistakes:
        raise InvalidInputError(in_words(f"study {study.name}", mistakes))
    _add_controls(found)
    cells, places = [cell for cell, _ in found.values()], [place for _, place in found.values()]
    return Expansion(cells, failures, places)


def _collected(study: "StudySpec", expander: Expander, elsewhere: Elsewhere | None) -> _Collected:
    failures, broken = dict(expander.names.unusable), expander.broken_economies()
    reasons: dict[str, list[str]] = {}
    for name, against in broken.items():
        for reason in against:
            reasons.setdefault(reason, []).append(study.place_of(name))
    found: dict[str, tuple[Cell, int]] = {}
    for place, entry in enumerate(study.cells):
        wrong = list[str]()
        keys = {reason: key for key, reason in _wrong_names(expander, entry)}
        for reason, key in keys.items():
            reasons.setdefault(reason, []).append(study.place_of(place, key))
        if keys:
            continue
        try:
            cells, wrong = _cells_of(expander, place, entry, broken, elsewhere)
            for cell in cells:
                # What two entries multiply out to alike is one cell.
                found.setdefault(cell.key, (cell, place))
        except PluginLoadError as error:
            failures[entry.title] = str(error)
        except DeviatorError as error:
            wrong = [str(error)]
        for reason in wrong:
            reasons.setdefault(reason, []).append(study.place_of(place))
    return _Collected(found, failures, [*grouped(reasons), *stated_twice(study)])


def _wrong_names(expander: Expander, entry: CellsSpec) -> list[tuple[str, str]]:
    """Return the keys of an entry whose values nothing has, each with the reason."""
    try:
        lines = [line.entry for line in expander.lines(entry)]
    except DeviatorError:
        # Said where the entry is expanded.
        return []
    return [
        wrong for line in lines for wrong in wrong_names(line, expander.names, expander.economies)
    ]


def _cells_of(
    expander: Expander,
    place: int,
    entry: CellsSpec,
    broken: Mapping[str, list[str]],
    elsewhere: Elsewhere | None,
) -> tuple[list[Cell], list[str]]:
    """Return the cells of an entry, and what is wrong with it."""
    foreign = [] if elsewhere is None else _third_party(expander, entry)
    if elsewhere is not None and foreign:
        return elsewhere(place, foreign), []
    return expander.cells_of(entry, broken)


def _add_controls(found: dict[str, tuple[Cell, int]]) -> None:
    """Add the matched controls that the study does not state, each once."""
    offered = {cell.offered for cell, _ in found.values()}
    for cell, place in list(found.values()):
        if cell.needed is not None and cell.needed not in offered:
            offered.add(cell.needed)
            control = cell.control_cell()
            found.setdefault(control.key, (control, place))


def _third_party(expander: Expander, entry: CellsSpec) -> list[PluginSpec]:
    """Return the third-party plugins that an entry names; nothing is imported."""
    names_plugins = any(path.partition(".")[0] in NAMING for path in entry.zip)
    lines = [line.entry for line in expander.lines(entry)] if names_plugins else [entry]
    specs = dict.fromkeys(spec for line in lines for spec in _plugins(expander, line))
    return [spec for spec in specs if spec.provider != OWN]


def _plugins(expander: Expander, entry: CellsSpec) -> list[PluginSpec]:
    """Return the plugins that an entry names beside its lists that go together."""
    names, economies = expander.names, expander.economies
    rules: list[CellsSpec | ControlSpec] = [entry]
    if entry.control is not None:
        rules.append(entry.control)
    named: list[tuple[Kind, str | None]] = []
    for rule in rules:
        named += [("mechanism", names.full("mechanism", each)) for each in choices(rule.mechanism)]
        named += [("policy", names.full("policy", each)) for each in choices(rule.strategy)]
        families = [economies.stated(each).family for each in choices(rule.economy) if each]
        named += [("economy", names.full("economy", each)) for each in families if each]
    learners = expander.learners_of(entry)
    named += [("learner", each.name) for each in learners if not each.is_none]
    rungs = [names.rung(name) for name in choices(entry.information)]
    named += [("rung", rung) for rung in rungs if not is_named(rung)]
    return [find_plugin(kind, name) for kind, name in named if name]
