"""The sigma-DCDA with smooth bids as one writes it first: scipy's `root` and `quad`, per market.

The baseline of `smooth_clearing`, and an oracle: it shares no code with the mechanism.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.integrate import quad
from scipy.optimize import root

from deviator.economies import Saturating, SmoothEconomy
from deviator.validation import Floats

Surfaces = Callable[[float, Floats], Floats]
"""All bids of a market: price and quantities (N,) to F_i(p, q) of every trader, shape (N,)."""

TOLERANCE = 1e-12


class PlainOutcome(NamedTuple):
    """Price, quantities (N,) and transfers (N,) of one market."""

    price: float
    quantity: Floats
    transfer: Floats


def clear(surfaces: Surfaces, n_traders: int, sigma: float) -> PlainOutcome:
    """Clear one market: F_i(p, q) = 0 for all i and sum q = 0, from no trade (Definition 3).

    A trader pays the integral of the residual price from 0 to q_i, and sigma q_i^2 / 2.
    """

    def market(point: Floats) -> Floats:
        return np.append(surfaces(point[0], point[1:]), point[1:].sum())

    point = _solved(market, np.zeros(n_traders + 1))
    price, quantity = float(point[0]), point[1:]
    transfer = [
        _area(surfaces, price, quantity, trader) + sigma * quantity[trader] ** 2 / 2
        for trader in range(n_traders)
    ]
    return PlainOutcome(price, quantity, np.array(transfer))


def _area(surfaces: Surfaces, price: float, quantity: Floats, trader: int) -> float:
    """Return the integral of a trader's residual price from 0 to the quantity."""
    others = np.arange(len(quantity)) != trader
    start = np.append(price, quantity[others])

    def residual_price(units: float) -> float:
        full = np.empty(len(quantity))

        def rest(point: Floats) -> Floats:
            full[others], full[trader] = point[1:], units
            return np.append(surfaces(point[0], full)[others], full.sum())

        return float(_solved(rest, start)[0])

    area, _ = quad(residual_price, 0.0, quantity[trader], epsabs=1e-10, epsrel=1e-10)
    return float(area)


def _solved(function: Any, start: Floats, jacobian: Any = None) -> Floats:
    """Return a zero of a function."""
    solution = root(function, start, jac=jacobian, tol=TOLERANCE)
    point: Floats = solution.x
    residual = float(np.abs(function(point)).max())
    if not residual < 1e-8:
        raise RuntimeError(f"a market must be solved by scipy, got a residual of {residual:.3g}")
    return point


def saturating_surfaces(economy: Saturating, sigma: float, types: Floats) -> Surfaces:
    """Return honest bids of one saturating market, whose inverse map has a closed form.

    mu(q, s) = c + W s - g(q) = p + sigma q gives F = W^-1 (p + sigma q + g(q) - c) - s.

    Parameters
    ----------
    economy : Saturating
    sigma : float
    types : ndarray of float, shape (N,)
    """
    inverse = np.linalg.inv(economy.weights)
    bend = (economy.steep - economy.flat) * economy.quantity_scale

    def surfaces(price: float, quantity: Floats) -> Floats:
        fall = economy.flat * quantity + bend * np.tanh(quantity / economy.quantity_scale)
        inferred: Floats = inverse @ (price + sigma * quantity + fall - economy.intercept)
        return inferred - types

    return surfaces


def level_set_surfaces(economy: SmoothEconomy, sigma: float, types: Floats) -> Surfaces:
    """Return honest bids of one market whose inverse map is solved for at every point.

    F = f(p, q) - s, where mu(q, f) = p + sigma q (proof of Proposition 3).

    Parameters
    ----------
    economy : SmoothEconomy
    sigma : float
    types : ndarray of float, shape (N,)
    """
    inferred_types = np.zeros_like(types)

    def surfaces(price: float, quantity: Floats) -> Floats:
        def excess(inferred: Floats) -> Floats:
            worth = economy.marginal_utility(quantity[None], inferred[None])[0]
            left: Floats = worth - price - sigma * quantity
            return left

        def slopes(inferred: Floats) -> Floats:
            effects: Floats = economy.type_effects(quantity[None], inferred[None])[0]
            return effects

        inferred_types[:] = _solved(excess, inferred_types, slopes)
        off: Floats = inferred_types - types
        return off

    return surfaces
