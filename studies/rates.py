"""How fast a measure changes with the number of traders: a straight line in logarithms."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from deviator.errors import InvalidInputError
from deviator.validation import Floats, finite_array

LEAST_SIZES = 3
"""Sizes from which on a slope has a standard error."""

CONFIDENCE = 0.95
"""Of the intervals of slopes."""


class Rate(NamedTuple):
    """A fitted rate: values are about ``constant * N ** exponent``.

    Attributes
    ----------
    exponent : float
    standard_error : float
        Of the exponent, from the residuals.
    interval : tuple of float
        95% Student interval of the exponent.
    constant : float
    sizes : int
        Points that were fitted.
    """

    exponent: float
    standard_error: float
    interval: tuple[float, float]
    constant: float
    sizes: int

    def at(self, sizes: Sequence[float] | Floats) -> Floats:
        """Return the fitted values at sizes, shape (M,)."""
        return np.asarray(self.constant * np.asarray(sizes, dtype=float) ** self.exponent)


def fit_rate(sizes: Sequence[float] | Floats, values: Sequence[float] | Floats) -> Rate:
    """Return the exponent with which values change with N, by least squares in logarithms.

    The error is that of a straight line through the logarithms: where values follow no power of N
    yet, as in small markets, the line is a summary of these sizes and the interval is no bound on
    the limit.

    Parameters
    ----------
    sizes, values : sequence of float, shape (M,)
        At least three, of at least three sizes, all positive.

    Returns
    -------
    Rate

    Raises
    ------
    InvalidInputError
        If shapes differ, a number is not positive, or there are fewer than three sizes.

    Examples
    --------
    >>> rate = fit_rate([4, 8, 16], [1 / 16, 1 / 64, 1 / 256])
    >>> round(rate.exponent, 12), round(rate.constant, 12)
    (-2.0, 1.0)
    """
    n = finite_array("sizes", sizes, (None,))
    y = finite_array("values", values, n.shape)
    if len(np.unique(n)) < LEAST_SIZES:
        raise InvalidInputError(
            f"a rate needs at least {LEAST_SIZES} sizes, got {len(np.unique(n))}; add some to the "
            "study"
        )
    if (n <= 0).any() or (y <= 0).any():
        raise InvalidInputError(
            f"sizes and values must be positive, got {min(n.min(), y.min()):g}; leave out what is "
            "0, as logarithms do"
        )
    return _least_squares(np.log(n), np.log(y))


def _least_squares(x: Floats, y: Floats) -> Rate:
    centred = x - x.mean()
    spread = float(centred @ centred)
    exponent = float(centred @ y) / spread
    constant = float(y.mean() - exponent * x.mean())
    residuals = y - constant - exponent * x
    freedom = len(x) - 2
    error = float(np.sqrt(residuals @ residuals / freedom / spread))
    half = float(stdtrit(freedom, 0.5 + CONFIDENCE / 2)) * error
    interval = exponent - half, exponent + half
    return Rate(exponent, error, interval, float(np.exp(constant)), len(x))
