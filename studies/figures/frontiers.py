"""Efficiency against budget surplus, with the frontiers of Propositions 1 and 2."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from deviator.economies import AssumptionBounds, sigma_n_from
from deviator.economies.efficiency_frontiers import d_3, deficit_frontiers
from deviator.errors import RefusedError

from .style import BLUE, COLORS, GRAY, RED, legend_text

POINTS = 121


class Placed(NamedTuple):
    """A rule at its worst profiles: distance from the efficient allocation, and deficit.

    Where deviating pays the propositions say nothing of it, and it is drawn hollow.
    """

    label: str
    inefficiency: float
    deficit: float
    deviating_pays: bool = False


def draw_frontiers(ax: Axes, placed: Sequence[Placed], bounds: AssumptionBounds | None) -> Axes:
    """Draw each rule's largest deficit against its largest distance from the first best.

    Both axes are per market; surpluses are negative deficits. Below the lower curve no mechanism
    that is individually rational and incentive compatible can stay in every economy within the
    bounds (Proposition 1); sigma-VCG stays below the upper curve in each of them (Proposition 2).
    The curves are about the worst of all profiles within the largest trade, the points about
    profiles that were drawn.

    Parameters
    ----------
    ax : Axes
    placed : sequence of Placed
    bounds : AssumptionBounds, optional
        Of the economy, with the largest efficient trade at the profiles; without them there are no
        curves.

    Returns
    -------
    Axes
    """
    farthest = max((each.inefficiency for each in placed), default=0.0)
    if bounds is not None:
        _draw_curves(ax, bounds, farthest)
    for each, color in zip(placed, COLORS, strict=False):
        label = legend_text(each.label)
        inside = "none" if each.deviating_pays else color
        point = [each.inefficiency], [each.deficit]
        ax.plot(*point, "o", color=color, markerfacecolor=inside, label=label)
    ax.axhline(0.0, color=GRAY, linewidth=0.4)
    ax.set_xlabel("largest distance from the first best, units")
    ax.set_ylabel("largest deficit, money per market")
    return ax


def _draw_curves(ax: Axes, bounds: AssumptionBounds, farthest: float) -> None:
    """Draw both frontiers as far as they reach: Proposition 1 speaks up to a third of qbar."""
    third = bounds.largest_trade / 3
    near = np.linspace(0.0, third * (1 - 1e-9), POINTS)
    try:
        necessary = deficit_frontiers(bounds, near)[0]
        slope = sufficient_slope(bounds)
    except RefusedError:
        return
    end = max(farthest, slope, third)
    ax.plot(near, necessary, color=RED, label="Proposition 1: no mechanism guarantees less")
    ends = np.array([0.0, slope, end])
    deficit = float(deficit_frontiers(bounds, np.array([0.0]))[1][0])
    ax.plot(ends, [deficit, 0.0, 0.0], color=BLUE, label="Proposition 2: sigma-VCG guarantees it")


def sufficient_slope(bounds: AssumptionBounds) -> float:
    """Return the inefficiency at which sigma-VCG's bound on the deficit reaches 0, D_3 sigma_N."""
    return d_3(bounds) * sigma_n_from(bounds)
