"""Matrices of traders by traders: weights and covariances that are written out."""

import numpy as np

from deviator.memory import require_memory
from deviator.validation import Floats, finite_number, trader_count

MATRICES_AT_ONCE = 4
"""Arrays that are held at once while such an economy or law is made."""


def identity(n_traders: int) -> Floats:
    """Return the identity matrix, shape (N, N), from which weights or covariances are made.

    Raises
    ------
    RefusedError
        If such arrays need more memory than there is.

    Examples
    --------
    >>> identity(2)
    array([[1., 0.],
           [0., 1.]])
    """
    require_memory(
        8.0 * MATRICES_AT_ONCE * n_traders**2,
        f"an economy, or law of types, of {n_traders} traders that is written out",
        "build a factored economy (deviator.economies.factored), and draw types with NumPy",
    )
    return np.eye(n_traders)


def common_value_weights(n_traders: int, alpha: float, beta: float) -> Floats:
    """Return alpha I + (beta / N) 11', shape (N, N)."""
    n = trader_count(n_traders)
    return finite_number("alpha", alpha) * identity(n) + finite_number("beta", beta) / n
