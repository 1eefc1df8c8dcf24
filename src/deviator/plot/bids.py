"""The bids of all traders at one profile, as demand curves where they are such."""

from collections.abc import Iterable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from deviator.errors import InvalidInputError
from deviator.evidence import Market
from deviator.mechanisms.outcome import Outcome
from deviator.studies.figures.position import Position
from deviator.studies.figures.style import BLUE, COLORS, GRAY, RED
from deviator.validation import trader_index

from .canvas import canvas
from .checked import checked_market, numbers
from .demand_curves import demand_curve
from .legends import legend_below
from .staircases import draw_staircases, values_of_units

HEIGHT = 2.8

NAMED = len(COLORS)
"""Up to so many traders each has a colour and a name."""


def bids(
    market: Market,
    types: ArrayLike,
    *,
    traders: Iterable[int] | None = None,
    legend: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Draw what the strategy submits at one profile, and the outcome.

    Each bid is drawn as the price that its trader names for further units, the others taking up the
    difference in equal parts, as quantities sum to 0; reports as the demand that they stand for.
    Dots are the quantities traded, and the dashed line is the price. Of single and indivisible
    units supply and demand are drawn as staircases; bids of other languages number by number.

    Parameters
    ----------
    market : Market
        As `deviator.market` builds it.
    types : array-like of float, shape (N,)
        In money per unit.
    traders : iterable of int, optional
        Whose bids are drawn; by default everybody's. Staircases are of all.
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

    Examples
    --------
    >>> import deviator
    >>> from matplotlib.figure import Figure
    >>> tested = deviator.market(
    ...     deviator.make("uniform-double-auction"), deviator.economies.private_values(3)
    ... )
    >>> ax = bids(tested, [3.0, 0.0, 0.0], ax=Figure().add_subplot())
    >>> ax.get_legend_handles_labels()[1]
    ['trader 0', 'trader 1', 'trader 2', 'price']
    """
    checked_market(market)
    position = Position.of(market, market.trader, numbers("types", types))
    shown = _shown(traders, market.economy.n_traders)
    with canvas(ax, HEIGHT) as drawn:
        outcome = position.rule.clear(position.bids)
        values = values_of_units(market.economy, position.bids)
        if values is not None:
            draw_staircases(drawn, values)
            _draw_price(drawn, outcome)
        else:
            _draw_each(drawn, position, outcome, shown)
        for axis in (drawn.xaxis, drawn.yaxis):
            axis.set_major_locator(MaxNLocator(5))
        if legend:
            legend_below(drawn, 4)
    return drawn


def _shown(traders: Iterable[int] | None, n_traders: int) -> list[int]:
    shown = range(n_traders) if traders is None else traders
    chosen = [trader_index(trader, n_traders) for trader in shown]
    if not chosen:
        raise InvalidInputError("traders must name somebody, got none; leave them out for all")
    return chosen


def _draw_each(ax: Axes, position: Position, outcome: Outcome, shown: list[int]) -> None:
    for place, trader in enumerate(shown):
        curve = demand_curve(position, outcome, trader)
        if curve is None:
            _draw_numbers(ax, position, shown)
            return
        own = trader == position.trader
        named = len(shown) <= NAMED
        color = COLORS[place] if named else RED if own else GRAY
        label = f"trader {trader}" if named or own else "_"
        ax.plot(*curve, color=color, label=label, linewidth=None if named or own else 0.5)
        if outcome.traded[0]:
            at = [outcome.quantity[0, trader]], [outcome.price_of(trader)[0]]
            ax.plot(*at, "o", color=color)
    _draw_price(ax, outcome)
    ax.axvline(0.0, color=GRAY, linewidth=0.4)
    ax.set_xlabel("units bought (negative: sold)")
    ax.set_ylabel("money per unit")


def _draw_price(ax: Axes, outcome: Outcome) -> None:
    """Draw the price where all traders meet one."""
    price = outcome.price[0]
    if price.ndim == 0 and np.isfinite(price):
        ax.axhline(float(price), color=BLUE, linestyle="--", linewidth=0.6, label="price")


def _draw_numbers(ax: Axes, position: Position, shown: list[int]) -> None:
    """Draw the numbers of bids in a language that has no demand curves."""
    ax.clear()
    numbers_of_bids = position.bids.as_array()[0]
    for place, trader in enumerate(shown):
        color = COLORS[place % len(COLORS)]
        label = f"trader {trader}" if len(shown) <= NAMED else "_"
        ax.plot(numbers_of_bids[trader], "o", color=color, label=label)
    ax.set_xlabel("number of the bid")
    ax.set_ylabel("its value")
