"""The sigma-DCDA against sigma-VCG, clearing, autarky, deviations, batches."""

import numpy as np
import pytest
from helpers.known_answers import KNOWN_ANSWERS
from helpers.market_strategies import economies, floats, profiles
from helpers.oracles import linear_bids, sigma_vcg
from helpers.outcomes import FIELDS, assert_outcomes_agree
from hypothesis import given
from hypothesis import strategies as st

from deviator.economies import (
    fundamental_value,
    linear_quadratic,
    private_values,
    sigma_budget,
    sigma_n,
    two_groups,
)
from deviator.mechanisms import (
    LinearBids,
    Mechanism,
    NaiveWalrasian,
    Reports,
    Schedules,
    SigmaDCDA,
    SigmaVCG,
    UniformConditional,
    UniformDoubleAuction,
)


def relative_error(got, want):
    return np.abs(np.asarray(got) - want).max() / max(np.abs(want).max(), 1e-3)


@pytest.mark.parametrize("case", KNOWN_ANSWERS["sigma_vcg"], ids=lambda case: case["name"])
@pytest.mark.parametrize("rule", ["sigma-dcda", "sigma-vcg"])
def test_known_answers(case, rule):
    economy = linear_quadratic(case["weights"], case["slope"], case["intercept"])
    sigma = case["sigma"]
    mechanism = SigmaDCDA(sigma) if rule == "sigma-dcda" else SigmaVCG(economy, sigma)
    outcome = mechanism.clear(mechanism.honest_bids(economy, np.array([case["types"]])))
    for field in FIELDS:
        assert relative_error(getattr(outcome, field)[0], case[field]) < 1e-10, field


@given(st.data())
def test_auction_equals_direct_mechanism(data):
    economy = data.draw(economies())
    sigma = data.draw(floats(0.0, 2.0))
    types = data.draw(profiles(economy))
    auction, direct = SigmaDCDA(sigma), SigmaVCG(economy, sigma)
    left = auction.clear(auction.honest_bids(economy, types))
    right = direct.clear(Reports(types))
    assert left.traded.all()
    for field in FIELDS:
        assert relative_error(getattr(left, field), getattr(right, field)) < 1e-10, field
    # Quantities are differences of types: where all types agree, only their rounding is left.
    size = np.abs(left.quantity).max() + np.abs(left.price).max()
    assert np.abs(left.quantity.sum(axis=1)).max() <= 1e-12 * size


@given(st.data())
def test_direct_mechanism_equals_pivotal_types(data):
    economy = data.draw(economies())
    sigma = data.draw(floats(0.0, 2.0))
    types = data.draw(profiles(economy, batch=1))
    outcome = SigmaVCG(economy, sigma).clear(Reports(types))
    price, quantity, transfer, slope = sigma_vcg(
        economy.weights, economy.slope, economy.intercept, sigma, types[0]
    )
    for field, want in zip(FIELDS, (price, quantity, transfer, slope), strict=True):
        assert relative_error(getattr(outcome, field)[0], want) < 1e-9, field


def random_bids(rng, batch, n):
    return LinearBids(
        rng.normal(size=(batch, n, n)), rng.normal(size=(batch, n)), rng.normal(size=(batch, n))
    )


@pytest.mark.parametrize("n", [3, 5, 10])
def test_linear_bids_equal_plain_solution(n):
    bids = random_bids(np.random.default_rng(n), 20, n)
    outcome = SigmaDCDA(0.3).clear(bids)
    for market in range(20):
        price, quantity, slope = linear_bids(
            bids.quantity_weights[market], bids.price_weights[market], bids.level[market]
        )
        tolerance = 1e-9 * (1 + np.abs(quantity).max() + abs(price))
        assert abs(outcome.price[market] - price) < tolerance
        assert np.abs(outcome.quantity[market] - quantity).max() < tolerance
        np.testing.assert_allclose(outcome.residual_slope[market], slope, rtol=1e-7)


def awkward_candidates(bids, trader, rng):
    """Deviations of every kind: random, flat, empty, another's bid, a correspondence."""
    batch, n, size = bids.shape
    rows = rng.normal(size=(batch, 9, size))
    own = bids.of_trader(trader)
    rows[:, 0] = own
    rows[:, 1, :-1] = own[:, :-1]
    rows[:, 2] = 0.0
    rows[:, 3] = bids.of_trader((trader + 1) % n)
    rows[:, 4, n] = 0.0
    rows[:, 5, :n] = 3.7
    rows[:, 6] = -5e8 * own
    rows[:, 7, :n] = own[:, :n] + 2.5
    rows[:, 7, n:] = own[:, n:]
    return rows


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("n", [3, 6])
def test_rank_one_deviations_equal_fresh_clearing(n, shared):
    rng = np.random.default_rng(7 * n)
    bids = random_bids(rng, 40, n)
    if shared:
        bids = LinearBids(bids.quantity_weights[:1], bids.price_weights[:1], bids.level)
    mechanism = SigmaDCDA(0.2)
    for trader in range(n):
        candidates = awkward_candidates(bids, trader, rng)
        fast = mechanism.clear_deviations(bids, trader, candidates)
        slow = Mechanism.clear_deviations(mechanism, bids, trader, candidates)
        np.testing.assert_array_equal(fast.traded, slow.traded)
        assert not fast.traded[:, 2:4].any()
        assert fast.traded[:, 6].all()
        size = 1 + np.abs(slow.quantity) + np.nan_to_num(np.abs(slow.price))
        assert (np.abs(fast.quantity - slow.quantity) <= 1e-8 * size).all()
        assert (np.abs(fast.transfer - slow.transfer) <= 1e-8 * size**2).all()


def test_deviations_from_a_market_in_autarky_are_cleared_afresh():
    rng = np.random.default_rng(3)
    bids = random_bids(rng, 4, 4)
    array = bids.as_array()
    array[1, 2] = array[1, 0]
    spoiled = LinearBids.from_array(array)
    mechanism = SigmaDCDA()
    assert mechanism.clear(spoiled).traded.tolist() == [True, False, True, True]
    candidates = rng.normal(size=(4, 2, 6))
    fast = mechanism.clear_deviations(spoiled, 2, candidates)
    slow = Mechanism.clear_deviations(mechanism, spoiled, 2, candidates)
    assert fast.traded.all()
    np.testing.assert_allclose(fast.quantity, slow.quantity, rtol=1e-9)


def test_autarky_pays_and_trades_nothing_and_spares_the_neighbors():
    economy = private_values(4)
    types = np.random.default_rng(0).normal(size=(3, 4))
    mechanism = SigmaDCDA(0.1)
    array = mechanism.honest_bids(economy, types).as_array()
    sound = mechanism.clear(LinearBids.from_array(array))
    array[1, 0, :] = 0.0
    outcome = mechanism.clear(LinearBids.from_array(array))
    assert outcome.traded.tolist() == [True, False, True]
    assert (outcome.quantity[1] == 0).all()
    assert (outcome.transfer[1] == 0).all()
    assert np.isnan(outcome.price[1])
    np.testing.assert_array_equal(outcome.quantity[[0, 2]], sound.quantity[[0, 2]])


def test_a_bid_without_residual_curve_means_autarky():
    # Traders 1 and 2 fix q_0 between them, so that no quantity but one can clear for trader 0:
    # M is regular, but P[q_0, 0] = 0.
    weights = np.array([[[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
    outcome = SigmaDCDA().clear(LinearBids(weights, np.array([[1.0, 0.0, 0.5]]), np.ones((1, 3))))
    assert not outcome.traded[0]


def test_correspondences_clear():
    # FUN fails: the row sums of the inverse of W vanish for trader 0, so that b_0 = 0 (Lemma 3).
    weights = np.array([[1.0, 0.6, 0.4], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    economy = linear_quadratic(weights, 1.0)
    types = np.array([[0.3, -0.2, 0.9], [1.0, 2.0, -1.0]])
    auction = SigmaDCDA(0.5)
    bids = auction.honest_bids(economy, types)
    assert abs(bids.price_weights[0, 0]) < 1e-15
    exactly = LinearBids(bids.quantity_weights, bids.price_weights.round(15), bids.level)
    direct = SigmaVCG(economy, 0.5).clear(Reports(types))
    for submitted in (bids, exactly):
        outcome = auction.clear(submitted)
        assert outcome.traded.all()
        np.testing.assert_allclose(outcome.quantity, direct.quantity, rtol=1e-10)
        np.testing.assert_allclose(outcome.transfer, direct.transfer, rtol=1e-10)


@pytest.mark.parametrize("n", [6, 20, 30])
def test_many_correspondences_with_rounding_errors_for_zeros_clear(n):
    """FUN fails for all traders but two; their price weights are 0 or 1e-16."""
    weights = np.eye(n)
    weights[:-2, -2:] = [0.6, 0.4]
    economy = linear_quadratic(weights, 1.0)
    types = np.random.default_rng(0).normal(size=(3, n))
    direct = SigmaVCG(economy, 0.5).clear(Reports(types))
    auction = SigmaDCDA(0.5)
    bids = auction.honest_bids(economy, types)
    for noise in (0.0, 1e-16, 3e-15):
        price_weights = bids.price_weights + noise * np.sin(np.arange(n))
        submitted = LinearBids(bids.quantity_weights, price_weights, bids.level)
        outcome = auction.clear(submitted)
        assert outcome.traded.all()
        np.testing.assert_allclose(outcome.quantity, direct.quantity, atol=1e-10)
        own = submitted.of_trader(1)[:, None]
        assert auction.clear_deviations(submitted, 1, own).traded.all()


FACTORS = [1e-12, 1e-6, 1.0, 1e6, 1e12]


@pytest.mark.parametrize("money", FACTORS)
@pytest.mark.parametrize("units", FACTORS)
def test_clearing_does_not_depend_on_units(money, units):
    """Money and quantity in other units, and every bid written at another scale."""
    rng = np.random.default_rng(11)
    array = random_bids(rng, 30, 5).as_array()
    array[3, 2] = array[3, 4]
    array[5, 1, :5] = 2.0
    array[6, 0, 5] = 0.0
    array[7, 2, :-1] = 0.0
    plain = SigmaDCDA(0.3).clear(LinearBids.from_array(array))
    assert plain.traded.sum() == 28
    scaled = array.copy()
    scaled[..., :5] /= units
    scaled[..., 5] /= money / units
    scaled *= np.exp(rng.uniform(-27, 27, size=(30, 5, 1)))
    outcome = SigmaDCDA(0.3 * money / units**2).clear(LinearBids.from_array(scaled))
    np.testing.assert_array_equal(outcome.traded, plain.traded)
    np.testing.assert_allclose(outcome.quantity, plain.quantity * units, rtol=1e-9)
    np.testing.assert_allclose(outcome.transfer, plain.transfer * money, rtol=1e-9)


def test_idle_part_of_a_bid_changes_nothing():
    """Adding c 1' to a row of A does not change the bid, since quantities sum to 0."""
    rng = np.random.default_rng(5)
    bids = random_bids(rng, 20, 6)
    idle = rng.uniform(-1e3, 1e3, size=(20, 6, 1))
    moved = LinearBids(bids.quantity_weights + idle, bids.price_weights, bids.level)
    left, right = SigmaDCDA(0.1).clear(bids), SigmaDCDA(0.1).clear(moved)
    np.testing.assert_array_equal(left.traded, right.traded)
    np.testing.assert_allclose(left.quantity, right.quantity, rtol=1e-7)


def test_nearly_singular_market_is_autarky_at_every_scale():
    rng = np.random.default_rng(2)
    array = random_bids(rng, 1, 4).as_array()
    for distance, traded in ((1e-16, False), (1e-8, True)):
        close = array.copy()
        close[0, 1] = close[0, 0] * (1 + 0.0)
        close[0, 1, 1] += distance
        for scale in FACTORS:
            outcome = SigmaDCDA().clear(LinearBids.from_array(close * scale))
            assert outcome.traded[0] == traded, (distance, scale)


def markets(batch):
    """Every built-in kernel with bids that differ from market to market."""
    rng = np.random.default_rng(batch)
    economy = two_groups(6)
    types = rng.normal(size=(batch, 6))
    schedules = Schedules(rng.normal(size=(batch, 6)), rng.uniform(0.5, 2.0, size=(batch, 6)))
    yield SigmaDCDA(0.3), random_bids(rng, batch, 6)
    yield SigmaDCDA(0.3), SigmaDCDA(0.3).honest_bids(economy, types)
    yield UniformConditional(), random_bids(rng, batch, 6)
    yield UniformDoubleAuction(), schedules
    yield NaiveWalrasian(economy), Reports(types)
    yield SigmaVCG(economy, 0.3), Reports(types)


@pytest.mark.parametrize("batch", [1, 2, 7, 1000])
def test_batch_equals_loop(batch):
    for mechanism, bids in markets(batch):
        record = type(bids)
        whole = mechanism.clear(bids)
        array = bids.as_array()
        candidates = array[:, [2]] * 1.1
        moved = mechanism.clear_deviations(bids, 2, candidates)
        menu = mechanism.menu(bids, 2)
        for market in range(0, batch, max(batch // 25, 1)):
            one = record.from_array(array[[market]])
            alone = mechanism.clear(one)
            alone_moved = mechanism.clear_deviations(one, 2, candidates[[market]])
            alone_menu = mechanism.menu(one, 2)
            assert_outcomes_agree(whole, alone, 1e-9, 1e-12, rows=(market, 0))
            assert_outcomes_agree(moved, alone_moved, 1e-9, fields=FIELDS[:3], rows=(market, 0))
            for field in ("intercept", "slope", "linear", "quadratic"):
                np.testing.assert_allclose(
                    getattr(menu, field)[market], getattr(alone_menu, field)[0], rtol=1e-9
                )


@pytest.mark.parametrize("batch", [2, 7])
def test_menu_agrees_with_clearing(batch):
    for mechanism, bids in markets(batch):
        rng = np.random.default_rng(0)
        for trader in (0, 5):
            menu = mechanism.menu(bids, trader)
            own = bids.of_trader(trader)[:, None]
            candidates = own * rng.uniform(0.8, 1.2, size=(batch, 6, own.shape[2]))
            outcome = mechanism.clear_deviations(bids, trader, candidates)
            assert outcome.traded.all()
            for place in range(6):
                quantity = outcome.quantity[:, place]
                size = 1 + np.abs(quantity) + np.abs(menu.intercept)
                price_error = np.abs(menu.residual_price(quantity) - outcome.price[:, place])
                assert (price_error < 1e-8 * size * (1 + np.abs(menu.slope))).all()
                paid_error = np.abs(menu.transfer(quantity) - outcome.transfer[:, place])
                assert (paid_error < 1e-8 * size**2 * (1 + np.abs(menu.slope))).all()


def test_inputs_stay_as_they_were():
    for mechanism, bids in markets(5):
        array = bids.as_array().copy()
        for value in vars(bids).values() if hasattr(bids, "__dict__") else []:
            value.setflags(write=False)
        mechanism.clear(bids)
        mechanism.menu(bids, 1)
        own = bids.of_trader(1)
        own += 1.0
        np.testing.assert_array_equal(bids.as_array(), array)


def rounding(outcome):
    """What rounding may do to a sum of transfers p q - ...: errors of q times the price."""
    size = (1 + np.abs(outcome.price)) * (1 + np.abs(outcome.quantity).max(axis=1))
    return 1e-12 * size**2


@given(st.data())
def test_budget_surplus_at_sigma_n_with_equal_slopes(data):
    economy = data.draw(economies(equal_slopes=True))
    types = data.draw(profiles(economy, batch=5))
    mechanism = SigmaDCDA(sigma_n(economy))
    outcome = mechanism.clear(mechanism.honest_bids(economy, types))
    assert (outcome.transfer.sum(axis=1) >= -rounding(outcome)).all()


@given(st.data())
def test_budget_surplus_at_sigma_budget(data):
    economy = data.draw(economies())
    types = data.draw(profiles(economy, batch=5))
    sigma = sigma_budget(economy)
    mechanism = SigmaDCDA(sigma)
    outcome = mechanism.clear(mechanism.honest_bids(economy, types))
    assert outcome.residual_slope.max() <= sigma * (1 + 1e-9)
    assert (outcome.transfer.sum(axis=1) >= -rounding(outcome)).all()


@given(st.data())
def test_vcg_runs_a_deficit_wherever_there_is_trade(data):
    economy = data.draw(economies())
    types = data.draw(profiles(economy, batch=5))
    mechanism = SigmaDCDA(0.0)
    outcome = mechanism.clear(mechanism.honest_bids(economy, types))
    trades = (outcome.quantity**2).sum(axis=1) > 1e-6
    assert (outcome.transfer.sum(axis=1)[trades] < 0).all()
    quiet = np.abs(outcome.quantity).max(axis=1) == 0
    assert (outcome.transfer.sum(axis=1)[quiet] == 0).all()


def test_sigma_n_transfers_equal_uniform_price_in_example_4():
    """Equation (4.16): at sigma_N transfers are p q, and the budget is balanced."""
    economy = fundamental_value(7, alpha=1.0, beta=0.8, slope=1.4)
    types = np.random.default_rng(1).normal(size=(50, 7))
    sigma = sigma_n(economy)
    assert sigma == pytest.approx(1.4 * 1.8 / (5 * 1.0 - 0.8), rel=1e-12)
    outcome = SigmaVCG(economy, sigma).clear(Reports(types))
    np.testing.assert_allclose(
        outcome.transfer, outcome.price[:, None] * outcome.quantity, atol=1e-13
    )


def test_individual_rationality_of_honest_trade():
    """Honest utility is (mu + k + sigma) q^2 / 2, never negative."""
    economy = two_groups(8)
    types = np.random.default_rng(1).normal(size=(100, 8))
    outcome = SigmaVCG(economy, 0.4).clear(Reports(types))
    utility = economy.utility(outcome.quantity, types) - outcome.transfer
    bend = economy.slope + outcome.residual_slope + 0.4
    np.testing.assert_allclose(utility, bend * outcome.quantity**2 / 2, atol=1e-12)
