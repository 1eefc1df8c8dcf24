"""Learning curves of one report or of several in one plot."""

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from deviator.errors import InvalidInputError, RefusedError
from deviator.studies.figures.learning_curves import draw_learning_curves
from deviator.studies.figures.style import COLORS, GRAY, legend_text
from deviator.validation import Floats, positive

from .canvas import canvas
from .legends import legend_below
from .reports import NamedRow, Reports, named_rows

MOST = len(COLORS)
"""Cells in one plot, at most."""


class Band(NamedTuple):
    """A cell's curves at all steps of any of them: their mean, and how far they are apart."""

    steps: Floats
    mean: Floats
    low: Floats
    high: Floats


def learning_curves(
    reports: Reports,
    *,
    cells: Iterable[str] | None = None,
    share: bool = False,
    per: float = 1.0,
    ax: Axes | None = None,
) -> Axes:
    """Draw mean gains on validation profiles against bids submitted.

    One cell is drawn as in the report of its study: a line for each seed, and the best gain dashed.
    Of several cells, or the same cell in several reports, each is the mean over its seeds, shaded
    between the lowest seed and the highest; the best gain is dashed in the same colour.

    Parameters
    ----------
    reports : StudyReport, path, or several of them
        What `deviator.confirm` returned, or the folder of a run. Several reports are told apart by
        the names of their folders, or by those that a mapping gives them.
    cells : iterable of str, optional
        Names of cells, or parts of names: the column `cell` of `StudyReport.to_frame`. By default
        all in which something was learned.
    share : bool
        Whether gains are shown as shares of each cell's best gain.
    per : float
        What gains are divided by: the best gain of a control, say, or the stakes.
    ax : Axes, optional
        Where to draw; by default on a figure of its own.

    Returns
    -------
    Axes

    Raises
    ------
    InvalidInputError
        If an argument is malformed, or no cell has such a name.
    RefusedError
        If nothing was learned in these cells, more of them than can be told apart are asked for,
        or shares of a gain of 0 are.
    ResultsError
        If a folder has no report.
    """
    positive("per", per)
    found = _chosen(named_rows(reports), cells)
    if share and any(each.row["best_gain"] <= 0 for each in found):
        raise RefusedError(
            "a share needs a gain that is there to be found, and in a chosen cell the best gain is "
            "0; choose other cells, or leave share out"
        )
    with canvas(ax) as drawn:
        if len(found) == 1 and not share and per == 1.0:
            return _labelled(draw_learning_curves(drawn, found[0].row), "mean gain")
        for each, color, label in zip(found, COLORS, _labels(found), strict=False):
            _draw(drawn, each, color, label, each.row["best_gain"] if share else per)
        drawn.axhline(0.0, color=GRAY, linewidth=0.4)
        _labelled(drawn, "share of the best gain" if share else "mean gain")
        legend_below(drawn, 1)
    return drawn


def _chosen(rows: Sequence[NamedRow], cells: Iterable[str] | None) -> list[NamedRow]:
    names = None if cells is None else [cells] if isinstance(cells, str) else list(cells)
    known = {each.cell for each in rows}
    named = [
        each
        for each in rows
        if names is None or any(_is_of(name, each.cell, known) for name in names)
    ]
    if not named:
        raise InvalidInputError(
            f"cells must name some of the reports' cells, got {names}; to_frame() lists them"
        )
    learned = [each for each in named if any(each.row["curves"])]
    if not learned:
        raise RefusedError(
            "learning curves need a learner, and nothing was learned in these cells; name one in "
            "the study file"
        )
    if len(learned) > MOST:
        raise RefusedError(
            f"a plot can tell {MOST} cells apart, got {len(learned)}; choose some by their names: "
            f"cells=[{learned[0].cell!r}]"
        )
    return learned


def _is_of(name: str, cell: str, known: set[str]) -> bool:
    """Return whether a name is a cell's, or part of one where it is no cell's itself."""
    return name == cell if name in known else name in cell


def _labels(found: Sequence[NamedRow]) -> list[str]:
    """Return what tells cells apart: the reports, the parts of their names that differ, or both."""
    names = [each.report for each in found]
    if all(names) and len(set(names)) == len(names):
        return names
    parts = [_parts(each.cell) for each in found]
    shared = set.intersection(*map(set, parts))
    labels = []
    for each, named in zip(found, parts, strict=True):
        own = ", ".join(part for part in named if part not in shared).replace(", in ", " in ")
        told = ": ".join(part for part in (each.report, own) if part)
        labels.append(told or each.cell)
    return labels


def _parts(cell: str) -> list[str]:
    """Return the parts of a cell's name: rule, economy, and what else it tells.

    Examples
    --------
    >>> _parts("sigma-dcda(sigma=0.4) in tight(a=1, b=2), ppo")
    ['sigma-dcda(sigma=0.4)', 'in tight(a=1, b=2)', 'ppo']
    """
    return re.split(r", (?![^()]*\))|(?<=.) (?=in )(?![^()]*\))", cell)


def _draw(ax: Axes, each: NamedRow, color: str, label: str, unit: float) -> None:
    band = band_of([np.array(curve, dtype=float) for curve in each.row["curves"] if curve])
    ax.plot(band.steps, band.mean / unit, color=color, label=legend_text(label))
    ax.fill_between(
        band.steps, band.low / unit, band.high / unit, color=color, alpha=0.18, linewidth=0
    )
    ax.axhline(each.row["best_gain"] / unit, color=color, linestyle="--", linewidth=0.6)


def band_of(curves: Sequence[Floats]) -> Band:
    """Return the mean and the range of curves (M, 2), as far as all of them reach.

    Between their points curves are straight.
    """
    end = min(curve[-1, 0] for curve in curves)
    steps = np.unique(np.concatenate([curve[:, 0] for curve in curves]))
    steps = steps[steps <= end]
    gains = np.array([np.interp(steps, *curve.T) for curve in curves])
    return Band(steps, gains.mean(axis=0), gains.min(axis=0), gains.max(axis=0))


def _labelled(ax: Axes, gain: str) -> Axes:
    ax.set_xlabel("bids submitted in training")
    ax.set_ylabel(gain)
    ax.xaxis.set_major_locator(MaxNLocator(4))
    return ax
