"""Small multiples for a page: gain against steps for each seed, beside the exact optimum.

Each panel is a few lines of SVG, a function of one row, so that a page costs the same for each.
"""

from collections.abc import Sequence
from typing import NamedTuple

from deviator.harmless import one_line

from .row import ReportRow
from .shown_parts import economy_of, learner_of, mechanism_of, sees_of

WIDTH, HEIGHT = 170, 72
"""Units of a panel's drawing."""

MOST_POINTS = 60
"""Points of one drawn line; a longer curve is thinned, its end kept."""

MOST_TITLE = 90
"""Characters of a line of a panel's title."""


class CurvePanel(NamedTuple):
    """One panel: its title, its lines as SVG writes points, heights of the marks, and in words."""

    title: tuple[str, str]
    lines: list[str]
    best: str
    zero: str
    words: str


def curve_panels(rows: Sequence[ReportRow], most: int) -> list[CurvePanel]:
    """Return the panels of the first rows in which something was learned.

    Parameters
    ----------
    rows : sequence of ReportRow
    most : int
        Panels at most.
    """
    return [_panel(row) for row in learned_rows(rows)[:most]]


def learned_rows(rows: Sequence[ReportRow]) -> list[ReportRow]:
    """Return the rows that have learning curves."""
    return [row for row in rows if any(row["curves"])]


def panel_title(row: ReportRow) -> tuple[str, str]:
    """Return two lines that name a row: the rule, and where it was tested."""
    who = "" if row["trader"] == 0 else f", {row['trader']}"
    sigma = "" if row["sigma"] is None else f" {row['sigma']:.3g}"
    market = f"{economy_of(row)} N={row['n_traders']}{who}, {sees_of(row)}, {learner_of(row)}"
    return one_line(f"{mechanism_of(row)}{sigma}", MOST_TITLE), one_line(market, MOST_TITLE)


def _panel(row: ReportRow) -> CurvePanel:
    curves = [_thinned(curve) for curve in row["curves"] if curve]
    gains = [gain for curve in curves for _, gain in curve]
    low, high = min(0.0, row["best_gain"], *gains), max(0.0, row["best_gain"], *gains)
    last = max(curve[-1][0] for curve in curves) or 1.0
    unit = HEIGHT / ((high - low) or 1.0)
    ends = ", ".join(f"{curve[-1][1]:.3g}" for curve in curves)
    return CurvePanel(
        title=panel_title(row),
        lines=[
            " ".join(f"{WIDTH * x / last:.0f},{unit * (high - y):.1f}" for x, y in curve)
            for curve in curves
        ],
        best=f"{unit * (high - row['best_gain']):.1f}",
        zero=f"{unit * high:.1f}",
        words=f"gain from {low:.2g} to {high:.2g}; ends at {ends}; best {row['best_gain']:.3g}",
    )


def _thinned(curve: list[list[float]]) -> list[list[float]]:
    step = -(-len(curve) // MOST_POINTS)
    return curve if step == 1 else [*curve[:-1:step], curve[-1]]
