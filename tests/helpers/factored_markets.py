"""Factored economies and markets, and the dense ones that they must equal."""

from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from deviator.economies import LinearQuadratic, factored
from helpers.market_strategies import floats


@st.composite
def factored_economies(draw):
    """Draw a factored economy with G of 1 or 2, weak enough interdependence, and intercepts."""
    n, g = draw(st.integers(3, 12)), draw(st.integers(1, 2))
    return factored(
        draw(arrays(float, n, elements=floats(0.8, 1.5))),
        draw(arrays(float, (n, g), elements=floats(0.0, 0.1))),
        draw(arrays(float, (g, n), elements=floats(0.1, 1.0))),
        draw(arrays(float, n, elements=floats(0.7, 1.8))),
        draw(arrays(float, n, elements=floats(-1.0, 1.0))),
    )


def dense(economy):
    return LinearQuadratic(economy.weights, economy.slope, economy.intercept)


HALVES = [[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]]
