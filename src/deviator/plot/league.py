"""How fast learners find the gain that is there."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from deviator.errors import InvalidInputError
from deviator.studies.figures.style import COLORS, GRAY, legend_text
from deviator.studies.league import Run, read_runs
from deviator.studies.league_page import share_at
from deviator.validation import Floats

from .canvas import canvas
from .legends import legend_below

TIMES = 80
"""Moments at which shares are read off."""

FIRST = 0.01
"""The first of them, of the budget."""


def league(
    runs: Path | str | Sequence[Run],
    *,
    market: str | None = None,
    n_traders: int | None = None,
    information: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the share of the best gain that each learner has found, against CPU seconds.

    A line is the mean over markets and seeds of the best so far; as long as nothing was found that
    beats honesty it is 0. Learners that cannot play some of the markets say so in the legend.

    Parameters
    ----------
    runs : path or sequence of Run
        The file of `deviator league`, or what `deviator.studies.league.read_runs` returned; those
        with the largest budget are drawn.
    market : str, optional
        One market of the league; by default all of them.
    n_traders : int, optional
        One size; by default all.
    information : str, optional
        What the deviator sees, ``profile`` or ``own``; by default both.
    ax : Axes, optional
        Where to draw; by default on a figure of its own.

    Returns
    -------
    Axes

    Raises
    ------
    InvalidInputError
        If what is given is no runs, or none of these markets.
    ResultsError
        If the file is damaged.
    """
    known = _known(runs)
    wanted = {"market": market, "n_traders": n_traders, "information": information}
    asked = {name: value for name, value in wanted.items() if value is not None}
    found = [run for run in known if all(getattr(run, n) == v for n, v in asked.items())]
    seconds = max((run.seconds for run in found), default=0.0)
    shown = [run for run in found if run.seconds == seconds]
    if not any(run.points for run in shown):
        raise InvalidInputError(
            f"a league must have runs to be drawn, and this one has none of {asked or 'any market'}"
        )
    with canvas(ax) as drawn:
        _draw(drawn, shown, seconds)
        legend_below(drawn)
    return drawn


def _known(runs: Path | str | Sequence[Run]) -> Sequence[Run]:
    if isinstance(runs, Path | str):
        return read_runs(runs)
    if isinstance(runs, list | tuple) and all(isinstance(run, Run) for run in runs):
        return runs
    raise InvalidInputError(
        f"runs must be a file of `deviator league` or what read_runs gives, got a "
        f"{type(runs).__name__}; plot.learning_curves draws the report of a study"
    )


def _draw(ax: Axes, runs: Sequence[Run], seconds: float) -> None:
    times = np.geomspace(FIRST * seconds, seconds, TIMES)
    played = [run for run in runs if run.points]
    problems = {_problem(run) for run in played}
    for place, learner in enumerate(sorted({run.learner for run in played})):
        own = [run for run in played if run.learner == learner]
        there = {_problem(run) for run in own}
        missing = f" ({len(there)} of {len(problems)} markets)" if there != problems else ""
        style = "-" if place < len(COLORS) else "--"
        shares = np.mean([_best_so_far(run, times) for run in own], axis=0)
        label = legend_text(f"{learner}{missing}")
        ax.plot(times, shares, style, color=COLORS[place % len(COLORS)], label=label)
    ax.axhline(1.0, color=GRAY, linewidth=0.4)
    ax.set_xscale("log")
    ax.set_xlabel("CPU seconds")
    ax.set_ylabel("share of the best gain")


def _problem(run: Run) -> tuple[str, int, str]:
    return run.market, run.n_traders, run.information


def _best_so_far(run: Run, times: Floats) -> Floats:
    return np.array([max(share_at(run, float(time)) or 0.0, 0.0) for time in times])
