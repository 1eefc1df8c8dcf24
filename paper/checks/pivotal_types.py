"""Transfers by their definition: pivotal types by bisection, and dense sums over units."""

from collections.abc import Callable

import numpy as np

from deviator.economies import QuadraticEconomy
from deviator.validation import Floats

HALVINGS = 60
UNITS = 1001
"""Points at which an integral over units is summed, by the midpoint rule."""

AllocationOf = Callable[[Floats], Floats]
"""Types (L, N) to quantities (L, N)."""

PriceOf = Callable[[Floats, Floats], Floats]
"""Types (L, N) at which units x (L,) are pivotal, to the price of each unit, (L,)."""


def pivotal_profiles(allocation: AllocationOf, types: Floats, trader: int, units: Floats) -> Floats:
    """Return the types with one trader's replaced by s_i(x), (3.11), shape (L, N).

    If no report leads to x exactly, s_i(x) is the type at which the quantity jumps past it.

    Parameters
    ----------
    allocation : callable
    types : ndarray of float, shape (N,)
    trader : int
    units : ndarray of float, shape (L,)
        x.
    """
    profiles = np.tile(types, (len(units), 1))
    width = 10.0 * (1 + np.ptp(types) + float(np.abs(units).max(initial=0.0)))
    low, high = (np.full(len(units), types[trader] + side * width) for side in (-1, 1))
    for _ in range(HALVINGS):
        profiles[:, trader] = 0.5 * (low + high)
        below = allocation(profiles)[:, trader] < units
        low = np.where(below, profiles[:, trader], low)
        high = np.where(below, high, profiles[:, trader])
    profiles[:, trader] = high
    return profiles


def literal_transfer(allocation: AllocationOf, types: Floats, trader: int, price: PriceOf) -> float:
    """Return the integral from 0 to q_i of the price of unit x at its pivotal type."""
    quantity = float(allocation(types[None])[0, trader])
    units = quantity * (np.arange(UNITS) + 0.5) / UNITS
    profiles = pivotal_profiles(allocation, types, trader, units)
    return quantity * float(price(profiles, units).mean())


def marginal_utility(economy: QuadraticEconomy, trader: int) -> PriceOf:
    """Return the pivotal price mu_i(x, s_i(x), s_-i)."""

    def price(profiles: Floats, units: Floats) -> Floats:
        value = economy.value(profiles)[:, trader]
        return np.asarray(value - economy.slope[trader] * units)

    return price
