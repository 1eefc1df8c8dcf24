"""Markets that are singular in exact numbers, where rounding alone would let them trade."""

from functools import partial

import numpy as np
import pytest

from deviator.mechanisms import FactoredBids, LinearBids, Shard, SigmaDCDA, clear_sharded
from deviator.mechanisms.clearing import FactoredClearing
from deviator.mechanisms.clearing.base import solve_by_tiling

SIZES = (3, 5, 8, 12, 40)


def _factored(n: int, seed: int, markets: int = 40):
    """Bids of which one alone has weight on the price, so that without it there is none."""
    rng = np.random.default_rng([seed, n])
    spread = 10.0 ** rng.uniform(-3, 3, size=n)
    statistics = rng.normal(size=(1 + (n > 3), n)) * spread
    own = rng.normal(size=(markets, n)) * spread
    on_statistics = rng.normal(size=(markets, n, len(statistics)))
    price = np.zeros((markets, n))
    price[:, rng.integers(n)] = 1.0
    bids = FactoredBids(own, on_statistics, price, rng.normal(size=(markets, n)))
    return SigmaDCDA(0.2, statistics=statistics), bids


def _as_linear_bids(auction: SigmaDCDA, bids: FactoredBids) -> LinearBids:
    n = bids.shape[1]
    weights = bids.statistic_weights @ auction.statistics.weights
    weights[:, range(n), range(n)] += bids.own_weights
    return LinearBids(weights, bids.price_weights, bids.level)


def _payment(auction: SigmaDCDA):
    return partial(auction.payment, tax_slope=auction.tax_slope)


@pytest.mark.parametrize("n", SIZES)
def test_without_the_only_weight_on_the_price_there_is_no_residual_curve(n):
    auction, bids = _factored(n, seed=0)
    assert not auction.clear(bids).traded.any()
    assert not SigmaDCDA(0.2).clear(_as_linear_bids(auction, bids)).traded.any()


@pytest.mark.parametrize("n", SIZES)
def test_nor_in_passes_over_traders(n):
    auction, bids = _factored(n, seed=1)
    assert not FactoredClearing(auction.statistics, large=1).solve(bids).regular.any()


def test_nor_in_shards():
    for n in (5, 12):
        auction, bids = _factored(n, seed=2, markets=4)
        for market in range(4):
            array = bids.as_array()[market]
            own, on_statistics, price, level = array[:, 0], array[:, 1:-2], *array[:, -2:].T
            shards = [
                Shard(
                    own[part],
                    on_statistics[part],
                    price[part],
                    level[part],
                    auction.statistics.weights[:, part],
                )
                for part in (slice(None, 2), slice(2, None))
            ]
            assert not clear_sharded(SigmaDCDA(0.2), shards).traded


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_nor_in_tensors(n, dtype):
    torch = pytest.importorskip("torch")
    auction, bids = _factored(n, seed=3)
    reference = torch.zeros((), dtype=getattr(torch, dtype))
    assert not auction.clear(bids.converted(reference)).traded.any()
    dense = _as_linear_bids(auction, bids).converted(reference)
    assert not SigmaDCDA(0.2).clear(dense).traded.any()


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("as_linear_bids", [False, True])
def test_deviations_that_take_the_other_price_away_end_in_autarky(n, as_linear_bids):
    auction, bids = _factored(n, seed=4, markets=10)
    trader = int(np.flatnonzero(bids.price_weights[0] == 0)[0])
    array = bids.as_array()
    array[:, trader, -2] = 1.0
    bids = FactoredBids.from_array(array)
    if as_linear_bids:
        auction, bids = SigmaDCDA(0.2), _as_linear_bids(auction, bids)
    present = auction.clear(bids)
    candidates = np.repeat(bids.of_trader(trader)[:, None], 4, axis=1)
    candidates[..., -2] = 0.0
    candidates[:, 1:, :-2] *= np.random.default_rng(n).normal(size=candidates[:, 1:, :-2].shape)
    # The last one keeps the price, so that it trades as before.
    candidates[:, 3] = bids.of_trader(trader)
    outcome = auction.clear_deviations(bids, trader, candidates)
    assert present.traded.any()
    assert not outcome.traded[:, :3].any()
    np.testing.assert_array_equal(outcome.traded[:, 3], present.traded)


@pytest.mark.parametrize("exponent", [-16.0, -13.0, -9.0])
def test_regular_markets_near_autarky_still_trade(exponent):
    """Weights on the price that all but cancel, and one own weight that is all but 0."""
    own, price = np.ones((1, 12)), np.ones((1, 12))
    own[0, 0] = 10.0**exponent
    level = np.random.default_rng(0).normal(size=(1, 12))
    bids = FactoredBids(own, np.zeros((1, 12, 0)), price, level)
    auction = SigmaDCDA(0.2, statistics=np.zeros((0, 12)))
    whole = auction.clear(bids)
    passes = FactoredClearing(auction.statistics, large=1).settle(bids, _payment(auction))
    dense = SigmaDCDA(0.2).clear(_as_linear_bids(auction, bids))
    assert whole.traded.all() == passes.traded.all() == dense.traded.all()
    if dense.traded.all():
        for result in (whole, passes):
            np.testing.assert_allclose(result.quantity, dense.quantity, rtol=0, atol=1e-11)
            np.testing.assert_allclose(result.transfer, dense.transfer, rtol=0, atol=1e-10)


def test_updates_that_all_but_cancel_equal_fresh_clearings():
    """A deviator who leaves almost no weight on the price but another's."""
    rng = np.random.default_rng(5)
    weights, price = rng.normal(size=(6, 5, 5)), np.zeros((6, 5))
    price[:, :2] = 1.0
    bids = LinearBids(weights, price, rng.normal(size=(6, 5)))
    candidates = np.repeat(bids.of_trader(0)[:, None], 8, axis=1)
    candidates[..., -2] = 10.0 ** -np.arange(2.0, 10.0)
    clear = SigmaDCDA(0.2).clearing
    quick = clear.solve_deviations(bids, 0, candidates)
    afresh = solve_by_tiling(clear, bids, 0, candidates)
    np.testing.assert_array_equal(quick.regular, afresh.regular)
    assert afresh.regular.all()
    np.testing.assert_allclose(quick.quantity, afresh.quantity, rtol=1e-6)


@pytest.mark.parametrize("shared", [True, False])
def test_no_markets_have_no_deviations(shared):
    lead = 1 if shared else 0
    bids = LinearBids(np.ones((lead, 4, 4)), np.ones((lead, 4)), np.zeros((0, 4)))
    assert SigmaDCDA(0.2).clear_deviations(bids, 0, np.zeros((0, 2, 6))).quantity.shape == (0, 2)
