"""Factored economies and bids: equal to the dense path, and never an (N, N) array."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from helpers.market_strategies import floats
from helpers.oracles import linear_bids
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from deviator.economies import (
    Factored,
    LinearQuadratic,
    NormalTypes,
    factored,
    first_best_surplus,
    fundamental_value,
    heterogeneous,
    private_values,
    public_statistics,
    sigma_budget,
    sigma_n,
    two_groups,
    walrasian_response,
)
from deviator.envs import deviation_core
from deviator.errors import InvalidInputError, RefusedError
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
    UniformDoubleAuction,
)
from deviator.mechanisms.clearing import ConditionalClearing, FactoredClearing
from deviator.mechanisms.clearing.base import solve_by_tiling
from deviator.plugins.conformance import parametrize_with_checks
from deviator.policies import BestResponse, exact_gain, expected_exact_gain
from deviator.studies import audit

FIELDS = ("price", "quantity", "transfer", "residual_slope")


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


def written_out(bids, statistics):
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


def assert_close(got, want, tolerance=1e-10):
    size = max(np.abs(want).max(), 1.0)
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance * size)


@pytest.mark.parametrize("n", [3, 4, 7, 12])
@pytest.mark.parametrize("g", [0, 1, 2, 3])
@pytest.mark.parametrize("zeros", [0, 1, 2])
def test_clearing_equals_the_dense_path(n, g, zeros):
    rng = np.random.default_rng([n, g, zeros])
    for _ in range(10):
        statistics, bids = random_market(rng, n, g, zeros=min(zeros, g + 1))
        whole = written_out(bids, statistics)
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
        dense_market = written_out(bids, statistics)
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
        want = ConditionalClearing().solve(written_out(bids, statistics)).regular
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
    dense_market = written_out(submitted, statistics)
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
    """Hypothesis found it: a level of 1e-117 beside others of 1 gives no step to measure by."""
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


HALVES = [[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]]


@pytest.mark.parametrize("economy", [two_groups(6), heterogeneous(6), fundamental_value(6)])
@pytest.mark.parametrize("statistics", [HALVES[:1], HALVES])
def test_group_sums_are_enough_in_the_papers_examples(economy, statistics):
    certificate = certify(market(SigmaDCDA(0.3, statistics), economy))
    assert certificate.cap == 0.0
    assert certificate.every_profile


def test_no_statistic_is_needed_where_all_traders_are_alike():
    """Quantities sum to 0, so that nothing is left to condition on but the own one and the price."""
    economy = fundamental_value(5)
    auction = SigmaDCDA(0.2, np.zeros((0, 5)))
    assert auction.honest_bids(economy, np.zeros((1, 5))).shape == (1, 5, 3)
    assert certify(market(auction, economy)).cap == 0.0


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


def test_products_with_factored_weights():
    rng = np.random.default_rng(1)
    economy = factored(
        rng.uniform(0.8, 1.2, 7), rng.normal(size=(7, 2)), rng.normal(size=(2, 7)), 1.0
    )
    weights, vectors = economy.weights, rng.normal(size=(3, 7))
    assert_close(economy.own_type_effects, np.diagonal(weights), 1e-12)
    assert_close(economy.effects_on(4), weights[4], 1e-12)
    assert_close(economy.weighted_types(vectors), vectors @ weights.T, 1e-12)
    assert_close(economy.weighted_traders(vectors), vectors @ weights, 1e-12)
    assert_close(economy.types_behind(vectors), np.linalg.solve(weights, vectors.T).T, 1e-10)
    assert_close(np.concatenate([rows for _, rows in economy.blocks_of_effects()]), weights, 1e-12)
    root = rng.normal(size=(7, 7))
    for covariance in (root @ root.T, np.diag(rng.uniform(1, 2, 7))):
        got = first_best_surplus(economy, vectors[0], covariance)
        assert got == pytest.approx(
            first_best_surplus(dense(economy), vectors[0], covariance), rel=1e-12
        )
    assert got == pytest.approx(
        first_best_surplus(economy, vectors[0], np.diagonal(covariance)), rel=1e-12
    )
    assert_close(
        walrasian_response(economy, 0.2).quantity_effect,
        walrasian_response(dense(economy), 0.2).quantity_effect,
        1e-12,
    )


@given(factored_economies())
def test_tax_bounds_equal_the_dense_ones(economy):
    assert sigma_n(economy) == pytest.approx(sigma_n(dense(economy)), rel=1e-12)
    assert sigma_budget(economy) == pytest.approx(sigma_budget(dense(economy)), rel=1e-9)


def test_factored_economies_survive_their_description():
    economy = Factored(
        [1.0] * 4,
        [[0.2]] * 4,
        [[0.1] * 4],
        [1.0] * 4,
        [0.0] * 4,
        roles=("a", "b") * 2,
        type_low=[0.0] * 4,
    )
    copy = Factored.from_dict(economy.to_dict())
    np.testing.assert_array_equal(copy.weights, economy.weights)
    np.testing.assert_array_equal(copy.type_set, economy.type_set)
    assert (copy.roles, copy.name) == (economy.roles, economy.name)


def test_schedules_under_factored_private_values():
    own, nothing = [1.0, 1.2, 0.9], np.zeros((3, 1))
    economy = factored(own, nothing, np.ones((1, 3)), 2.0)
    assert economy.has_private_values
    types = np.array([[0.3, -1.0, 2.0]])
    got = UniformDoubleAuction().honest_bids(economy, types).level
    np.testing.assert_allclose(got, types * own / 2.0)
    related = factored(own, [[0.1]] * 3, np.ones((1, 3)), 2.0)
    assert not related.has_private_values
    with pytest.raises(RefusedError, match="private values only"):
        UniformDoubleAuction().honest_bids(related, types)


SINGULAR = {"own": [1.0] * 3, "loadings": [[-1 / 3]] * 3, "statistics": [[1.0] * 3], "slope": 1.0}


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (
            lambda: factored([1.0] * 3, [[0.1]] * 3, [[1.0] * 4], 1.0),
            InvalidInputError,
            "statistics",
        ),
        (
            lambda: factored([1.0] * 3, [[0.1]] * 3, [[1.0] * 3] * 2, 1.0),
            InvalidInputError,
            "shape",
        ),
        (
            lambda: public_statistics(factored([1, 0, 1], [[0.1]] * 3, [[1] * 3], 1.0)),
            RefusedError,
            "own must be",
        ),
        (lambda: factored(**SINGULAR).types_behind(np.ones(3)), RefusedError, "INJ"),
        (lambda: PublicStatistics([[1.0, 2.0]]), InvalidInputError, "n_traders"),
        (
            lambda: PublicStatistics([1.0, 2.0, 3.0]),
            InvalidInputError,
            "statistics must have shape",
        ),
        (
            lambda: SigmaDCDA(0.1, HALVES).honest_bids(two_groups(4), np.zeros((1, 4))),
            InvalidInputError,
            "4 traders, got 6",
        ),
        (
            lambda: SigmaDCDA(0.1, HALVES).clear(
                FactoredBids(np.ones((1, 6)), np.ones((1, 6, 1)), np.ones((1, 6)), np.ones((1, 6)))
            ),
            InvalidInputError,
            "2 statistics, got 1",
        ),
        (
            lambda: SigmaDCDA(0.1).clear(
                FactoredBids(np.ones((1, 6)), np.ones((1, 6, 1)), np.ones((1, 6)), np.ones((1, 6)))
            ),
            InvalidInputError,
            "LinearBids",
        ),
        (lambda: FactoredBids.from_array(np.ones((1, 3, 2))), InvalidInputError, "at least 3"),
        (
            lambda: FactoredBids(
                np.ones((2, 3)), np.ones((2, 3, 1)), np.ones((2, 3)), np.ones((5, 3))
            ),
            InvalidInputError,
            "leading length",
        ),
    ],
)
def test_malformed_input_is_one_clear_sentence(build, error, message):
    with pytest.raises(error, match=message) as caught:
        build()
    assert "\n" not in str(caught.value)


def peak_memory(action):
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_two_hundred_thousand_traders_need_no_square_array():
    n, rng = 200_000, np.random.default_rng(0)

    def trade():
        economy = factored(
            rng.uniform(0.8, 1.5, n),
            rng.uniform(0.1, 0.9, (n, 2)),
            rng.uniform(0.5, 1.0, (2, n)) / n,
            rng.uniform(0.7, 1.8, n),
            rng.normal(size=n),
        )
        sigma, types = sigma_n(economy), rng.normal(size=(1, n))
        auction = SigmaDCDA(sigma, public_statistics(economy, sigma))
        outcome = auction.clear(auction.honest_bids(economy, types))
        direct = SigmaVCG(economy, sigma).clear(Reports(types))
        assert outcome.traded.all()
        assert abs(outcome.quantity.sum()) < 1e-8
        assert_close(outcome.quantity, direct.quantity)
        assert_close(outcome.transfer, direct.transfer)
        assert exact_gain(auction, economy, types, trader=7).max() < 1e-24
        control = UniformConditional(public_statistics(economy))
        assert exact_gain(control, economy, types, trader=7).min() > 0

    peak = peak_memory(trade)
    assert peak < 300e6
    assert peak < n * n * 8 / 1000


def test_the_memory_bound_notices_a_square_array():
    n = 2000
    economy = factored(np.ones(n), np.full((n, 1), 0.1), np.full((1, n), 1 / n), 1.0)
    assert peak_memory(lambda: economy.weights) >= n * n * 8
    assert peak_memory(lambda: economy.value(np.zeros((1, n)))) < n * n


def test_economies_that_are_private_or_not():
    assert private_values(4).has_private_values
    assert not two_groups(4).has_private_values


@parametrize_with_checks(
    [SigmaDCDA(0.3, HALVES[:1]), UniformConditional(np.eye(5)[:2])], guarded=False
)
def test_auctions_on_statistics_keep_the_kits_promises(check, mechanism):
    check(mechanism)


def test_statistics_and_honest_bids_that_cannot_be_had_say_what_can():
    with pytest.raises(InvalidInputError, match="those of a Factored economy"):
        public_statistics(two_groups(4), 0.1)
    ones = np.ones(10**6)
    large = Factored(ones, ones[:, None] * 0.1, ones[None] / len(ones), ones, 0 * ones)
    with pytest.raises(RefusedError, match="publish public_statistics"):
        SigmaDCDA(0.1).honest_bids(large, ones[None])
    with pytest.raises(RefusedError, match="read own, loadings and statistics"):
        large.weights.sum()
