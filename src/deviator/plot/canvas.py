"""Axes to draw on: the caller's, or those of a new figure."""

from collections.abc import Iterator
from contextlib import contextmanager

from matplotlib.axes import Axes

from deviator.studies.figures.style import figure_style
from deviator.validation import check_kind

COLUMN = 3.4
"""Width of a journal's column, in inches."""

HEIGHT = 2.4
"""Of a figure, in inches."""

DPI = 200
"""Of figures on a screen: text of a journal's size can be read there."""


@contextmanager
def canvas(ax: Axes | None, height: float = HEIGHT) -> Iterator[Axes]:
    """Hand out the caller's axes, or new ones that are drawn on in the style of figures.

    Parameters
    ----------
    ax : Axes, optional
    height : float
        Of a new figure, in inches.

    Raises
    ------
    InvalidInputError
        If ``ax`` is anything but Axes.
    """
    if ax is not None:
        check_kind("ax", ax, Axes, "leave it out, or take one from matplotlib.pyplot.subplots()")
        yield ax
        return
    # Only where a figure is asked for: it looks for a screen.
    from matplotlib import pyplot

    with figure_style():
        size = COLUMN, height
        yield pyplot.subplots(figsize=size, dpi=DPI, layout="constrained")[1]
