"""The page's figures, as SVG: those of `deviator.plot`, and those of the page itself."""

from collections.abc import Callable
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from deviator import plot
from deviator.evidence import Market
from deviator.studies.figures.style import BLUE, GRAY, GREEN, RED, figure_style, saved
from deviator.validation import Floats

from .menu_view import MenuView
from .replay import Deviating, Replay
from .sweep import Sweep

WIDTH, HEIGHT = 3.4, 2.5
"""Of a figure, in inches: what fits on a phone."""

TALL = 3.0
"""Height of a figure with a legend below it."""


def svg(draw: Callable[[Axes], object], height: float = HEIGHT) -> bytes:
    """Return what a function draws on axes as the bytes of an SVG.

    Parameters
    ----------
    draw : callable
        Takes Axes.
    height : float
        In inches.
    """
    with figure_style():
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        ax = figure.add_subplot()
        # The page's own background shows, light or dark.
        figure.patch.set_visible(False)
        ax.patch.set_visible(False)
        draw(ax)
        return saved(figure, "svg")


def menu_figure(tested: Market, types: Floats) -> bytes:
    """Return the deviator's residual demand with the shaded payment and the tax."""
    return svg(lambda ax: plot.menu(tested, tested.trader, types, ax=ax), TALL)


def demand_figure(tested: Market, types: Floats) -> bytes:
    """Return the deviator's residual demand, whichever side the deviator is on."""
    return svg(lambda ax: plot.residual_demand(tested, tested.trader, types, ax=ax), TALL)


def bids_figure(tested: Market, types: Floats) -> bytes:
    """Return everybody's bids as demand curves, and the outcome."""
    return svg(lambda ax: plot.bids(tested, types, ax=ax), TALL)


def payoff_figure(view: MenuView) -> bytes:
    """Return what each point of the menu leaves the trader with; dot: honest, diamond: best."""

    def draw(ax: Axes) -> None:
        points = view.quantity, view.payoff
        if len(view.quantity):
            ax.plot(*points, "-" if view.is_line else "o", color=GRAY, label="menu")
        ax.plot(*view.best, "D", color=RED, markerfacecolor="none", markersize=7, label="best bid")
        ax.plot(*view.honest, "o", color=BLUE, label="honest bid")
        ax.axhline(0.0, color=GRAY, linewidth=0.4)
        ax.set_xlabel("units bought (negative: sold)")
        ax.set_ylabel("utility minus payment")
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)

    return svg(draw)


def sweep_figures(moved: Sweep, now: float) -> list[tuple[str, bytes]]:
    """Return budget, welfare and gain against the setting that moves, each with its title."""
    columns = [
        ("Budget: sum of the transfers", moved.budget, BLUE),
        ("Welfare: share of the gains from trade", moved.welfare, GREEN),
        ("Largest gain from deviating", moved.gain, RED),
    ]
    return [
        (title, svg(partial(_draw_moving, moved=moved, values=values, color=color, now=now), 1.8))
        for title, values, color in columns
        if np.isfinite(values).any()
    ]


def _draw_moving(ax: Axes, moved: Sweep, values: Floats, color: str, now: float) -> None:
    ax.plot(moved.values, values, color=color)
    ax.axvline(now, color=GRAY, linestyle="--", linewidth=0.6)
    ax.axhline(0.0, color=GRAY, linewidth=0.4)
    ax.set_xlabel(moved.setting.replace("_", " "))
    known = values[np.isfinite(values)]
    if np.ptp(known) < 1e-12 * max(1.0, float(np.abs(known).max())):
        # What is constant up to rounding is no curve.
        ax.set_ylim(known[0] - 1.0, known[0] + 1.0)


def curve_figure(replay: Replay, place: int) -> bytes:
    """Return the learning curve, the best gain, and the point of the training that is shown."""

    def draw(ax: Axes) -> None:
        steps, gains = zip(*replay.curve, strict=True)
        ax.plot(steps, gains, color=BLUE, label="learned")
        if replay.best_gain is not None:
            ax.axhline(replay.best_gain, color=RED, linestyle="--", label="best possible")
        ax.axvline(replay.points[place].steps, color=GRAY, linestyle="--", label="shown")
        ax.axhline(0.0, color=GRAY, linewidth=0.4)
        ax.set_xlabel("bids submitted in training")
        ax.set_ylabel("mean gain")
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)

    return svg(draw)


def deviation_figure(found: Deviating) -> bytes:
    """Return the numbers of the learned and the best bid, less those of the honest one."""

    def draw(ax: Axes) -> None:
        places = np.arange(len(found.honest.bid))
        for each, marker, color, label in (
            (found.best, "D", RED, "best bid"),
            (found.learned, "o", BLUE, "learned bid"),
        ):
            moved = each.bid - found.honest.bid
            ax.plot(places, moved, marker, color=color, markerfacecolor="none", label=label)
        ax.axhline(0.0, color=GRAY, linewidth=0.4)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set_xlabel("number of the bid")
        ax.set_ylabel("change from honesty")
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)

    return svg(draw)
