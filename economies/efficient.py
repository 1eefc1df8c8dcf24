"""The efficient allocation of strictly concave utilities: marginal utilities agree, q sums to 0."""

from collections.abc import Callable

import numpy as np

from deviator.errors import NotConvergedError
from deviator.validation import Bools, Floats

PRECISION = 1e-10
"""Largest spread of marginal utilities, of their size without trade, that counts as agreement."""

STEPS = 200
HALVINGS = 40

Marginal = Callable[[Floats, Floats], Floats]


def concave_allocation(marginal: Marginal, slopes: Marginal, types: Floats) -> Floats:
    """Return the allocation at which all marginal utilities agree, shape (B, N).

    Newton's method from no trade: at slopes m_i < 0 the step is dq_i = (p - mu_i) / m_i with the
    price p that keeps the sum of q at 0, halved while the spread of marginal utilities grows.

    Parameters
    ----------
    marginal, slopes : callable
        (quantity, types) -> du_i/dq_i and its derivative in q_i, shape (B, N).
    types : ndarray of float, shape (B, N)

    Raises
    ------
    NotConvergedError
        If a market is not solved, as where a utility is not strictly concave.
    """
    quantity = np.zeros_like(types)
    spread = _spread(marginal(quantity, types))
    goal = PRECISION * (np.abs(marginal(quantity, types)).max(axis=1) + spread)
    for _ in range(STEPS):
        open_markets = spread > goal
        if not open_markets.any():
            return quantity
        step = _newton_step(marginal(quantity, types), slopes(quantity, types))
        quantity, spread = _descend(marginal, types, quantity, spread, step, open_markets)
    market = int(np.flatnonzero(spread > goal)[0])
    raise NotConvergedError(
        "the efficient allocation needs strictly concave utilities, and Newton's method stopped "
        f"in market {market} with marginal utilities {spread[market]:.3g} apart; override "
        "efficient_allocation"
    )


def _spread(marginal: Floats) -> Floats:
    return np.asarray(np.ptp(marginal, axis=1), dtype=np.float64)


def _newton_step(marginal: Floats, slopes: Floats) -> Floats:
    weight = np.where(slopes < 0, -1 / np.where(slopes < 0, slopes, -1.0), 0.0)
    total = weight.sum(axis=1, keepdims=True)
    price = (weight * marginal).sum(axis=1, keepdims=True) / np.where(total > 0, total, 1.0)
    return np.asarray(weight * (marginal - price))


def _descend(
    marginal: Marginal,
    types: Floats,
    quantity: Floats,
    spread: Floats,
    step: Floats,
    open_markets: Bools,
) -> tuple[Floats, Floats]:
    """Take the longest of the halved steps that brings marginal utilities closer."""
    length = np.where(open_markets, 1.0, 0.0)
    for _ in range(HALVINGS):
        moved = quantity + length[:, None] * step
        reached = _spread(marginal(moved, types))
        worse = open_markets & ~(reached < spread)
        if not worse.any():
            return moved, reached
        length = np.where(worse, length / 2, length)
    return np.where(worse[:, None], quantity, moved), np.where(worse, spread, reached)
