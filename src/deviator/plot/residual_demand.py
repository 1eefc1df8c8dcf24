"""The residual demand of one trader, beside what units are worth to the trader."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from deviator.evidence import Market
from deviator.mechanisms.menu import LineMenu
from deviator.studies.figures.position import Position
from deviator.studies.figures.style import BLUE, GRAY, RED
from deviator.studies.figures.traced import traced_menu
from deviator.validation import Floats

from .canvas import canvas
from .checked import checked_market, numbers
from .legends import legend_below

BEYOND = 1.6
"""How far curves are drawn, of the largest quantity in the market."""

POINTS = 61

FEW = 6
"""Up to so many quantities that can be reached are drawn as points."""

HEIGHT = 2.8


def residual_demand(
    market: Market, trader: int, types: ArrayLike, *, legend: bool = True, ax: Axes | None = None
) -> Axes:
    """Draw the prices at which one trader can buy and sell while the others' bids are fixed.

    The thick line is the price at which the others' bids clear when the trader buys a quantity, or
    sells it where negative; the red line what a further unit is worth to the trader, less the tax
    on it where there is one (dotted: without). The dot is the outcome of the strategy's bids. Where
    the mechanism states no menu, prices are those of bids that are moved up and down.

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
        If no bid of the trader leads to a trade.

    Notes
    -----
    The thick curves in Figures 1 and 2 of the paper; Definition 3 has their prices in the auction.

    Examples
    --------
    >>> import deviator
    >>> from matplotlib.figure import Figure
    >>> tested = deviator.market(
    ...     deviator.make("uniform-double-auction"), deviator.economies.private_values(3)
    ... )
    >>> ax = residual_demand(tested, 0, [3.0, 0.0, 0.0], ax=Figure().add_subplot())
    >>> quantity, price = ax.lines[0].get_data()
    >>> bool(abs(price - quantity / 2).max() < 1e-12)  # two others, who sell 2 p units at price p
    True
    """
    checked_market(market)
    position = Position.of(market, trader, numbers("types", types))
    reach = BEYOND * position.usual_quantity
    quantity, price = _curve(position, reach)
    with canvas(ax, HEIGHT) as drawn:
        _draw_curve(drawn, quantity, price)
        _draw_worth(drawn, position, reach)
        _draw_outcome(drawn, position)
        if legend:
            legend_below(drawn)
    return drawn


def _curve(position: Position, reach: float) -> tuple[Floats, Floats]:
    menu = position.menu
    if isinstance(menu, LineMenu) and menu.regular.all():
        quantity = np.linspace(-reach, reach, POINTS)
        return quantity, menu.residual_price(quantity)
    found = traced_menu(position, reach)
    return found.quantity, found.price


def _draw_curve(ax: Axes, quantity: Floats, price: Floats) -> None:
    few = len(np.unique(quantity.round(9))) <= FEW
    ax.plot(quantity, price, "o" if few else "-", color=GRAY, linewidth=2, label="residual demand")
    ax.axvline(0.0, color=GRAY, linewidth=0.4)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(5))
    ax.set_xlabel("units bought (negative: sold)")
    ax.set_ylabel("money per unit")


def _draw_worth(ax: Axes, position: Position, reach: float) -> None:
    quantity = np.linspace(-reach, reach, POINTS)
    worth, slope = position.marginal_utility(quantity), float(position.tested.mechanism.tax_slope)
    if slope:
        label = "marginal utility less the tax"
        ax.plot(quantity, worth - slope * quantity, color=RED, label=label)
    ax.plot(quantity, worth, ":" if slope else "-", color=RED, label="marginal utility")


def _draw_outcome(ax: Axes, position: Position) -> None:
    if np.isfinite(position.price):
        ax.axhline(position.price, color=BLUE, linestyle="--", linewidth=0.6, label="price")
        outcome = [position.traded], [position.price]
        ax.plot(*outcome, "o", color=BLUE, label="outcome of the strategy's bids")
