"""Gains, shares and measured outcomes against the number of traders, with fitted rates."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator, ScalarFormatter

from ..report.fitted_rates import RateLine
from ..report.measures import MEASURES
from .style import COLORS, GRAY, legend_text


def draw_against_size(ax: Axes, lines: Sequence[RateLine], measure: str) -> Axes:
    """Draw a measure against N on logarithmic axes, a line for each family.

    Dashed lines are fitted; a dotted one has the paper's slope and passes through the last point.

    Parameters
    ----------
    ax : Axes
    lines : sequence of RateLine
        At most as many as there are `COLORS`.
    measure : str
        A name in `MEASURES`.

    Returns
    -------
    Axes
    """
    for line, color in zip(lines, COLORS, strict=False):
        label = legend_text(legend_of(line))
        ax.plot(line.sizes, line.values, "o", color=color, label=label)
        ends = np.array([min(line.sizes), max(line.sizes)], dtype=float)
        ax.plot(ends, line.fitted.at(ends), "--", color=color)
        if line.stated is not None:
            guide = line.values[-1] * (ends / ends[-1]) ** line.stated.exponent
            ax.plot(ends, guide, ":", color=GRAY)
    ax.set_xscale("log")
    ax.set_yscale("log")
    label_sizes(ax, sorted({n for line in lines for n in line.sizes}))
    ax.set_xlabel("traders N")
    ax.set_ylabel(MEASURES[measure][0])
    return ax


def legend_of(line: RateLine) -> str:
    """Return what the legend says of a line."""
    return f"{line.label}: {line.words}"


def label_sizes(ax: Axes, sizes: Sequence[int]) -> None:
    """Write some of the sizes below the axis."""
    shown = sizes if len(sizes) <= 6 else sizes[:: -(-len(sizes) // 6)]
    ax.set_xticks(shown)
    ax.xaxis.set_major_formatter(ScalarFormatter())
    ax.xaxis.set_minor_locator(NullLocator())
