"""The efficient allocation of strictly concave utilities: marginal utilities agree, q sums to 0."""

from collections.abc import Callable

import numpy as np

from deviator.numerics.newton import damped_newton
from deviator.validation import Bools, Floats

Marginal = Callable[[Floats, Floats], Floats]


def agreeing_quantities(
    marginal: Marginal, slopes: Marginal, types: Floats
) -> tuple[Floats, Bools]:
    """Return the quantities that sum to 0 and have equal marginal utilities, where found.

    Newton's method from no trade: at slopes m_i < 0 the step is dq_i = (p - mu_i) / m_i with the
    price p that keeps the sum of q at 0.

    Returns quantities, shape (B, N), and where that converged, (B,). Of quantity and types,
    `marginal` is du_i/dq_i and `slopes` its derivative in q_i.
    """
    start = np.zeros_like(types)
    point, converged = damped_newton(
        lambda quantity: marginal(quantity, types),
        lambda quantity: (_newton_step(marginal(quantity, types), slopes(quantity, types)),),
        (start,),
        size_at_rest(marginal, types),
    )
    return point[0], converged


def size_at_rest(marginal: Marginal, types: Floats) -> Floats:
    """Return how large the marginal utilities are before trade, shape (B,)."""
    at_rest = marginal(np.zeros_like(types), types)
    return np.asarray(np.abs(at_rest).max(axis=1) + np.ptp(at_rest, axis=1))


def _newton_step(marginal: Floats, slopes: Floats) -> Floats:
    weight = np.where(slopes < 0, -1 / np.where(slopes < 0, slopes, -1.0), 0.0)
    total = weight.sum(axis=1, keepdims=True)
    # Differences first, so that the step sums to 0 up to its own rounding, not the price's.
    apart = marginal - marginal.mean(axis=1, keepdims=True)
    price = (weight * apart).sum(axis=1, keepdims=True) / np.where(total > 0, total, 1.0)
    return np.asarray(weight * (apart - price))
