"""The league of learners as a page of tables in Markdown."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from deviator.evidence.power import student_interval

from .league import Run

CHECKPOINTS = (1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0)
"""CPU seconds at which the details show how far learners have come."""

HEAD = """# League of learners

How much of the gain that is there each learner finds with its default settings, in CPU seconds of
one thread. A share is that of the exact best deviation, on held-out profiles that nobody trained
on. Where no exact answer is known (`>=`) it is that of what a derivative-free search gains, and may
exceed 100%. Means over seeds, with half of a 95% Student interval in percentage points. Negative:
worse off than honest. `-`: the learner cannot play the market; `!`: some of its trainings failed or
were stopped.

`three-rounds` is the uniform-price double auction, played three times by the same traders with the
same types. There a deviator of the own rung learns of the others' types: shares are those of a
bound (`<=`), the best gain of own types in the first round and of all types in the others.

`deviator league` trains what `league.jsonl` beside this page does not have yet, adds every run to
it as soon as it is done, and writes this page.
"""

MARKS: Mapping[str, str] = MappingProxyType({"exact": "", "searched": ">= ", "bound": "<= "})
"""What stands before a market, by what its shares are of."""

Cell = tuple[str, int, str]
"""Market, traders and rung."""


def league_page(runs: Sequence[Run]) -> str:
    """Return the page.

    Parameters
    ----------
    runs : sequence of Run
        Those with the largest budget are shown.
    """
    seconds = max((run.seconds for run in runs), default=0.0)
    shown = [run for run in runs if run.seconds == seconds]
    learners = sorted({run.learner for run in shown})
    parts = [HEAD, _summary(shown, learners, seconds)]
    for market in dict.fromkeys(run.market for run in shown if run.points):
        parts.append(_details([run for run in shown if run.market == market], market, seconds))
    return "\n".join(parts)


def _summary(runs: Sequence[Run], learners: Sequence[str], seconds: float) -> str:
    """Return the table of shares at the end of the budget, a row for each market, size and rung."""
    rows = [_row(["market", "N", "sees", *learners]), _row(["---"] * (3 + len(learners)))]
    for cell in _cells(runs):
        market, n_traders, rung = cell
        there = [run for run in runs if _cell(run) == cell]
        kind = next((run.kind for run in there if run.kind), "exact")
        shares = [_final([run for run in there if run.learner == name]) for name in learners]
        rows.append(_row([f"{MARKS[kind]}{market}", str(n_traders), rung, *shares]))
    seeds = len({run.seed for run in runs})
    return "\n".join([f"## After {seconds:g} CPU seconds, seeds: {seeds}\n", *rows, ""])


def _details(runs: Sequence[Run], market: str, seconds: float) -> str:
    """Return one market's table of shares against CPU seconds."""
    times = [*(time for time in CHECKPOINTS if time < seconds), seconds]
    heads = ["N", "sees", "learner", *(f"{time:g} s" for time in times)]
    rows = [_row(heads), _row(["---"] * len(heads))]
    for _, n_traders, rung in _cells(runs):
        there = [run for run in runs if (run.n_traders, run.information) == (n_traders, rung)]
        for name in sorted({run.learner for run in there}):
            own = [run for run in there if run.learner == name and run.points]
            if own:
                reached = [_mean([share_at(run, time) for run in own]) for time in times]
                rows.append(_row([str(n_traders), rung, name, *reached]))
    return "\n".join([f"## {market}\n", *rows, ""])


def share_at(run: Run, seconds: float) -> float | None:
    """Return the share of the best so far at a time; None before the first measurement."""
    reached = [share for time, _, share in run.points if time <= seconds]
    return reached[-1] if reached else None


def _cell(run: Run) -> Cell:
    return run.market, run.n_traders, run.information


def _cells(runs: Sequence[Run]) -> list[Cell]:
    order = list(dict.fromkeys(run.market for run in runs))
    cells = {_cell(run) for run in runs}
    return sorted(
        cells, key=lambda cell: (order.index(cell[0]), cell[1], cell[2] != "profile", cell[2])
    )


def _final(runs: Sequence[Run]) -> str:
    shares = [run.share for run in runs if run.share is not None]
    if not shares:
        return "-" if runs else ""
    mark = " !" if any(run.problem for run in runs) else ""
    interval = student_interval(shares)
    half = "" if interval is None else f" ± {_points(interval[1] - interval[0])}"
    return f"{_percent(float(np.mean(shares)))}{half}{mark}"


def _points(width: float) -> str:
    """Return half of an interval in percentage points."""
    half = 50 * width
    return f"{half:.0f}" if half >= 10 else f"{half:.2g}"


def _mean(shares: Sequence[float | None]) -> str:
    known = [share for share in shares if share is not None]
    return _percent(float(np.mean(known))) if known else ""


def _percent(share: float) -> str:
    """Return a share in percent, with more digits where it is nearly everything.

    Examples
    --------
    >>> _percent(0.99987), _percent(0.876), _percent(-3.0)
    ('99.987%', '87.6%', '-300%')
    """
    if 0.99 < share < 1.0:
        return f"{100 * min(share, 0.99999):.3f}%"
    return f"{100 * share:.1f}%" if -1 < share < 10 else f"{100 * share:.3g}%"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
