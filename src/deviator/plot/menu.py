"""Figures 1 and 2 of the paper, for any market."""

from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from deviator.evidence import Market
from deviator.studies.figures.menus import draw_menu

from .canvas import canvas
from .checked import checked_market, numbers
from .legends import legend_below

HEIGHT = 3.0


def menu(
    market: Market, trader: int, types: ArrayLike, *, legend: bool = True, ax: Axes | None = None
) -> Axes:
    """Draw what one trader can reach while the others' bids are fixed: Figures 1 and 2, any market.

    On a straight residual curve: each unit's price before the quadratic tax (thick), below which
    the payment is shaded and beside which the tax is hatched; the residual demand (dashed); what
    units are worth to the trader, less the tax (solid) and in all (dotted); the trader's bid (dot)
    and the best deviation (diamond) where it is another. In other markets: payments and utilities
    of the quantities that can be reached.

    Parameters
    ----------
    market : Market
        As `deviator.market` builds it.
    trader : int
        From 0.
    types : array-like of float, shape (N,)
        In money per unit.
    legend : bool
        Whether the lines are named below the figure.
    ax : Axes, optional
        Where to draw; by default on a figure of its own.

    Returns
    -------
    Axes

    Raises
    ------
    InvalidInputError
        If an argument is malformed.
    RefusedError
        If the trader trades nothing at these types.

    Notes
    -----
    Figures 1 and 2, and Definition 2 (3.10), of the paper; Figure 1 has private values, Figure 2
    interdependent ones.
    """
    checked_market(market)
    profile = numbers("types", types)
    with canvas(ax, HEIGHT) as drawn:
        draw_menu(drawn, market, trader, profile)
        if legend:
            legend_below(drawn)
    return drawn
