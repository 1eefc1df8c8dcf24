"""Gymnasium: environments by name, settings that count, both ways to go on, infos and options."""

import gymnasium
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode

from deviator.economies import two_groups
from deviator.envs import DeviationEnv, DeviationVectorEnv, deviation_core, market
from deviator.errors import DeviatorError, InvalidInputError
from deviator.mechanisms import NaiveWalrasian, SigmaDCDA, UniformConditional
from deviator.policies import exact_gain

ECONOMY = two_groups(4)
NAMED = {
    "mechanism": "uniform-conditional",
    "economy": "two-groups",
    "economy_settings": {"n_traders": 4},
}
ID = "deviator/Deviation-v0"


def core_of(**settings):
    return deviation_core(market(UniformConditional(), ECONOMY), **settings)


def test_names_and_objects_make_the_same_environment_and_names_go_to_json():
    named = gymnasium.make(ID, **NAMED)
    made = gymnasium.make(ID, mechanism=UniformConditional(), economy=ECONOMY)
    again = gymnasium.make(EnvSpec.from_json(named.spec.to_json()))
    action = np.full(6, 0.1, dtype=np.float32)
    results = []
    for env in (named, made, again):
        env.reset(seed=3)
        results.append(env.step(action)[1])
    assert results[0] == results[1] == results[2] != 0


def test_rules_that_must_be_told_utilities_are_told_those_of_the_economy():
    env = gymnasium.make(ID, **(NAMED | {"mechanism": "naive-walrasian"})).unwrapped
    assert env.core.market.mechanism.economy is env.core.market.economy


def test_settings_reach_the_core():
    given = {"information": "own", "mode": "absolute", "range_multiple": 2.0, "trader": 2}
    env = gymnasium.make(ID, **NAMED, **given).unwrapped
    want = deviation_core(
        market(UniformConditional(), ECONOMY, trader=2),
        information="own",
        mode="absolute",
        range_multiple=2.0,
    )
    assert env.core.box.to_dict() == want.box.to_dict()
    assert (env.core.information, env.core.market.trader) == ("own", 2)
    ranges = np.arange(1.0, 7.0)
    assert (
        DeviationEnv(UniformConditional(), ECONOMY, ranges=ranges).core.box.half_width == ranges
    ).all()
    null, control = (market(rule, ECONOMY) for rule in (SigmaDCDA(0.2), UniformConditional()))
    made = DeviationEnv(SigmaDCDA(0.2), ECONOMY, control=control)
    assert made.core.reward_unit == deviation_core(null, control=control).reward_unit


def test_names_alone_are_a_market_of_ten_traders():
    env = gymnasium.make(ID, mechanism="uniform-conditional", economy="two-groups")
    ten = DeviationEnv(UniformConditional(), two_groups(10))
    assert env.unwrapped.core.box.to_dict() == ten.core.box.to_dict()
    with pytest.raises(InvalidInputError, match="needs the parameters n_buyers and n_sellers"):
        gymnasium.make(ID, mechanism="k-double-auction", economy="unit-demands")


def test_a_control_goes_by_name_too():
    null = NAMED | {"mechanism": "sigma-vcg", "mechanism_settings": {"sigma": 0.2}}
    with pytest.raises(InvalidInputError, match="must have a profitable deviation"):
        gymnasium.make(ID, **null, control="sigma-vcg", trader=2)
    want = market(NaiveWalrasian(ECONOMY), ECONOMY, trader=2)
    made = gymnasium.make(ID, **null, control="naive-walrasian", trader=2)
    assert made.unwrapped.core.reward_unit == deviation_core(want).reward_unit
    assert "naive-walrasian" in made.spec.to_json()
    with pytest.raises(InvalidInputError, match="a matched control must have the same"):
        gymnasium.make_vec(ID, 2, **null, control="uniform-conditional")
    with pytest.raises(InvalidInputError, match="control would go unused"):
        gymnasium.make(ID, core=core_of(), control="uniform-conditional")


@pytest.mark.parametrize("make", [DeviationEnv, DeviationVectorEnv])
@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        (
            {"core": core_of(), "information": "own"},
            InvalidInputError,
            "information would go unused",
        ),
        (
            {"core": core_of(), "trader": 1, "mode": "absolute"},
            InvalidInputError,
            "trader, mode would",
        ),
        (
            {"core": core_of(), "mechanism": SigmaDCDA()},
            InvalidInputError,
            "mechanism would go unused",
        ),
        ({"core": core_of(), "sead": 1}, TypeError, "unexpected keyword argument 'sead'"),
        ({"mechanism": SigmaDCDA(), "economy": ECONOMY, "seed": 1}, TypeError, "'seed'"),
        ({"mechanism": SigmaDCDA()}, TypeError, "needs mechanism= and economy="),
        (
            {
                "mechanism": SigmaDCDA(),
                "economy": ECONOMY,
                "ranges": [1.0] * 6,
                "range_multiple": 2.0,
            },
            InvalidInputError,
            "range_multiple has no effect beside ranges",
        ),
        (
            {"mechanism": SigmaDCDA(), "economy": ECONOMY, "mode": "sideways"},
            InvalidInputError,
            "sideways",
        ),
    ],
)
def test_settings_that_go_unused_or_do_not_exist_are_refused(make, settings, error, message):
    with pytest.raises(error, match=message) as caught:
        make(**settings)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mechanism_settings": {"sigma": 1.0}}, "takes the parameters"),
        (
            {"mechanism": UniformConditional(), "mechanism_settings": {}},
            "mechanism_settings go with the name",
        ),
        ({"economy": ECONOMY}, "economy_settings go with the name"),
        ({"economy_settings": 4}, "economy_settings must be a dict"),
        ({"mechanism": "uniform-condtional"}, "did you mean 'uniform-conditional'"),
    ],
)
def test_malformed_names_are_refused_in_one_sentence(settings, message):
    with pytest.raises(DeviatorError, match=message):
        gymnasium.make(ID, **(NAMED | settings))


def test_infos_tell_what_the_bid_led_to():
    env = DeviationEnv(core=core_of())
    observation, info = env.reset(seed=0)
    assert info == {}
    reward, info = env.step(np.full(6, 0.2))[1::3]
    core, types = env.core, observation[None].astype(float)
    assert info["gain"] == pytest.approx(reward * core.reward_unit)
    best = exact_gain(core.market.mechanism, ECONOMY, types, trader=0)[0]
    assert info["best_gain"] == pytest.approx(best, rel=1e-5)
    assert info["gain"] <= info["best_gain"]
    bids = core.market.strategy.bids(types)
    bid = core.bid(types, np.full((1, 6), 0.2))
    outcome = core.market.mechanism.clear(bids.with_candidates(0, bid[:, None]))
    for name in ("price", "quantity", "transfer"):
        value = outcome.price[0] if name == "price" else getattr(outcome, name)[0, 0]
        assert info[name] == pytest.approx(value, rel=1e-5)


def test_actions_off_by_rounding_are_clipped_and_others_refused():
    env = DeviationEnv(core=core_of())
    edge = np.full(6, 1.0, dtype=np.float32)
    rewards = []
    for action in (edge, np.nextafter(edge, np.float32(2.0))):
        env.reset(seed=0)
        rewards.append(env.step(action)[1])
    assert rewards[0] == rewards[1]
    for action, message in (
        (1.01 * edge, "clip it"),
        (np.nan * edge, "finite"),
        (edge[:2], "shape"),
    ):
        env.reset(seed=0)
        with pytest.raises(InvalidInputError, match=message):
            env.step(action)


def test_options_that_there_are_not_are_refused():
    for env in (DeviationEnv(core=core_of()), DeviationVectorEnv(2, core=core_of())):
        env.reset(options={})
        with pytest.raises(InvalidInputError, match="got 'typos'; leave it out"):
            env.reset(options={"typos": 1})


def test_seeds_of_any_size_are_taken():
    for env in (DeviationEnv(core=core_of()), DeviationVectorEnv(2, core=core_of())):
        first, again, other = (env.reset(seed=seed)[0] for seed in (2**70, 2**70, 2**70 + 1))
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)
        with pytest.raises(gymnasium.error.Error, match="-1"):
            env.reset(seed=-1)


@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_autoreset_modes_are_told_as_attribute_and_in_metadata(mode):
    env = gymnasium.make_vec(ID, 2, **NAMED, autoreset_mode=mode.value)
    assert env.autoreset_mode is mode
    assert env.metadata["autoreset_mode"] is mode
    assert DeviationVectorEnv.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP
    with pytest.raises(InvalidInputError, match="autoreset_mode must be one of 'NextStep'"):
        DeviationVectorEnv(2, core=core_of(), autoreset_mode="Never")


def test_next_step_starts_markets_in_every_second_step_as_gymnasiums_own():
    env = DeviationVectorEnv(3, core=core_of(), autoreset_mode="NextStep")
    action = np.full((3, 6), 0.1)
    first, _ = env.reset(seed=0)
    seen, reward, ended, _, info = env.step(action)
    assert np.array_equal(seen, first)
    assert ended.all()
    assert (reward != 0).all()
    assert info["gain"] == pytest.approx(reward * env.core.reward_unit)
    seen, reward, ended, _, info = env.step(action)
    assert not np.array_equal(seen, first)
    assert not ended.any()
    assert (reward == 0).all()
    assert info == {}
    assert env.step(action)[2].all()


def test_next_step_agrees_with_gymnasiums_own_vector_environment():
    """What a loop over single environments returns, wherever it is in the cycle."""
    batch = DeviationVectorEnv(1, core=core_of(), autoreset_mode="NextStep")
    loop = gymnasium.vector.SyncVectorEnv([lambda: DeviationEnv(core=core_of())])
    action = np.full((1, 6), 0.1, dtype=np.float32)
    results = []
    for env in (batch, loop):
        steps = [env.reset(seed=5)[0]]
        for _ in range(5):
            steps += env.step(action)[:4]
        results.append(steps)
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_reset_mask_starts_only_the_markets_that_it_names():
    env = DeviationVectorEnv(3, core=core_of(), autoreset_mode="Disabled")
    action = np.full((3, 6), 0.1)
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.reset(options={"reset_mask": np.array([True, False, False])})
    first, _ = env.reset(seed=0)
    env.step(action)
    with pytest.raises(gymnasium.error.ResetNeeded, match="reset_mask"):
        env.step(action)
    mask = np.array([True, False, True])
    second, _ = env.reset(options={"reset_mask": mask})
    assert np.array_equal(second[1], first[1])
    assert not (second[mask] == first[mask]).any()
    env.reset(options={"reset_mask": ~mask})
    assert env.step(action)[2].all()


def test_a_mask_in_the_middle_of_next_step_plays_what_was_started():
    env = DeviationVectorEnv(2, core=core_of(), autoreset_mode="NextStep")
    action = np.full((2, 6), 0.1)
    env.reset(seed=0)
    env.step(action)
    env.reset(options={"reset_mask": np.array([True, False])})
    _, reward, ended, _, info = env.step(action)
    assert ended.tolist() == [True, False]
    assert (reward != 0).tolist() == [True, False]
    assert info["_gain"].tolist() == [True, False]


@pytest.mark.parametrize(
    ("mask", "got"),
    [
        (np.array([1, 0, 1]), "got int64 of shape"),
        (np.ones(2, bool), r"got bool of shape \(2,\)"),
        (np.zeros(3, bool), "none true"),
        ([True] * 3, "got list"),
    ],
)
def test_malformed_masks_are_refused(mask, got):
    env = DeviationVectorEnv(3, core=core_of())
    env.reset(seed=0)
    with pytest.raises(InvalidInputError, match=f"must be an array of 3 bools .* {got}"):
        env.reset(options={"reset_mask": mask})


def test_a_batch_is_the_loop_over_its_markets():
    core = core_of()
    env = DeviationVectorEnv(5, core=core, autoreset_mode="Disabled")
    seen, _ = env.reset(seed=0)
    action = np.random.default_rng(1).uniform(-0.5, 0.5, (5, 6))
    _, reward, _, _, info = env.step(action)
    for place in range(5):
        types = core.draw(np.random.default_rng(0), 5)[[place]]
        alone = core.play(types, action[[place]])
        assert reward[place] == pytest.approx(alone.reward[0], rel=1e-12)
        assert info["price"][place] == pytest.approx(alone.info["price"][0], rel=1e-12)
        assert np.array_equal(seen[place], types[0].astype(np.float32))


def test_details_can_be_left_out():
    env = DeviationVectorEnv(2, core=core_of(), details=False, autoreset_mode="NextStep")
    env.reset(seed=0)
    assert env.step(np.zeros((2, 6)))[4] == {}


def test_a_best_gain_that_is_not_known_is_left_out():
    """Economies whose best responses have no closed form, say."""
    from deviator.economies import unit_demands
    from deviator.mechanisms import KDoubleAuction

    env = DeviationEnv(KDoubleAuction(0.5), unit_demands(2, 2))
    env.reset(seed=0)
    info = env.step(np.zeros(env.action_space.shape))[4]
    assert {"gain", "price", "quantity", "transfer"} <= set(info)


def test_the_checker_of_gymnasium_with_pictures():
    env = gymnasium.make(ID, **NAMED, render_mode="rgb_array", disable_env_checker=True)
    check_env(env.unwrapped)


def test_wrappers_of_gymnasium_count_episodes():
    from gymnasium.wrappers.vector import RecordEpisodeStatistics

    env = RecordEpisodeStatistics(DeviationVectorEnv(3, NaiveWalrasian(ECONOMY), ECONOMY))
    env.reset(seed=0)
    info = env.step(np.zeros((3, 1)))[4]
    assert info["episode"]["l"].tolist() == [1, 1, 1]
