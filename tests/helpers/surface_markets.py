"""Markets of surfaces, and of linear bids written as surfaces."""

import numpy as np

from deviator.economies import saturating, varying_effects
from deviator.mechanisms import LinearBids, SigmaDCDA
from deviator.mechanisms.languages import SurfaceBids
from deviator.mechanisms.surfaces import CallableSurface, Hyperplane, Kinked, Tilted
from helpers.outcomes import assert_outcomes_agree

ECONOMIES = {"saturating": saturating, "varying effects": varying_effects}
SIGMA = 0.3


def drawn_linear(markets, n, seed=0):
    rng = np.random.default_rng(seed)
    weights = 2 * np.eye(n) + 0.4 * rng.standard_normal((markets, n, n))
    price = 1 + 0.3 * rng.standard_normal((markets, n))
    return LinearBids(weights, price, rng.standard_normal((markets, n)))


def cubic(trader, n, intercept=1.0, steepness=1.0):
    """p = intercept - steepness (q + q^3) of the own quantity."""

    def function(price, quantity, market):
        own = quantity[:, trader]
        slopes = np.zeros_like(quantity)
        slopes[:, trader] = steepness * (1 + 3 * own**2)
        return price - intercept + steepness * (own + own**3), np.ones_like(price), slopes

    return CallableSurface(n, function)


def outcomes_agree(one, other, tolerance):
    assert_outcomes_agree(one, other, tolerance, tolerance)
    np.testing.assert_array_equal(one.traded, other.traded)


def mixed_bids():
    """A hyperplane, a cubic, a tilted honest bid and a kinked one, in one market."""
    honest = SigmaDCDA(SIGMA).honest_bids(varying_effects(4), np.array([[1.0, 0.5, -0.5, -1.0]]))
    kinked = Kinked(honest.surfaces[3], 3, -0.2, 1.5)
    tilted = Tilted(honest.surfaces[2], [0.1, 0.0, 0.2, 0.0], 0.1)
    flat = Hyperplane([1.2, 0.1, 0.0, 0.2], 1.0, 0.9)
    return SurfaceBids([flat, cubic(1, 4), tilted, kinked])
