"""Bids as demand curves: the price that a bid names for each quantity of its trader.

Bids condition on a whole allocation, in which quantities sum to 0: when the trader buys more, the
others take up the difference in equal parts.
"""

import numpy as np

from deviator.mechanisms import FactoredBids, LinearBids, Reports, Schedules, SurfaceBids
from deviator.mechanisms.languages import FactoredLanguage
from deviator.mechanisms.outcome import Outcome
from deviator.mechanisms.surfaces import Points, Surface
from deviator.studies.figures.position import Position
from deviator.validation import Floats

BEYOND = 1.6
"""How far a curve is drawn, of the quantity that is traded."""

POINTS = 41

STEPS = 40
"""Newton steps to the price that a surface names."""

Curve = tuple[Floats, Floats]
"""Quantities and prices, each (M,)."""


def demand_curve(position: Position, outcome: Outcome, trader: int) -> Curve | None:
    """Return the price that a trader's bid names at quantities from 0 on, or None.

    None is for languages that have no such price.

    Parameters
    ----------
    position : Position
    outcome : Outcome
        Of all bids.
    trader : int
    """
    present = outcome.quantity[0]
    own = float(present[trader])
    ends = (0.0, BEYOND * own) if own else (-position.usual_quantity, position.usual_quantity)
    quantity = np.linspace(*ends, POINTS)
    others = np.full(len(present), -1.0 / (len(present) - 1))
    others[trader] = 1.0
    allocation = present + (quantity - own)[:, None] * others
    if isinstance(position.bids, SurfaceBids):
        start = np.nan_to_num(outcome.price_of(trader)[0])
        return quantity, _named_price(position.bids.surfaces[trader], allocation, start)
    if isinstance(position.bids, Reports):
        return quantity, _of_report(position, position.bids, trader, allocation)
    return _of_line(position, trader, quantity, allocation)


def _of_line(position: Position, trader: int, quantity: Floats, allocation: Floats) -> Curve | None:
    """Return the curve of a bid that is linear: demand + weight p = level."""
    bids = position.bids
    if isinstance(bids, LinearBids):
        weights, price = bids.quantity_weights[0, trader], bids.price_weights[0, trader]
        demand = allocation @ weights
    elif isinstance(bids, FactoredBids) and isinstance(position.rule.language, FactoredLanguage):
        statistics = allocation @ position.rule.language.statistics.weights.T
        demand = allocation[:, trader] * bids.own_weights[0, trader]
        demand = demand + statistics @ bids.statistic_weights[0, trader]
        price = bids.price_weights[0, trader]
    elif isinstance(bids, Schedules):
        demand, price = quantity, bids.steepness[0, trader]
    else:
        return None
    if price == 0.0:
        # A correspondence: the quantity is wanted at any price.
        return np.full(2, quantity[-1] / BEYOND), np.array([0.0, 2.0]) * position.price
    return quantity, (bids.level[0, trader] - demand) / price


def _of_report(position: Position, bids: Reports, trader: int, allocation: Floats) -> Floats:
    """Return the demand that a report stands for: marginal utility there, less the tax."""
    profiles = np.repeat(bids.types, len(allocation), axis=0)
    own = allocation[:, trader]
    units = np.zeros_like(allocation)
    units[:, trader] = own
    worth = position.tested.economy.marginal_utility(units, profiles)[:, trader]
    return np.asarray(worth - position.tested.mechanism.tax_slope * own)


def _named_price(surface: Surface, allocation: Floats, start: float) -> Floats:
    """Return the prices on a surface at allocations (M, N); NaN where there is none."""
    price = np.full(len(allocation), float(start))
    market = np.zeros(len(allocation), dtype=np.intp)
    with np.errstate(all="ignore"):
        for _ in range(STEPS):
            tangent = surface.at(Points(price, allocation, market))
            price = price - tangent.value / tangent.by_price
        left = surface.at(Points(price, allocation, market)).value
    return np.where(np.abs(left) <= 1e-9 * (1 + np.abs(price)), price, np.nan)
