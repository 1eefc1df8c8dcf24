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

    Parameters
    ----------
    marginal, slopes : callable
        (quantity, types) -> du_i/dq_i and its derivative in q_i, shape (B, N).
    types : ndarray of float, shape (B, N)

    Returns
    -------
    quantity : ndarray of float, shape (B, N)
    converged : ndarray of bool, shape (B,)
    """
    start = np.zeros_like(types)
    at_rest = marginal(start, types)
    size = np.abs(at_rest).max(axis=1) + np.ptp(at_rest, axis=1)
    point, converged = damped_newton(
        lambda quantity: marginal(quantity, types),
        lambda quantity: (_newton_step(marginal(quantity, types), slopes(quantity, types)),),
        (start,),
        size,
    )
    return point[0], converged


def _newton_step(marginal: Floats, slopes: Floats) -> Floats:
    weight = np.where(slopes < 0, -1 / np.where(slopes < 0, slopes, -1.0), 0.0)
    total = weight.sum(axis=1, keepdims=True)
    # Differences first, so that the step sums to 0 up to its own rounding, not the price's.
    apart = marginal - marginal.mean(axis=1, keepdims=True)
    price = (weight * apart).sum(axis=1, keepdims=True) / np.where(total > 0, total, 1.0)
    return np.asarray(weight * (apart - price))
