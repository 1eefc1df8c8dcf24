"""A sheet of panels, each drawn by a function that takes Axes and returns them."""

from collections.abc import Callable, Sequence
from textwrap import wrap
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

LETTER = 0.05
"""Width of a letter of a title, in inches."""

MOST_LINES = 3
"""Lines of a title."""

Draw = Callable[[Axes], Axes]
"""Draws one panel."""


class Panels(NamedTuple):
    """How panels stand on a sheet; lengths in inches."""

    columns: int
    width: float
    height: float
    left: float = 0.45
    right: float = 0.12
    top: float = 0.46
    bottom: float = 0.3


def sheet(draws: Sequence[Draw], panels: Panels) -> Figure:
    """Return a figure with one panel for each function, row by row.

    Parameters
    ----------
    draws : sequence of callable
        At least one.
    panels : Panels
    """
    columns = min(panels.columns, len(draws))
    rows = -(-len(draws) // columns)
    width, height = columns * panels.width, rows * panels.height
    figure = Figure(figsize=(width, height))
    inner = panels.width - panels.left - panels.right, panels.height - panels.top - panels.bottom
    for place, draw in enumerate(draws):
        left = (place % columns) * panels.width + panels.left
        bottom = height - (place // columns + 1) * panels.height + panels.bottom
        box = left / width, bottom / height, inner[0] / width, inner[1] / height
        _fit_title(draw(figure.add_axes(box)), panels.width - panels.right)
    return figure


def _fit_title(ax: Axes, width: float) -> None:
    """Break the lines of a title where the next panel begins; what has no room is cut."""
    letters = int(width / LETTER)
    lines = [part for line in ax.get_title(loc="left").split("\n") for part in wrap(line, letters)]
    ax.set_title("\n".join(lines[:MOST_LINES]), loc="left", linespacing=0.95)
