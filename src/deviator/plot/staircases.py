"""Supply and demand for indivisible units: staircases of the values that bids name."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from deviator.economies import Economy, MultiUnitDemands, UnitDemands
from deviator.mechanisms import Bids, EntryReports, Reports, UnitBids
from deviator.studies.figures.style import BLUE, RED
from deviator.validation import Floats


class UnitValues(NamedTuple):
    """Values that bids name: of units wanted, highest first, and of units offered, lowest first."""

    wanted: Floats
    offered: Floats
    unit: float


def values_of_units(economy: Economy, bids: Bids) -> UnitValues | None:
    """Return the values that one market's bids name for indivisible units; None for other bids."""
    if isinstance(economy, UnitDemands) and isinstance(bids, Reports | EntryReports):
        values = bids.types[0]
        enters = bids.enters[0] if isinstance(bids, EntryReports) else np.full(len(values), True)
        wanted, offered = values[enters & economy.buyers], values[enters & ~economy.buyers]
        return UnitValues(-np.sort(-wanted), np.sort(offered), economy.unit)
    if isinstance(economy, MultiUnitDemands) and isinstance(bids, UnitBids):
        # Whoever owns a unit competes for it: all values are demand, all units supply.
        values = -np.sort(-bids.prices[0].ravel())
        return UnitValues(values, np.zeros(economy.total), economy.unit)
    return None


def draw_staircases(ax: Axes, values: UnitValues) -> Axes:
    """Draw demand and supply; supply whatever the price as a vertical line."""
    _draw_steps(ax, values.wanted, values.unit, BLUE, "demand")
    if values.offered.any():
        _draw_steps(ax, values.offered, values.unit, RED, "supply")
    else:
        ax.axvline(len(values.offered) * values.unit, color=RED, label="supply")
    ax.set_xlabel("units")
    ax.set_ylabel("money per unit")
    return ax


def _draw_steps(ax: Axes, prices: Floats, unit: float, color: str, label: str) -> None:
    ends = unit * np.arange(len(prices) + 1)
    ax.stairs(prices, ends, baseline=None, color=color, label=label)
