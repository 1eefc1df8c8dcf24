"""Efficiency against budget surplus, with the frontiers of Propositions 1 and 2."""

from matplotlib.axes import Axes

from deviator.errors import InvalidInputError, RefusedError
from deviator.studies.figures.frontiers import draw_frontiers
from deviator.studies.figures.placed import MarketFrontier, market_frontiers
from deviator.studies.figures.style import COLORS

from .canvas import canvas
from .legends import legend_below
from .reports import Reports, named_rows

HEIGHT = 3.2


def frontier(reports: Reports, *, economy: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw each rule's largest deficit against its largest distance from the first best.

    Below the red curve no mechanism that is individually rational and incentive compatible can stay
    in every economy within the bounds (Proposition 1 of the paper); sigma-VCG stays below the blue
    one in each of them (Proposition 2). Rules are hollow where deviating pays.

    Parameters
    ----------
    reports : StudyReport, path, or several of them
        As in `learning_curves`; of audits, or other cells in which outcomes were measured.
    economy : str, optional
        The economy, or part of its name, where the reports have several: ``private values, N=4``.
    ax : Axes, optional
        Where to draw; by default on a figure of its own.

    Returns
    -------
    Axes

    Raises
    ------
    InvalidInputError
        If there is no such economy, or no single one.
    RefusedError
        If no outcomes were measured, or of more rules than can be told apart.
    ResultsError
        If a folder has no report.
    """
    found = market_frontiers([each.row for each in named_rows(reports)])
    if not found:
        raise RefusedError(
            "a frontier needs measured outcomes, and these reports have none; ask for an audit in "
            "the study file"
        )
    chosen = _chosen(found, economy)
    if len(chosen.placed) > len(COLORS):
        raise RefusedError(
            f"a plot can tell {len(COLORS)} rules apart, got {len(chosen.placed)}; give reports of "
            "fewer"
        )
    with canvas(ax, HEIGHT) as drawn:
        draw_frontiers(drawn, chosen.placed, chosen.bounds)
        legend_below(drawn, 1)
    return drawn


def _chosen(found: list[MarketFrontier], economy: str | None) -> MarketFrontier:
    named = [each for each in found if economy is None or economy in each.title]
    if len(named) != 1:
        known = "; ".join(dict.fromkeys(each.title for each in found))
        raise InvalidInputError(f"economy must name one of these: {known}; got {economy!r}")
    return named[0]
