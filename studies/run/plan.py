"""What a run of a study would do: its cells, those that are finished, and the time for others."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import NamedTuple

from ..spec.cell import Cell
from ..spec.study import StudySpec
from .driver import expected_effort
from .usable_cells import TRIAL_S, has_result_in, usable_cells

EFFORT_S = 2e-6
"""Seconds of one core for a unit of the effort measure, roughly, where nothing is finished yet."""

INTERRUPTED = 20
"""Times the usual time between two results beyond which a run was interrupted."""


class Plan(NamedTuple):
    """What a run of a study would do.

    Attributes
    ----------
    finished, left : list of Cell
    failures : dict of str to str
        Cells and entries that cannot be run, each with the reason.
    seconds : float
        How long the cells that are left may take.
    measured : bool
        Whether that comes from the finished cells of the study, with the workers that they had;
        otherwise it comes from the bids and traders of the cells, for one worker.
    failed_cells : dict of str to str
        Names in words of cells that cannot be run.
    """

    finished: list[Cell]
    left: list[Cell]
    failures: dict[str, str]
    seconds: float
    measured: bool
    failed_cells: dict[str, str]

    def in_words(self) -> str:
        """Return how much there is to do, and from what the time was estimated."""
        counts = f"{len(self.finished) + len(self.left)} cells, {len(self.finished)} finished"
        if not self.left:
            return f"{counts}: nothing is left to run."
        if self.measured:
            source = "as the finished cells of this study took, with the workers that they had"
        else:
            source = "of one core, roughly, by bids and traders: no cells were timed here so far"
        return f"{counts}, {len(self.left)} to run: about {_duration(self.seconds)}, {source}."


def guessed_seconds(effort: float) -> float:
    """Return how long one core may take for an effort, roughly: where nothing is finished yet."""
    return effort * EFFORT_S


def planned(study: StudySpec, quick: bool, folder: Path, trial_s: float = TRIAL_S) -> Plan:
    """Return what a run of a study would do; nothing is computed and nothing written.

    Parameters
    ----------
    study : StudySpec
    quick : bool
        Use the smaller budgets.
    folder : Path
        The results folder, which need not exist.
    trial_s : float
        Seconds that expanding an entry with third-party plugins may take.

    Raises
    ------
    InvalidInputError
        If the study breaks a rule.
    """
    cells, failures, names = usable_cells(study, quick, trial_s, lambda _: True)
    is_finished = has_result_in(folder)
    finished = [cell for cell in cells if is_finished(cell)]
    left = [cell for cell in cells if not is_finished(cell)]
    rate = _measured_rate(
        [(_finished_at(folder, cell), expected_effort(cell)) for cell in finished]
    )
    effort = sum(map(expected_effort, left))
    seconds = guessed_seconds(effort) if rate is None else effort * rate
    return Plan(finished, left, failures, seconds, rate is not None, names)


def _finished_at(folder: Path, cell: Cell) -> float:
    return (folder / "cells" / cell.label() / "result.json").stat().st_mtime


def _measured_rate(finished: Sequence[tuple[float, float]]) -> float | None:
    """Return seconds a unit of effort, from when cells were finished and the effort of each.

    The first result says nothing of how long it took, nor does one after an interruption. None
    where nothing is left to measure.
    """
    in_order = sorted(finished)
    gaps = [(later - sooner, effort) for (sooner, _), (later, effort) in pairwise(in_order)]
    usual = median(gap for gap, _ in gaps) if gaps else 0.0
    kept = [each for each in gaps if each[0] <= INTERRUPTED * usual]
    seconds, effort = (sum(column) for column in zip(*kept, strict=True)) if kept else (0.0, 0.0)
    return seconds / effort if seconds > 0 else None


def _duration(seconds: float) -> str:
    """Return a duration in the unit that suits it."""
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return "a second" if seconds < 1.5 else f"{seconds:.0f} seconds"
