"""The default box: it contains the best deviations, and few bids far worse than honesty."""

import json
from dataclasses import replace

import numpy as np
import pytest

import deviator
from deviator.economies import (
    fundamental_value,
    private_values,
    sigma_n,
    two_groups,
    two_groups_information,
)
from deviator.envs import deviation_core
from deviator.envs.reward_tails import compressed_losses
from deviator.envs.sb3_vec_env import DeviationVecEnv
from deviator.errors import InvalidInputError
from deviator.evidence import market, standing_control
from deviator.mechanisms import (
    Mutated,
    NaiveWalrasian,
    PayAsBid,
    SigmaDCDA,
    UniformConditional,
    UniformDoubleAuction,
)
from deviator.policies import ActionBox, BestResponse, LinearBayes

CAUGHT = 0.9999
"""Share of the exact gain that must be reachable in a box."""

CONTROLS = {
    "reports, common values": lambda n: (
        NaiveWalrasian(fundamental_value(n)),
        fundamental_value(n),
    ),
    "reports, two groups": lambda n: (NaiveWalrasian(two_groups(n)), two_groups(n)),
    "schedules": lambda n: (UniformDoubleAuction(), private_values(n)),
    "conditional, common values": lambda n: (UniformConditional(), fundamental_value(n)),
    "conditional, two groups": lambda n: (UniformConditional(), two_groups(n)),
}


def core_of(name, n, information="profile", **settings):
    return deviation_core(market(*CONTROLS[name](n)), information=information, **settings)


def reachable_share(core):
    """Return what the best deviation keeps of its gain once it is moved into the box."""
    tested, types = core.market, core.draw(np.random.default_rng(0), 4000)
    best = BestResponse(tested.mechanism, tested.economy, core.information, tested.distribution)
    bid = best.bid(types, tested.trader)
    action = core.box.to_action(tested.strategy.bids(types).of_trader(tested.trader), bid)
    reached = core.reward(types, np.clip(action, -1, 1)).mean()
    return reached * core.reward_unit / tested.gains(types, bid).mean()


@pytest.mark.parametrize("information", ["profile", "own"])
@pytest.mark.parametrize("n_traders", [4, 10, 30])
@pytest.mark.parametrize("name", CONTROLS)
def test_the_best_deviation_is_in_the_box(name, n_traders, information):
    assert reachable_share(core_of(name, n_traders, information)) > CAUGHT


@pytest.mark.parametrize(
    ("name", "information", "narrow"),
    [
        ("reports, common values", "profile", lambda ranges: ranges * 0.4),
        ("schedules", "own", lambda ranges: ranges * [1, 0.1]),
        ("conditional, two groups", "own", lambda ranges: ranges * np.r_[0.5, np.ones(11)]),
        ("conditional, two groups", "profile", lambda ranges: ranges * np.r_[np.ones(11), 0.5]),
    ],
)
def test_a_box_that_cuts_off_the_best_deviation_is_caught(name, information, narrow):
    core = core_of(name, 10, information)
    box = replace(core.box, half_width=narrow(core.box.half_width))
    assert reachable_share(replace(core, box=box)) < CAUGHT


@pytest.mark.parametrize("n_traders", [10, 30])
def test_a_best_deviation_beyond_the_controls_box_is_in_the_markets_own(n_traders):
    """The best pay-as-bid schedule is flat at the floor, far from what its control rewards."""
    tested = market(PayAsBid(0.1), private_values(n_traders, slope=2.0))
    core = deviation_core(tested)
    assert reachable_share(core) > CAUGHT
    assert core.box.high.tolist() == [np.inf, 10.0]
    assert core.box.low[1] > 0
    types = core.draw(np.random.default_rng(0), 50)
    for action in (-np.ones((50, 2)), np.ones((50, 2))):
        assert np.isfinite(core.reward(types, action)).all()
    control = deviation_core(market(UniformDoubleAuction(), private_values(n_traders, slope=2.0)))
    narrow = replace(core.box, half_width=control.box.half_width)
    assert reachable_share(replace(core, box=narrow)) < 0.9
    again = ActionBox(**json.loads(json.dumps(core.box.to_dict(), allow_nan=False)))
    np.testing.assert_array_equal(again.high, core.box.high)
    np.testing.assert_array_equal(again.low, core.box.low)


def test_where_nothing_is_to_gain_on_a_rung_the_box_is_the_controls():
    """In two groups the Bayesian equilibrium pays ex post, and not on the own rung."""
    information = two_groups_information(10, rho=0.5, noise=0.5)
    economy = information.economy(1.0)
    bayes = LinearBayes(information, slope=1.0)
    tested = market(
        UniformDoubleAuction(), economy, distribution=information.types(), strategy=bayes
    )
    widths = [
        deviation_core(tested, information=rung).box.half_width for rung in ("own", "profile")
    ]
    alone = deviation_core(standing_control(tested)).box.half_width
    np.testing.assert_array_equal(widths[0], alone)
    assert widths[1][0] > 1.5 * alone[0]


def test_three_traders_respond_the_most_and_still_fit():
    for name in ("schedules", "conditional, common values"):
        assert reachable_share(core_of(name, 3, "own")) > CAUGHT


@pytest.mark.parametrize("name", CONTROLS)
def test_uniform_actions_lose_a_few_times_the_best_gain(name):
    core = core_of(name, 10)
    rng = np.random.default_rng(1)
    reward = core.reward(core.draw(rng, 20_000), rng.uniform(-1, 1, (20_000, core.box.size)))
    assert reward.mean() > -10
    assert reward.min() > -500


def test_a_box_in_which_every_number_moves_as_far_as_the_level_has_tails():
    core = core_of("conditional, two groups", 10)
    numbers = core.box.size
    wide = core.box.half_width * np.r_[2, np.full(numbers - 2, 4 * np.sqrt(numbers)), 1]
    box = ActionBox("relative", core.box.center, wide)
    rng = np.random.default_rng(1)
    actions = rng.uniform(-1, 1, (20_000, numbers))
    assert replace(core, box=box).reward(core.draw(rng, 20_000), actions).min() < -10_000


@pytest.mark.parametrize("mode", ["relative", "absolute"])
def test_a_market_and_its_control_have_the_same_box(mode):
    economy = two_groups(10)
    tested = market(SigmaDCDA(sigma_n(economy)), economy)
    control = market(UniformConditional(), economy)
    mutant = replace(tested, mechanism=Mutated(tested.mechanism, "transfer", 1e-3))
    cores = [deviation_core(one, control=control, mode=mode) for one in (tested, control, mutant)]
    first, second, third = (core.box.half_width for core in cores)
    if mode == "relative":
        np.testing.assert_allclose(first, second, rtol=1e-12)
    np.testing.assert_array_equal(first, third)
    assert cores[0].reward_unit == cores[1].reward_unit


def test_ranges_can_be_set():
    doubled = core_of("schedules", 10, range_multiple=8.0).box.half_width
    np.testing.assert_allclose(doubled[0], 2 * core_of("schedules", 10).box.half_width[0])
    own = core_of("schedules", 10, ranges=[0.5, 0.25]).box.half_width
    np.testing.assert_array_equal(own, [0.5, 0.25])


@pytest.mark.parametrize(
    ("ranges", "message"),
    [([0.5, 0.0], "ranges must be positive, got 0"), ([0.5], "ranges must have shape")],
)
def test_ranges_that_are_none_are_refused(ranges, message):
    with pytest.raises(InvalidInputError, match=message):
        core_of("schedules", 4, ranges=ranges)


def test_losses_count_logarithmically_beyond_the_bound_and_gains_in_full():
    core = core_of("conditional, two groups", 10)
    tails, full = (DeviationVecEnv(core, 500, 3, loss_bound=bound) for bound in (3.0, None))
    actions = np.random.default_rng(2).uniform(-1, 1, (500, core.box.size)).astype(np.float32)
    results = []
    for env in (tails, full):
        env.reset()
        env.step_async(actions)
        results.append(env.step_wait())
    (_, shown, _, infos), (_, reward, _, full_infos) = results
    small = reward >= -3
    assert small.any()
    assert not small.all()
    np.testing.assert_array_equal(shown[small], reward[small])
    np.testing.assert_allclose(shown[~small], -3 * (1 + np.log(-reward[~small] / 3)), rtol=1e-6)
    gains = [info["gain"] for info in infos]
    assert gains == [info["gain"] for info in full_infos]
    np.testing.assert_allclose(gains, reward * core.reward_unit, rtol=1e-6)


def test_compressed_losses_keep_their_order_and_their_slope():
    reward = np.array([-1e9, -10.0, -3.0 - 1e-6, -3.0, -3.0 + 1e-6, 0.0, 2.0])
    shown = compressed_losses(reward, 3.0)
    assert (np.diff(shown) > 0).all()
    np.testing.assert_allclose((shown[3] - shown[2]) / 1e-6, 1.0, rtol=1e-3)


def test_the_bound_of_losses_is_positive():
    with pytest.raises(InvalidInputError, match="loss_bound must be positive, got 0"):
        DeviationVecEnv(core_of("schedules", 4), 2, loss_bound=0)


@pytest.mark.parametrize(
    ("multiple", "message"),
    [(2.0, "has none, got 2.0; state ranges, or a control"), (np.nan, "must be finite, got nan")],
)
def test_a_multiple_of_nothing_is_refused(multiple, message):
    tested = market(deviator.make("modified-vickrey-double-auction"), private_values(5))
    assert standing_control(tested) is None
    with pytest.raises(InvalidInputError, match=message):
        deviation_core(tested, range_multiple=multiple)
