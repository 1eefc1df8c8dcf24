"""Gains, shares and measured outcomes against the number of traders, with fitted rates."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter, NullLocator, ScalarFormatter

from ..paper_rates import PaperRate, paper_rate
from ..rates import Rate, fit_rate
from .families import LEAST_SIZES, Family
from .measures import MEASURES
from .style import COLORS, GRAY, shown_text


class Line(NamedTuple):
    """A family's measure by size, with its fitted rate and what the paper says of it."""

    label: str
    sizes: list[int]
    values: list[float]
    fitted: Rate | None
    stated: PaperRate | None


def line_of(family: Family, measure: str) -> Line | None:
    """Return a family's measure, or None where it is positive at fewer than three sizes.

    Zeros have no place on a logarithmic axis, and no rate.

    Parameters
    ----------
    family : Family
    measure : str
        A name in `MEASURES`.
    """
    read = MEASURES[measure][1]
    points = [(row["n_traders"], read(row)) for row in family.rows]
    known = [(n, value) for n, value in points if value is not None and value > _rounding(measure)]
    if len({n for n, _ in known}) < LEAST_SIZES:
        return None
    sizes, values = [n for n, _ in known], [value for _, value in known]
    row = family.rows[0]
    tax = row.get("sigma_rule") or row["sigma"]
    stated = paper_rate(row["mechanism"], row["economy"], row["strategy"], tax, measure)
    return Line(family.label, sizes, values, fit_rate(sizes, values), stated)


def _rounding(measure: str) -> float:
    """Return up to what a measure is 0: a share below it is rounding."""
    return 1e-12 if measure in ("gain", "inefficiency", "share") else 0.0


def draw_against_size(ax: Axes, lines: Sequence[Line], measure: str) -> Axes:
    """Draw a measure against N on logarithmic axes, a line for each family.

    Dashed lines are fitted; a dotted one has the paper's slope and passes through the last point.

    Parameters
    ----------
    ax : Axes
    lines : sequence of Line
        At most as many as there are `COLORS`.
    measure : str
        A name in `MEASURES`.

    Returns
    -------
    Axes
    """
    for line, color in zip(lines, COLORS, strict=False):
        label = shown_text(f"{line.label}: {rate_words(line)}")
        ax.plot(line.sizes, line.values, "o", color=color, label=label)
        ends = np.array([min(line.sizes), max(line.sizes)], dtype=float)
        if line.fitted is not None:
            ax.plot(ends, line.fitted.at(ends), "--", color=color)
        if line.stated is not None:
            guide = line.values[-1] * (ends / ends[-1]) ** line.stated.exponent
            ax.plot(ends, guide, ":", color=GRAY)
    ax.set_xscale("log")
    ax.set_yscale("log")
    _label_sizes(ax, sorted({n for line in lines for n in line.sizes}))
    ax.set_xlabel("traders N")
    ax.set_ylabel(MEASURES[measure][0])
    ax.legend(loc="upper left", bbox_to_anchor=(-0.15, -0.18), fontsize=5, handlelength=1)
    return ax


def rate_words(line: Line) -> str:
    """Return the fitted slope with its interval, and the paper's order beside it."""
    words = []
    if line.fitted is not None:
        low, high = line.fitted.interval
        words.append(f"N^{line.fitted.exponent:.2f} [{low:.2f}, {high:.2f}]")
    if line.stated is not None:
        words.append(f"paper {line.stated.order}")
    return ", ".join(words)


def _label_sizes(ax: Axes, sizes: Sequence[int]) -> None:
    shown = sizes if len(sizes) <= 6 else sizes[:: -(-len(sizes) // 6)]
    ax.set_xticks(shown)
    ax.xaxis.set_major_formatter(ScalarFormatter())
    ax.xaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_minor_formatter(NullFormatter())
