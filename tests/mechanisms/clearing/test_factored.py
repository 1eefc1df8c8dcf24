"""Clearing of factored bids: equal to the dense path."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.factored_markets import HALVES, dense, factored_economies
from helpers.market_strategies import floats
from helpers.oracles import linear_bids
from helpers.outcomes import FIELDS, assert_close
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from deviator.economies import NormalTypes, factored, public_statistics, two_groups
from deviator.envs import deviation_core
from deviator.errors import RefusedError
from deviator.evidence import certify, market, matched_control
from deviator.mechanisms import (
    FactoredBids,
    LinearBids,
    Mutated,
    NaiveWalrasian,
    PublicStatistics,
    Reports,
    SigmaDCDA,
    SigmaVCG,
    UniformConditional,
)
from deviator.mechanisms.clearing import ConditionalClearing, FactoredClearing
from deviator.mechanisms.clearing.base import solve_by_tiling
from deviator.plugins.conformance import parametrize_with_checks
from deviator.policies import BestResponse, exact_gain, expected_exact_gain
from deviator.studies import audit


def as_linear_bids(bids, statistics):
    """The same hyperplanes with weights on every quantity."""
    own = bids.own_weights[..., None] * np.eye(bids.shape[1])
    weights = own + bids.statistic_weights @ statistics.weights
    return LinearBids(weights, bids.price_weights, bids.level)


def random_market(rng, n, g, batch=3, zeros=0):
    """Bids on statistics in very different units, some without weight on the own quantity."""
    units = np.exp(rng.uniform(-9, 9, size=g))
    statistics = PublicStatistics(rng.normal(size=(g, n)) * units[:, None])
    own = rng.uniform(0.5, 2.0, size=(batch, n))
    own[:, rng.permutation(n)[:zeros]] = 0.0
    bids = FactoredBids(
        own,
        rng.normal(size=(batch, n, g)) / units,
        rng.uniform(0.5, 1.5, size=(batch, n)),
        rng.normal(size=(batch, n)),
    )
    return statistics, bids


@pytest.mark.parametrize("n", [3, 4, 7, 12])
@pytest.mark.parametrize("g", [0, 1, 2, 3])
@pytest.mark.parametrize("zeros", [0, 1, 2])
def test_clearing_equals_the_dense_path(n, g, zeros):
    rng = np.random.default_rng([n, g, zeros])
    for _ in range(10):
        statistics, bids = random_market(rng, n, g, zeros=min(zeros, g + 1))
        whole = as_linear_bids(bids, statistics)
        got = FactoredClearing(statistics).solve(bids)
        want = ConditionalClearing().solve(whole)
        np.testing.assert_array_equal(got.regular, want.regular)
        assert want.regular.all()
        for place in range(3):
            price, quantity, slopes = linear_bids(
                whole.quantity_weights[place], whole.price_weights[place], whole.level[place]
            )
            assert_close(got.price[place], price, 1e-9)
            assert_close(got.quantity[place], quantity, 1e-9)
            assert_close(got.residual_slope[place], slopes, 1e-9)


@pytest.mark.parametrize("n", [3, 5, 12])
@pytest.mark.parametrize("zeros", [0, 1])
def test_deviations_equal_the_dense_path_and_a_fresh_clearing(n, zeros):
    rng = np.random.default_rng([n, zeros])
    for trader in (0, n - 1):
        statistics, bids = random_market(rng, n, 2, zeros=zeros)
        candidates = bids.of_trader(trader)[:, None] * rng.uniform(0.5, 1.5, size=(3, 6, 5))
        candidates[:, 1, 0] = candidates[:, 2, -2] = 0.0
        candidates[:, 3, 1:-2] = 0.0
        candidates[:, 4, :-1] = 0.0
        clearing = FactoredClearing(statistics)
        got = clearing.solve_deviations(bids, trader, candidates)
        own = candidates[..., :1] * np.eye(n)[trader]
        whole = np.concatenate(
            [own + candidates[..., 1:-2] @ statistics.weights, candidates[..., -2:]], axis=-1
        )
        dense_market = as_linear_bids(bids, statistics)
        for want in (
            ConditionalClearing().solve_deviations(dense_market, trader, whole),
            solve_by_tiling(clearing, bids, trader, candidates),
        ):
            np.testing.assert_array_equal(got.regular, want.regular)
            assert got.regular[:, :4].all()
            assert not got.regular[:, 4].any()
            for name in ("price", "quantity", "residual_slope"):
                assert_close(
                    getattr(got, name)[got.regular], getattr(want, name)[got.regular], 1e-9
                )


def test_deviations_from_autarky_are_cleared_afresh():
    rng = np.random.default_rng(3)
    statistics, bids = random_market(rng, 5, 1)
    own = bids.own_weights.copy()
    own[1, :3] = 0.0  # three rows in the span of one statistic and the price: singular
    bids = replace(bids, own_weights=own)
    clearing = FactoredClearing(statistics)
    assert clearing.solve(bids).regular.tolist() == [True, False, True]
    candidates = bids.of_trader(0)[:, None].copy()
    candidates[:, 0, 0] = 1.5
    got = clearing.solve_deviations(bids, 0, candidates)
    want = clearing.solve(bids.with_candidates(0, candidates))
    assert got.regular.all()
    assert_close(got.quantity[:, 0], want.quantity[:, 0])


@pytest.mark.parametrize("g", [0, 1, 2])
def test_autarky_is_the_dense_rule(g):
    """More traders without own weights than statistics and price can tell apart."""
    rng = np.random.default_rng(g)
    for zeros in range(6):
        statistics, bids = random_market(rng, 6, g, zeros=zeros)
        got = FactoredClearing(statistics).solve(bids).regular
        want = ConditionalClearing().solve(as_linear_bids(bids, statistics)).regular
        np.testing.assert_array_equal(got, want)
        assert got.all() == (zeros <= g + 1)


@pytest.mark.parametrize(
    ("distance", "traded"), [(0.0, False), (1e-16, False), (1e-8, True), (1e-2, True)]
)
@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_nearly_singular_markets_in_any_units(distance, traded, scale):
    """Traders 0 and 1 submit almost the same hyperplane, read off the statistics alone."""
    rng = np.random.default_rng(8)
    statistics, bids = random_market(rng, 6, 2)
    array = bids.as_array()
    array[:, 0, 0] = 0.0
    array[:, 1] = array[:, 0]
    array[:, 1, 1] *= 1 + distance
    submitted = FactoredBids.from_array(array * scale)
    got = FactoredClearing(statistics).solve(submitted).regular
    assert (got == traded).all()
    dense_market = as_linear_bids(submitted, statistics)
    np.testing.assert_array_equal(got, ConditionalClearing().solve(dense_market).regular)


@pytest.mark.parametrize("money", [1e-12, 1.0, 1e12])
@pytest.mark.parametrize("units", [1e-12, 1.0, 1e12])
def test_clearing_does_not_depend_on_units(money, units):
    rng = np.random.default_rng(5)
    statistics, bids = random_market(rng, 7, 2, batch=20, zeros=1)
    own = bids.own_weights.copy()
    own[3, :4] = 0.0
    bids = replace(bids, own_weights=own)
    plain = SigmaDCDA(0.3, statistics).clear(bids)
    assert plain.traded.sum() == 19
    scaled = bids.rescaled(money / units, units).as_array()
    scaled *= np.exp(rng.uniform(-27, 27, size=(20, 7, 1)))
    auction = SigmaDCDA(0.3, statistics).rescaled(money / units, units)
    outcome = auction.clear(FactoredBids.from_array(scaled))
    np.testing.assert_array_equal(outcome.traded, plain.traded)
    np.testing.assert_allclose(outcome.quantity, plain.quantity * units, rtol=1e-9)
    np.testing.assert_allclose(outcome.transfer, plain.transfer * money, rtol=1e-9)


def test_statistics_that_say_nothing_new_change_nothing():
    """Idle statistics (multiples of sum q = 0) and repeated ones, with any weights."""
    rng = np.random.default_rng(6)
    statistics, bids = random_market(rng, 6, 1)
    more = np.vstack([statistics.weights, np.full((1, 6), 7.0), 3 - 2 * statistics.weights])
    weights = rng.normal(size=(3, 6, 3)) * 100
    weights[..., 0] = bids.statistic_weights[..., 0] + 2 * weights[..., 2]
    longer = replace(bids, statistic_weights=weights)
    short = SigmaDCDA(0.2, statistics).clear(bids)
    long = SigmaDCDA(0.2, more).clear(longer)
    for field in FIELDS:
        assert_close(getattr(long, field), getattr(short, field), 1e-9)


@pytest.mark.parametrize("batch", [1, 2, 300])
def test_batch_equals_loop(batch):
    rng = np.random.default_rng(batch)
    statistics, bids = random_market(rng, 6, 2, batch=batch, zeros=1)
    rule = SigmaDCDA(0.4, statistics)
    candidates = bids.of_trader(2)[:, None] * 1.1
    whole, moved = rule.clear(bids), rule.clear_deviations(bids, 2, candidates)
    for place in range(0, batch, max(batch // 20, 1)):
        one = FactoredBids.from_array(bids.as_array()[[place]])
        alone = rule.clear(one)
        alone_moved = rule.clear_deviations(one, 2, candidates[[place]])
        for field in FIELDS:
            assert_close(getattr(alone, field)[0], getattr(whole, field)[place], 1e-12)
        assert_close(alone_moved.transfer[0], moved.transfer[place], 1e-12)


@given(st.data())
def test_honest_markets_equal_the_dense_path_and_the_direct_mechanism(data):
    economy = data.draw(factored_economies())
    sigma = data.draw(floats(0.0, 1.5))
    types = data.draw(arrays(float, (3, economy.n_traders), elements=floats(-3.0, 3.0)))
    auction = SigmaDCDA(sigma, public_statistics(economy, sigma))
    got = auction.clear(auction.honest_bids(economy, types))
    whole = SigmaDCDA(sigma)
    assert got.traded.all()
    for want in (
        whole.clear(whole.honest_bids(dense(economy), types)),
        whole.clear(whole.honest_bids(economy, types)),
        auction.clear(auction.honest_bids(dense(economy), types)),
        SigmaVCG(economy, sigma).clear(Reports(types)),
        SigmaVCG(dense(economy), sigma).clear(Reports(types)),
    ):
        for field in FIELDS:
            assert_close(getattr(got, field), getattr(want, field), 1e-12)


def test_best_responses_of_a_trader_whose_level_is_next_to_nothing():
    """A case of Hypothesis: a level of 1e-117 beside others of 1 gives no step to measure by."""
    economy = factored([1.0] * 3, [[0.0], [1e-117], [0.0]], [[1.0] * 3], 1.0, [1.0, 0.0, 0.0])
    rule, types = UniformConditional(public_statistics(economy)), np.zeros((1, 3))
    bid = BestResponse(rule, economy).bid(types, 1)
    gain = market(rule, economy, trader=1).gains(types, bid)
    assert gain == pytest.approx(exact_gain(rule, economy, types, trader=1), rel=1e-9)
    assert gain > 1e-3


@settings(max_examples=30)
@given(st.data())
def test_gains_and_best_responses_equal_the_dense_path(data):
    economy = data.draw(factored_economies())
    n = economy.n_traders
    types = data.draw(arrays(float, (3, n), elements=floats(-3.0, 3.0)))
    trader = data.draw(st.integers(0, n - 1))
    control = UniformConditional(public_statistics(economy))
    law = NormalTypes.exchangeable(n, mean=0.3, correlation=0.4)
    got = exact_gain(control, economy, types)
    want = exact_gain(UniformConditional(), dense(economy), types)
    assert_close(got, want, 1e-12)
    assert_close(exact_gain(NaiveWalrasian(economy), economy, types), want, 1e-12)
    for information in ("profile", "own"):
        best = BestResponse(control, economy, information, law).bid(types, trader)
        reached = market(control, economy, trader=trader).gains(types, best)
        assert_close(reached, want[:, trader], 1e-9)
        expected = [
            expected_exact_gain(rule, members, law, trader, information=information)
            for rule, members in ((control, economy), (UniformConditional(), dense(economy)))
        ]
        assert expected[0] == pytest.approx(expected[1], rel=1e-10)
    sigma = 0.3
    auction = SigmaDCDA(sigma, public_statistics(economy, sigma))
    assert exact_gain(auction, economy, types).max() < 1e-24


@settings(max_examples=10)
@given(st.data())
def test_certificates_of_factored_bids(data):
    economy = data.draw(factored_economies().filter(lambda economy: economy.n_traders <= 6))
    sigma = data.draw(floats(0.0, 1.5))
    exact = certify(
        market(SigmaDCDA(sigma, public_statistics(economy, sigma, exact=True)), economy)
    )
    assert exact.cap == 0.0
    assert exact.every_profile
    rounded = certify(market(SigmaDCDA(sigma, public_statistics(economy, sigma)), economy))
    assert rounded.cap < 1e-26
    faulty = Mutated(SigmaDCDA(sigma, public_statistics(economy, sigma)), "transfer", 0.5)
    assert certify(market(faulty, economy)).cap > 1e-9
    control = UniformConditional(public_statistics(economy))
    caps = certify(market(control, economy)).cap, certify(market(UniformConditional(), economy)).cap
    assert caps[0] == pytest.approx(caps[1], rel=1e-9)


def test_statistics_that_do_not_span_what_honesty_reads_are_refused():
    """The villain is a statistic that singles out one trader."""
    single = [[1, 0, 0, 0, 0, 0]]
    for economy in (two_groups(6), factored([1.0] * 6, [[0.3]] * 6, [[0.1, 0.2] * 3], 1.0)):
        with pytest.raises(RefusedError, match="public_statistics"):
            SigmaDCDA(0.3, single).honest_bids(economy, np.zeros((1, 6)))
        strategy = market(SigmaDCDA(0.3, single), economy).strategy
        with pytest.raises(RefusedError, match="public_statistics"):
            strategy.exact_bids(np.zeros((1, 6), dtype=object))


def test_renumbered_and_rescaled_auctions():
    economy = factored(
        [1.0, 1.2, 0.9, 1.1], [[0.2], [0.1], [0.3], [0.2]], [[0.4, 0.1, 0.2, 0.3]], 1.3
    )
    order = [2, 0, 3, 1]
    types = np.random.default_rng(0).normal(size=(4, 4))
    auction = SigmaDCDA(0.3, public_statistics(economy, 0.3))
    bids = auction.honest_bids(economy, types)
    plain = auction.clear(bids)
    moved = auction.relabelled(order).clear(bids.relabelled(order))
    honest = auction.relabelled(order).honest_bids(economy.relabelled(order), types[:, order])
    restated = auction.rescaled(10.0, 4.0)
    in_units = restated.honest_bids(economy.rescaled(10.0, 4.0), types * 10.0)
    assert_close(moved.transfer, plain.transfer[:, order], 1e-12)
    assert_close(auction.relabelled(order).clear(honest).transfer, plain.transfer[:, order], 1e-12)
    assert_close(restated.clear(in_units).transfer, plain.transfer * 40.0, 1e-12)
    assert auction.relabelled(order) != auction
    assert auction.relabelled(range(4)) == auction
    assert SigmaDCDA(0.3).relabelled(order) == SigmaDCDA(0.3)


def test_factored_markets_in_the_environments_and_audits():
    economy = factored([1.0] * 5, [[0.2]] * 5, [[0.1, 0.3, 0.2, 0.1, 0.3]], 1.0)
    tested = market(SigmaDCDA(0.3, public_statistics(economy, 0.3)), economy)
    control = matched_control(tested)
    assert control.mechanism.name == "uniform-conditional"
    core = deviation_core(tested)
    assert core.box.size == tested.bid_size == 4
    rewards = core.reward(core.draw(np.random.default_rng(0), 50), np.full((50, 4), 0.1))
    assert (rewards < 0).all()
    assert audit(control.mechanism, economy, held_out=500).state == "refuted"


@parametrize_with_checks(
    [SigmaDCDA(0.3, HALVES[:1]), UniformConditional(np.eye(5)[:2])], guarded=False
)
def test_auctions_on_statistics_keep_the_kits_promises(check, mechanism):
    check(mechanism)
