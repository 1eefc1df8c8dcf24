"""Figures of the paper as drawings for a page."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from deviator.pages.figure_style import figure_style, saved

from .figures import Curve, PaperFigure

COLUMNS, WIDTH, HEIGHT = 2, 3.1, 2.3
"""Panels of a row; their size in inches."""

SHADE = 0.18
"""How dark a shaded area is."""


def drawn_svg(figure: PaperFigure) -> bytes:
    """Return a figure as an SVG; the same figure gives the same bytes.

    Parameters
    ----------
    figure : PaperFigure
    """
    rows = -(-len(figure.titles) // COLUMNS)
    with figure_style():
        sheet = Figure(figsize=(COLUMNS * WIDTH, rows * HEIGHT), layout="constrained")
        panels = np.ravel(sheet.subplots(rows, COLUMNS))
        for place, (ax, title) in enumerate(zip(panels, figure.titles, strict=True)):
            _draw(ax, [curve for curve in figure.curves if curve.panel == place])
            ax.set(title=title, xlabel=figure.across, xscale=_scale(figure))
            if figure.logarithmic:
                _plain_ticks(ax)
            if place % COLUMNS == 0:
                ax.set_ylabel(figure.up)
        if figure.logarithmic:
            panels[0].legend()
        return saved(sheet, "svg")


def _scale(figure: PaperFigure) -> str:
    return "log" if figure.logarithmic else "linear"


def _plain_ticks(ax: Axes) -> None:
    ticks = [4, 10, 100, 1000]
    ax.set_xticks(ticks, [str(tick) for tick in ticks])
    ax.xaxis.set_minor_locator(NullLocator())


def _draw(ax: Axes, curves: list[Curve]) -> None:
    for curve in curves:
        width = 2.2 if curve.shaded else 0.9
        label = "_limit" if curve.dash == "dashed" else curve.name
        ax.plot(
            curve.x, curve.y, color=curve.color, linestyle=curve.dash, linewidth=width, label=label
        )
        if curve.shaded:
            ax.fill_between(curve.x, 0.0, curve.y, alpha=SHADE, linewidth=0)
