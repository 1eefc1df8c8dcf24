"""Dense linear clearing against the bare inverse of the same matrices.

Measured is `SigmaDCDA.clear` (price, quantities, residual curves, transfers, autarky test) on bids
of B markets of which no two are alike. The baseline inverts the (B, N + 1, N + 1) market matrices,
built beforehand: an inverse is what holds all residual curves (Definition 3). With two threads, the
baseline may use them too.
"""

from __future__ import annotations

import functools

import numpy as np

from deviator.mechanisms import LinearBids, SigmaDCDA, clear_parallel
from deviator.validation import Floats

from .harness import Row, at_most, busiest, faster_count, side_by_side, threads

WORK = "dense linear clearing"
SIZES = ((100_000, 8), (10_000, 32), (200, 256))
SIGMA = 0.4


def rows() -> list[Row]:
    """Measure on one thread and on two."""
    return [row for markets, n in SIZES for row in _rows(markets, n)]


def _rows(markets: int, n: int) -> list[Row]:
    auction, bids = SigmaDCDA(SIGMA), random_bids(markets, n)
    matrices = market_matrices(bids)
    check_same(auction, bids, matrices)
    inverse = functools.partial(np.linalg.inv, matrices)
    clear = functools.partial(auction.clear, bids)
    size = f"{markets:,} markets x {n}"
    with threads(1):
        one = side_by_side(clear, inverse)
        note = f"{busiest(clear)} of the time; the inverse is LAPACK's"
    count = faster_count(inverse)
    with threads(count):
        two = side_by_side(lambda: clear_parallel(auction, bids, threads=2), inverse, 15)
    best = f"the inverse on {count} of two threads, on which it is faster"
    return [
        Row.times_slower(
            WORK, size, one, at_most(1.3), figure="times the inverse, one thread", note=note
        ),
        Row.times_slower(
            WORK, size, two, at_most(1.0), figure="times the inverse, two threads", note=best
        ),
    ]


def random_bids(markets: int, n: int) -> LinearBids:
    """Return bids of markets that trade, every market with weights of its own."""
    rng = np.random.default_rng(0)
    weights = rng.standard_normal((markets, n, n)) + 3 * np.sqrt(n) * np.eye(n)
    return LinearBids(weights, rng.uniform(1, 2, (markets, n)), rng.standard_normal((markets, n)))


def market_matrices(bids: LinearBids) -> Floats:
    """Return M = [[A, b], [1', 0]] of every market."""
    markets, n = bids.level.shape
    matrices = np.zeros((markets, n + 1, n + 1))
    matrices[:, :n, :n] = bids.quantity_weights
    matrices[:, :n, n] = bids.price_weights
    matrices[:, n, :n] = 1.0
    return matrices


def check_same(auction: SigmaDCDA, bids: LinearBids, matrices: Floats) -> None:
    """Hold that clearing gives what the inverse does."""
    n, outcome, inverse = bids.level.shape[1], auction.clear(bids), np.linalg.inv(matrices)
    solution = np.einsum("bij,bj->bi", inverse[:, :, :n], bids.level)
    slope = inverse[:, n, :n] / np.einsum("bii->bi", inverse)[:, :n]
    quantity, price = solution[:, :n], solution[:, n:]
    transfer = price * quantity + (SIGMA - slope) * quantity**2 / 2
    assert outcome.traded.all()
    np.testing.assert_allclose(outcome.residual_slope, slope, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(outcome.quantity, quantity, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(outcome.transfer, transfer, rtol=1e-7, atol=1e-9)
