"""Hypothesis strategies for economies and markets."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from deviator.economies import linear_quadratic

SIZES = st.integers(3, 7)


def floats(low, high):
    return st.floats(low, high, allow_nan=False, allow_infinity=False, allow_subnormal=False)


@st.composite
def economies(draw, equal_slopes=False):
    """Draw an economy inside A2, A3 and A4^N, with intercepts."""
    n = draw(SIZES)
    own = draw(arrays(float, n, elements=floats(0.8, 1.5)))
    slope = draw(arrays(float, n, elements=floats(0.7, 1.8)))
    if equal_slopes:
        slope = np.full(n, slope[0])
    bound = min(slope.min() / slope.max(), (n - 2) / (2 * (n - 1))) * own.min()
    weights = draw(arrays(float, (n, n), elements=floats(0.0, 0.9))) * bound
    np.fill_diagonal(weights, own)
    intercept = draw(arrays(float, n, elements=floats(-1.0, 1.0)))
    return linear_quadratic(weights, slope, intercept)


@st.composite
def profiles(draw, economy, batch=3):
    return draw(arrays(float, (batch, economy.n_traders), elements=floats(-3.0, 3.0)))
