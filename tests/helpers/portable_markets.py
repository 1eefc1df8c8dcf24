"""Markets whose bids are arrays of other libraries."""

import numpy as np
import pytest

from deviator.economies import (
    LinearQuadratic,
    factored,
    private_values,
    public_statistics,
    two_groups,
)
from deviator.mechanisms import (
    FactoredBids,
    LinearBids,
    NaiveWalrasian,
    PayAsBid,
    Reports,
    SigmaDCDA,
    SigmaVCG,
    UniformConditional,
    UniformDoubleAuction,
)

GROUPS = two_groups(6, alpha=1.0, beta=0.7, slope=1.3)
PRIVATE = private_values(5)


def _factored_economy():
    rng = np.random.default_rng(5)
    own, loadings = 1 + rng.random(7), 0.2 * rng.random((7, 2))
    return factored(own, loadings, rng.random((2, 7)), 1 + rng.random(7))


def _bounded_economy():
    weights = np.eye(4) + 0.1
    return LinearQuadratic(
        weights, np.ones(4), np.zeros(4), type_low=-np.ones(4), type_high=2 * np.ones(4)
    )


FACTORED, BOUNDED = _factored_economy(), _bounded_economy()
STATISTICS = public_statistics(FACTORED, 0.4)
MARKETS = {
    "sigma-dcda": (SigmaDCDA(0.4), GROUPS),
    "statistics": (SigmaDCDA(0.4, STATISTICS), FACTORED),
    "no statistics": (SigmaDCDA(0.4, np.zeros((0, 5))), PRIVATE),
    "uniform-conditional": (UniformConditional(), GROUPS),
    "uniform-double-auction": (UniformDoubleAuction(), PRIVATE),
    "pay-as-bid": (PayAsBid(0.1), PRIVATE),
    "naive-walrasian": (NaiveWalrasian(FACTORED), FACTORED),
    "sigma-vcg": (SigmaVCG(GROUPS, 0.3), GROUPS),
    "bounded, printed": (SigmaVCG(BOUNDED, 0.3), BOUNDED),
    "bounded, pivotal": (SigmaVCG(BOUNDED, 0.3, "pivotal"), BOUNDED),
}
EVERY_MARKET = pytest.mark.parametrize(
    ("mechanism", "economy"), MARKETS.values(), ids=MARKETS.keys()
)


def types_of(economy, batch=5, seed=1):
    rng = np.random.default_rng(seed)
    low, high = 0.9 * np.array(economy.type_set)
    return np.clip(rng.standard_normal((batch, economy.n_traders)), low, high)


def perturbed_bids(mechanism, economy, batch=5):
    """Return bids of B markets that are nobody's honest ones, coefficients not shared."""
    bids = mechanism.honest_bids(economy, types_of(economy, batch))
    if isinstance(bids, Reports):
        return bids
    rng = np.random.default_rng(2)
    array = bids.as_array()
    return bids.from_array(array * (1 + 0.2 * rng.random(array.shape)))


def net_utilities(mechanism, economy, bids, types):
    outcome = mechanism.clear(bids)
    return economy.utility(outcome.quantity, types) - outcome.transfer


def irregular_bids(seed, n=5):
    """Return linear bids of which about half are in autarky, each for another reason."""
    rng = np.random.default_rng(seed)
    weights, price = rng.standard_normal((9, n, n)), rng.standard_normal((9, n))
    weights[1, 0], price[1, 0] = 2 * weights[1, 1], 2 * price[1, 1]  # the same bid twice
    weights[2, 3] = rng.standard_normal()  # a row that is idle, on the price alone
    weights[3, 3], price[3, 3] = rng.standard_normal(), 0.0  # an empty bid, up to rounding
    price[4] = 0.0  # nobody reads the price
    weights[5] += 1e6 * rng.standard_normal((n, 1))  # idle components, large
    weights[6] = np.diag(weights[6].diagonal())
    weights[6, :2] = 0.0  # two traders fix the price
    scale = 10.0 ** rng.integers(-9, 9, (n, 1))  # the same bids, written otherwise
    weights[7], price[7] = weights[7] * scale, price[7] * scale[:, 0]
    weights[8, 1], price[8, 1] = np.eye(n)[0], 0.0  # trader 0's quantity is fixed: P[q_0, 0] = 0
    return LinearBids(weights, price, rng.standard_normal((9, n)))


def irregular_factored_bids(seed):
    rng = np.random.default_rng(seed)
    own, price = 1 + rng.random((6, 7)), 1 + rng.random((6, 7))
    statistic = rng.standard_normal((6, 7, 2))
    own[1, :2] = 0.0  # a regular market, with as many zeros as statistics
    own[2, :5] = 0.0  # more zeros than statistics and the price can make up for
    own[3], statistic[3] = 0.0, 0.0
    own[4, 1], statistic[4, 1], price[4, 1] = own[4, 0], statistic[4, 0], 0.0
    own[5, 2], statistic[5, 2], price[5, 2] = 0.0, 0.0, 0.0
    return FactoredBids(own, statistic, price, rng.standard_normal((6, 7)))
