"""Definitions 1 and 2 applied literally, with nothing solved in advance.

Allocations come from the equations (3.8), transfers from the integral (3.10) along pivotal types
(3.11). Closed forms and mechanisms are compared with these.
"""

from collections.abc import Iterator

import numpy as np

from deviator.economies import QuadraticEconomy
from deviator.mechanisms import Outcome, Reports, SigmaDCDA, SigmaVCG
from deviator.validation import Floats

NODES = 4
"""Nodes of the quadrature; two are exact for straight residual demand curves."""


def taxed_equilibrium(
    economy: QuadraticEconomy, sigma: float, types: Floats
) -> tuple[Floats, Floats]:
    """Return p (B,) and q (B, N) that solve mu_i(q_i, s) = p + sigma q_i, sum q = 0, (3.8).

    Marginal utilities are the economy's; the N + 1 linear equations are solved as stated.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> price, quantity = taxed_equilibrium(private_values(3), 0.0, np.array([[1.0, 0.0, 2.0]]))
    >>> price.round(12), quantity.round(12)
    (array([1.]), array([[ 0., -1.,  1.]]))
    """
    nothing = np.zeros_like(types)
    slopes = sigma - economy.quantity_slopes(nothing, types)
    marginal = economy.marginal_utility(nothing, types)
    weights = slopes[..., None] * np.eye(economy.n_traders)
    solution = clearing_pairs(weights, np.ones(types.shape), marginal)
    return solution[:, -1], solution[:, :-1]


def clearing_pairs(quantity_weights: Floats, price_weights: Floats, level: Floats) -> Floats:
    """Return the solution of all A_i . q + b_i p = r_i and sum q = 0: (q, p), shape (B, N + 1).

    LinAlgError if a market has no unique clearing pair.
    """
    batch, n = level.shape
    equations = np.zeros((batch, n + 1, n + 1))
    equations[:, :n, :n], equations[:, :n, n] = quantity_weights, price_weights
    equations[:, n, :n] = 1.0
    right = np.append(level, np.zeros((batch, 1)), axis=1)
    return np.asarray(np.linalg.solve(equations, right[..., None])[..., 0], dtype=np.float64)


def pivotal_transfers(economy: QuadraticEconomy, sigma: float, types: Floats) -> Floats:
    """Return the transfers of (3.10), shape (B, N): the integral over the pivotal types (3.11).

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> pivotal_transfers(private_values(3), 0.0, np.array([[1.0, 0.0, 2.0]])).round(12) + 0.0
    array([[ 0.  , -1.25,  0.75]])
    """
    quantity = taxed_equilibrium(economy, sigma, types)[1]
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    transfers = sigma * quantity**2 / 2
    for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        for trader in range(economy.n_traders):
            units = node * quantity[:, trader]
            prices = pivotal_price(economy, sigma, types, trader, units)
            transfers[:, trader] += weight * quantity[:, trader] * prices
    return np.asarray(transfers)


def pivotal_price(
    economy: QuadraticEconomy, sigma: float, types: Floats, trader: int, units: Floats
) -> Floats:
    """Return p^sigma(s_i(x), s_-i), at which the trader receives exactly x units, shape (B,).

    Quantities are affine in the own type, so two solutions determine the pivotal one.
    """
    moved = types.copy()
    moved[:, trader] += 1.0
    quantity, at_one_more = (
        taxed_equilibrium(economy, sigma, profile)[1][:, trader] for profile in (types, moved)
    )
    pivotal = types.copy()
    pivotal[:, trader] += (units - quantity) / (at_one_more - quantity)
    return taxed_equilibrium(economy, sigma, pivotal)[0]


def cleared_outcomes(economy: QuadraticEconomy, sigma: float, types: Floats) -> Iterator[Outcome]:
    """Return the outcomes of sigma-VCG at honest reports, and of the sigma-DCDA at honest bids."""
    yield SigmaVCG(economy, sigma).clear(Reports(types))
    auction = SigmaDCDA(sigma)
    yield auction.clear(auction.honest_bids(economy, types))
