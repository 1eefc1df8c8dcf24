"""Linear schedules that are an ex post equilibrium of the uniform-price auction, as fractions.

Let slopes mu be equal and q_i = c_i + a_i s_i - b p, so that p = (a . s + sum c) / (N b) and every
trader's price impact is d = 1 / ((N - 1) b). With m = mu + d the first-order condition
(W s)_i + e_i - mu q_i = p + d q_i reads, with q_i put in,

    m (c_i + a_i s_i) + (1 - b m) p = (W s)_i + e_i    at every profile s.

So a type matters the same to all others, w_ij = g_j for i != j, with g_j = (1 - b m) a_j / (N b)
and w_jj - g_j = m a_j: the ratio r = g_j / (w_jj - g_j) must be one for all j. Then
b m (1 + N r) = 1, and as b m = b mu + 1 / (N - 1),

    b = [1 / (1 + N r) - 1 / (N - 1)] / mu,  a_j = (w_jj - g_j) / m,
    c_i = [e_i - (1 - b m) sum(e) / N] / m.

All are rational in the numbers of the economy, private values (r = 0) and Example 4 included: with
w_ij = alpha 1{i = j} + beta / N, b is that of (4.16).
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import final

import numpy as np

from deviator.numerics.rational import Rationals, rational
from deviator.validation import Floats


@final
@dataclass(frozen=True, eq=False)
class ExactSchedules:
    """Schedules q_i = constant_i + intercept_i s_i - slope_i p in exact numbers, each (N,)."""

    intercept: Rationals
    slope: Rationals
    constant: Rationals

    def as_floats(self) -> tuple[Floats, Floats, Floats]:
        """Return intercept, slope and constant, rounded to doubles."""
        intercept, slope, constant = (
            each.astype(np.float64) for each in (self.intercept, self.slope, self.constant)
        )
        return intercept, slope, constant


def ex_post_schedules(weights: Floats, bend: Floats, value: Floats) -> ExactSchedules | None:
    """Return the schedules that are optimal at every profile; None where there are none like that.

    Parameters
    ----------
    weights : ndarray of float, shape (N, N)
        W.
    bend : ndarray of float, shape (N,)
        Slopes mu_i of the marginal utilities.
    value : ndarray of float, shape (N,)
        Intercepts e_i of the marginal utilities.

    Examples
    --------
    >>> schedules = ex_post_schedules(np.eye(3) + 0.25, np.full(3, 2.0), np.zeros(3))
    >>> schedules.slope[0], schedules.intercept[0]
    (Fraction(1, 28), Fraction(1, 16))
    """
    n, exact = len(bend), rational(weights)
    on_others = exact[[1] + [0] * (n - 1), np.arange(n)]
    beyond = np.diagonal(exact) - on_others
    apart = exact - np.diag(beyond) - on_others
    if (bend != bend[0]).any() or (apart != 0).any() or (beyond == 0).any():
        return None
    ratio = on_others / beyond
    if (ratio != ratio[0]).any() or 1 + n * ratio[0] <= 0:
        return None
    mu = Fraction(float(bend[0]))
    steepness = (1 / (1 + n * ratio[0]) - Fraction(1, n - 1)) / mu
    if steepness <= 0:
        return None
    curvature = mu + 1 / ((n - 1) * steepness)
    levels = rational(value)
    common = (1 - steepness * curvature) * levels.sum() / n
    slope = np.full(n, steepness, dtype=object)
    return ExactSchedules(beyond / curvature, slope, (levels - common) / curvature)
