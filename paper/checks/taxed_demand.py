"""Definition 1 by bisection: demand at a given price, and the price at which demand sums to 0.

Marginal utilities fall at least as fast as the flattest slope, so both can be bracketed. Slow, and
independent of the solvers that are compared with it.
"""

from collections.abc import Callable

import numpy as np
from scipy.interpolate import CubicSpline

from deviator.economies import SmoothEconomy
from deviator.validation import Bools, Floats

HALVINGS = 56
"""Halvings of an interval, to rounding."""


def demand_at(economy: SmoothEconomy, sigma: float, types: Floats, price: Floats) -> Floats:
    """Return q_i^sigma(p, s), the quantities with mu_i(q_i, s) = p + sigma q_i, shape (B, N).

    Examples
    --------
    >>> from deviator.economies import saturating
    >>> economy = saturating(3, beta=0.0, flat=1.0, steep=1.0)
    >>> demand_at(economy, 1.0, np.array([[1.0, 0.0, 2.0]]), np.array([0.5])).round(12)
    array([[ 0.25, -0.25,  0.75]])
    """
    at_rest = economy.marginal_utility(np.zeros_like(types), types)
    asked = price[:, None]
    reach = np.abs(at_rest - asked) / (economy.bounds.flattest + sigma)

    def wants_more(quantity: Floats) -> Bools:
        return np.asarray(economy.marginal_utility(quantity, types) - sigma * quantity > asked)

    return _bisected(wants_more, -reach, reach)


def taxed_equilibrium(economy: SmoothEconomy, sigma: float, types: Floats) -> tuple[Floats, Floats]:
    """Return p (B,) and q (B, N) of Definition 1."""
    at_rest = economy.marginal_utility(np.zeros_like(types), types)

    def demands_more(price: Floats) -> Bools:
        return np.asarray(demand_at(economy, sigma, types, price).sum(axis=1) > 0)

    price = _bisected(demands_more, at_rest.min(axis=1), at_rest.max(axis=1))
    return price, demand_at(economy, sigma, types, price)


def residual_price_curve(
    economy: SmoothEconomy, sigma: float, profile: Floats, trader: int, reports: Floats
) -> CubicSpline:
    """Return p^sigma(s_i(x), s_-i) as a function of x, interpolated between many reports.

    It is defined on the quantities to which the reports, increasing, lead.
    """
    profiles = np.repeat(profile[None], len(reports), axis=0)
    profiles[:, trader] = reports
    price, quantity = taxed_equilibrium(economy, sigma, profiles)
    return CubicSpline(quantity[:, trader], price)


def _bisected(above: Callable[[Floats], Bools], low: Floats, high: Floats) -> Floats:
    """Return the points at which a condition that holds at `low` and fails at `high` changes."""
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        is_above = above(middle)
        low, high = np.where(is_above, middle, low), np.where(is_above, high, middle)
    return (low + high) / 2
