"""What a market looks like: a table of text, or a picture of residual demand, bids and trade."""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import NDArray

from deviator.errors import InvalidInputError, RefusedError
from deviator.mechanisms import Bids, LinearBids, Outcome, Schedules
from deviator.validation import Floats

RENDER_MODES = ("ansi", "rgb_array")
"""A table, or pixels."""

DRAWN = 8
"""Traders whose curves are drawn; in larger markets the others are in the bars alone."""

SIZE_INCHES, DOTS_PER_INCH = (9.0, 4.0), 80


@final
@dataclass(frozen=True, eq=False)
class Frame:
    """One market, cleared.

    Parameters
    ----------
    title : str
    types : ndarray of float, shape (N,)
    bids : Bids
        Of this market alone.
    outcome : Outcome
        Of this market alone.
    gain : ndarray of float, shape (N,)
        What each gained over what rewards are compared with, in money; NaN for those who do not
        act.
    """

    title: str
    types: Floats
    bids: Bids
    outcome: Outcome
    gain: Floats

    COLUMNS: ClassVar[tuple[str, ...]] = ("type", "price", "quantity", "transfer", "gain")

    def prices(self) -> Floats:
        """Return the price that each trader meets, shape (N,)."""
        return np.broadcast_to(self.outcome.price[0], self.types.shape)


def checked_render_mode(mode: str | None) -> str | None:
    """Return how to render, or None.

    Raises
    ------
    InvalidInputError
        If the mode is not known.
    RefusedError
        If pixels are asked for and matplotlib is not installed.
    """
    if mode is not None and mode not in RENDER_MODES:
        raise InvalidInputError(
            f"render_mode must be one of {', '.join(RENDER_MODES)} or None, got {mode!r}"
        )
    if mode == "rgb_array" and find_spec("matplotlib") is None:
        raise RefusedError(
            "render_mode='rgb_array' needs matplotlib, which is not installed; "
            "pip install matplotlib, or use render_mode='ansi'"
        )
    return mode


def rendered(frame: Frame, mode: str | None) -> str | NDArray[np.uint8] | None:
    """Return the frame as the mode says: text, pixels (height, width, 3), or None."""
    if mode is None:
        return None
    return table(frame) if mode == "ansi" else picture(frame)


def table(frame: Frame) -> str:
    """Return a line for each trader, and for who trades outside; traders who act are marked."""
    outcome = frame.outcome
    numbers = np.column_stack(
        [frame.types, frame.prices(), outcome.quantity[0], outcome.transfer[0], frame.gain]
    )
    lines = [frame.title, "trader   " + "".join(f"{name:>11}" for name in Frame.COLUMNS)]
    for trader, row in enumerate(numbers):
        mark = " " if np.isnan(row[-1]) else "*"
        lines.append(f"{trader:>5}  {mark} " + "".join(map(_cell, row)))
    if outcome.outside[0] != 0:
        lines.append("outside  " + "".join(map(_cell, (np.nan, np.nan, outcome.outside[0]))))
    return "\n".join(lines) + "\n"


def picture(frame: Frame) -> NDArray[np.uint8]:
    """Return pixels (height, width, 3): curves beside price and quantity, and gains as bars."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE_INCHES, dpi=DOTS_PER_INCH, layout="tight")
    canvas: Any = FigureCanvasAgg(figure)
    curves, bars = figure.subplots(1, 2, width_ratios=(2, 1))
    _draw_curves(curves, frame)
    _draw_bars(bars, frame)
    figure.suptitle(frame.title, fontsize=10)
    canvas.draw()
    return np.array(canvas.buffer_rgba())[..., :3]


def demand(bids: Bids, outcome: Outcome, trader: int) -> tuple[float, float] | None:
    """Return what a trader's bid demands as the price varies, quantity = first - second * price.

    The others' quantities are those of the outcome. None where bids are of another kind.
    """
    if isinstance(bids, Schedules):
        return float(bids.level[0, trader]), float(bids.steepness[0, trader])
    if not isinstance(bids, LinearBids):
        return None
    weights = bids.quantity_weights[0, trader]
    own, others = weights[trader], weights @ outcome.quantity[0]
    others -= own * outcome.quantity[0, trader]
    if own == 0:
        return None
    return (
        float((bids.level[0, trader] - others) / own),
        float(bids.price_weights[0, trader] / own),
    )


def _cell(number: float) -> str:
    return f"{'':>11}" if np.isnan(number) else f"{number:>11.4g}"


def _draw_curves(axes: Any, frame: Frame) -> None:
    """Draw for those who act the bid (solid), residual demand (dashed) and the trade (dot)."""
    outcome, quantity, price = frame.outcome, frame.outcome.quantity[0], frame.prices()
    axes.set_xlabel("quantity")
    axes.set_ylabel("price")
    axes.axvline(0.0, color="0.8", linewidth=0.8)
    if not outcome.traded[0]:
        axes.text(0.5, 0.5, "no trade", transform=axes.transAxes, ha="center")
        return
    reach = 1.3 * max(float(np.abs(quantity).max()), 1e-12)
    for place, trader in enumerate(_drawn(frame)):
        line = {"color": f"C{place}", "linewidth": 1.2}
        slope = outcome.residual_slope[0, trader]
        if np.isfinite(slope):
            ends = np.array([-reach, reach])
            residual = price[trader] + slope * (ends - quantity[trader])
            axes.plot(ends, residual, linestyle="--", **line)
        axes.plot(*_bid_line(frame, trader, reach), **line)
        axes.plot(quantity[trader], price[trader], "o", color=f"C{place}", label=f"trader {trader}")
    axes.set_xlim(-reach, reach)
    axes.legend(fontsize=7, loc="best")


def _bid_line(frame: Frame, trader: int, reach: float) -> tuple[Floats, Floats]:
    """Return quantities and prices of a trader's bid; empty where it is no curve."""
    line = demand(frame.bids, frame.outcome, trader)
    if line is None or line[1] == 0:
        return np.empty(0), np.empty(0)
    quantity = np.array([-reach, reach])
    return quantity, (line[0] - quantity) / line[1]


def _draw_bars(axes: Any, frame: Frame) -> None:
    traders = np.arange(len(frame.types))
    axes.bar(traders - 0.2, frame.outcome.quantity[0], 0.4, color="0.6", label="quantity")
    axes.bar(traders + 0.2, np.nan_to_num(frame.gain), 0.4, color="C0", label="gain (money)")
    axes.axhline(0.0, color="0.3", linewidth=0.8)
    axes.set_xlabel("trader")
    axes.legend(fontsize=7, loc="best")


def _drawn(frame: Frame) -> list[int]:
    """Return the traders whose curves are drawn: the first of those who act."""
    acting = [int(trader) for trader in np.flatnonzero(~np.isnan(frame.gain))]
    return (acting or list(range(len(frame.types))))[:DRAWN]
