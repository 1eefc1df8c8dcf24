"""The core and its four adapters: checkers, seeds, and one reward for all."""

from dataclasses import replace

import gymnasium
import numpy as np
import pettingzoo
import pytest
from gymnasium.utils.env_checker import check_env as check_gymnasium
from pettingzoo.test import parallel_api_test
from stable_baselines3.common.env_checker import check_env as check_sb3

import deviator
from deviator.economies import private_values, sigma_n, two_groups, two_groups_information
from deviator.envs import DeviationEnv, DeviationVectorEnv, deviation_core, exchange_v0
from deviator.envs.sb3_vec_env import DeviationVecEnv
from deviator.errors import InvalidInputError
from deviator.evidence import market, matched_control
from deviator.learners.ppo import PPOLearner
from deviator.mechanisms import (
    LinearBids,
    Mechanism,
    NaiveWalrasian,
    Reports,
    SigmaDCDA,
    SigmaVCG,
    UniformConditional,
    UniformDoubleAuction,
)
from deviator.policies import BestResponse, LinearBayes
from deviator.studies import audit

ECONOMY = two_groups(4)
MECHANISMS = [
    SigmaDCDA(sigma_n(ECONOMY)),
    UniformConditional(),
    SigmaVCG(ECONOMY, 0.3),
    NaiveWalrasian(ECONOMY),
]


def core_of(mechanism, information="profile", mode="relative"):
    return deviation_core(market(mechanism, ECONOMY, trader=1), information=information, mode=mode)


@pytest.mark.parametrize("mechanism", MECHANISMS, ids=lambda m: m.name)
@pytest.mark.parametrize("information", ["profile", "own"])
def test_checkers_of_gymnasium_and_stable_baselines3(mechanism, information):
    env = gymnasium.make(
        "deviator/Deviation-v0", mechanism=mechanism, economy=ECONOMY, information=information
    )
    check_gymnasium(env.unwrapped, skip_render_check=True)
    check_sb3(env.unwrapped)


@pytest.mark.parametrize("mechanism", MECHANISMS, ids=lambda m: m.name)
@pytest.mark.parametrize("rounds", [1, 3])
def test_checker_of_pettingzoo(mechanism, rounds):
    env = exchange_v0.parallel_env(mechanism=mechanism, economy=ECONOMY, rounds=rounds)
    parallel_api_test(env, num_cycles=50)


def test_registered_names():
    made = pettingzoo.parallel_registry
    assert "deviator/exchange-v0" in made
    assert deviator.__version__
    spec = gymnasium.spec("deviator/Deviation-v0")
    assert isinstance(spec.entry_point, str)
    env = gymnasium.make_vec(
        "deviator/Deviation-v0",
        num_envs=3,
        vectorization_mode="vector_entry_point",
        mechanism=MECHANISMS[0],
        economy=ECONOMY,
    )
    assert env.reset(seed=1)[0].shape == (3, 4)


def test_spaces_are_the_same_objects_on_every_call():
    env = exchange_v0.parallel_env(MECHANISMS[0], ECONOMY)
    assert env.observation_space("trader_0") is env.observation_space("trader_0")
    assert env.action_space("trader_3") is env.action_space("trader_3")


def episode_gymnasium(seed, actions):
    env = DeviationEnv(MECHANISMS[1], ECONOMY)
    result = []
    for place, action in enumerate(actions):
        result.append(env.reset(seed=seed if place == 0 else None)[0])
        result.extend(map(np.asarray, env.step(action)[:4]))
    return result


def episode_vector(seed, actions):
    env = DeviationVectorEnv(2, MECHANISMS[1], ECONOMY)
    result = [env.reset(seed=seed)[0]]
    for action in actions:
        *values, info = env.step(np.stack([action, -action]))
        result += [*values, info["final_obs"]]
    return result


def episode_sb3(seed, actions):
    env = DeviationVecEnv(core_of(MECHANISMS[1]), 2)
    env.seed(seed)
    result = [env.reset()]
    for action in actions:
        observation, reward, done, _ = env.step(np.stack([action, -action]))
        result += [observation, reward, done]
    return result


def episode_exchange(seed, actions):
    env = exchange_v0.parallel_env(MECHANISMS[1], ECONOMY, rounds=4)
    result = []
    for episode in range(2):
        observations, _ = env.reset(seed=seed if episode == 0 else None)
        result += list(observations.values())
        for action in actions[:4]:
            values = env.step({agent: action * (1 - 0.1 * i) for i, agent in enumerate(env.agents)})
            result += [np.array(list(value.values())) for value in values[:4]]
        assert env.agents == []
        assert env.step({}) == ({}, {}, {}, {}, {})
    return result


EPISODES = [episode_gymnasium, episode_vector, episode_sb3, episode_exchange]


@pytest.mark.parametrize("episode", EPISODES, ids=lambda f: f.__name__)
def test_seeds_over_several_episodes(episode):
    """Same seed, same everything; a different seed differs; beyond the first step too."""
    rng = np.random.default_rng(0)
    actions = [rng.uniform(-1, 1, 6).astype(np.float32) for _ in range(6)]
    first, again, other = episode(3, actions), episode(3, actions), episode(4, actions)
    assert len(first) == len(again)
    for left, right in zip(first, again, strict=True):
        np.testing.assert_array_equal(left, right)
    late = range(len(first) // 2, len(first))
    assert any(not np.array_equal(first[i], other[i]) for i in late)


def test_the_seed_check_catches_an_env_that_is_random_from_the_second_step_on():
    """The villain that PettingZoo 1.27's own check lets pass."""

    def villain(seed, actions):
        rng = np.random.default_rng(seed)
        return [rng.normal()] + [np.random.default_rng().normal() for _ in actions]

    with pytest.raises(AssertionError):
        test_seeds_over_several_episodes(villain)


def test_gymnasium_reward_equals_the_core():
    env = DeviationEnv(core=core_of(MECHANISMS[1]))
    rng = np.random.default_rng(0)
    for seed in range(5):
        env.reset(seed=seed)
        action = rng.uniform(-1, 1, 6)
        types = env.core.draw(np.random.default_rng(np.random.PCG64(seed)), 1)
        reward = env.step(action)[1]
        assert reward == env.core.reward(types, action[None])[0]


@pytest.mark.parametrize("seed", [0, 5])
def test_vector_rewards_equal_the_core(seed):
    core = core_of(MECHANISMS[0])
    action = np.random.default_rng(1).uniform(-1, 1, (7, 6))
    vector = DeviationVectorEnv(7, core=core)
    first = vector.reset(seed=seed)[0]
    following, reward, ended, truncated, info = vector.step(action)
    types = core.draw(np.random.default_rng(seed), 7)
    np.testing.assert_array_equal(reward, core.reward(types, action))
    np.testing.assert_array_equal(info["final_obs"], first)
    assert ended.all()
    assert not truncated.any()
    assert not np.array_equal(following, first)
    native = DeviationVecEnv(core, 7, seed, loss_bound=None)
    types = core.draw(np.random.default_rng(seed), 14)[7:]
    native.reset()
    _, reward, done, infos = native.step(action)
    np.testing.assert_array_equal(reward, core.reward(types, action).astype(np.float32))
    assert done.all()
    ended = np.stack([info["terminal_observation"] for info in infos])
    np.testing.assert_array_equal(ended, core.observe(types).astype(np.float32))


@pytest.mark.parametrize("mechanism", MECHANISMS, ids=lambda m: m.name)
def test_exchange_reward_equals_the_core_while_the_others_are_honest(mechanism):
    env = exchange_v0.parallel_env(mechanism, ECONOMY, information="profile")
    rng = np.random.default_rng(0)
    for deviator_place in range(4):
        observations, _ = env.reset(seed=deviator_place)
        actions = {agent: np.zeros(env.action_space(agent).shape) for agent in env.agents}
        agent = f"trader_{deviator_place}"
        actions[agent] = rng.uniform(-0.3, 0.3, env.action_space(agent).shape)
        core = deviation_core(replace(env.core.market, trader=deviator_place))
        types = observations[agent][None].astype(float)
        want = core.reward(types, actions[agent][None])[0]
        rewards = env.step(actions)[1]
        assert rewards[agent] == pytest.approx(want, abs=2e-5 * (1 + abs(want)))


def test_exchange_history_is_public():
    env = exchange_v0.parallel_env(MECHANISMS[2], ECONOMY, rounds=2)
    first, _ = env.reset(seed=0)
    assert all((observation[1:] == 0).all() for observation in first.values())
    quiet = {agent: np.zeros(1, np.float32) for agent in env.agents}
    second, _, ended, _, _ = env.step(quiet)
    assert not any(ended.values())
    public = [observation[1:] for observation in second.values()]
    assert all(np.array_equal(public[0], other) for other in public)
    assert public[0][0] == 0.5
    assert (public[0][1:6] != 0).all()
    assert (public[0][6:] == 0).all()


def test_reward_unit_is_what_the_best_deviator_gains_in_the_control():
    core = core_of(UniformConditional())
    types = core.draw(np.random.default_rng(0), 100_000)
    bid = BestResponse(UniformConditional(), ECONOMY).bid(types, 1)
    gain = core.market.gains(types, bid) / core.reward_unit
    assert gain.mean() == pytest.approx(1, abs=5 * gain.std() / np.sqrt(len(gain)))
    honest = core.reward(types[:100], np.zeros((100, 6)))
    assert np.abs(honest).max() < 1e-12


@pytest.mark.parametrize("mode", ["relative", "absolute"])
def test_the_best_deviation_fits_in_the_box(mode):
    """Nearly all best bids can be expressed."""
    for mechanism in (UniformConditional(), NaiveWalrasian(ECONOMY)):
        core = core_of(mechanism, mode=mode)
        types = core.draw(np.random.default_rng(0), 10_000)
        honest = core.market.strategy.bids(types).of_trader(1)
        expected = BestResponse(mechanism, ECONOMY).bid(types, 1)
        action = core.box.to_action(honest, expected)
        np.testing.assert_allclose(core.box.to_bid(honest, action), expected, atol=1e-12)
        assert (np.abs(action) <= 1).all(axis=1).mean() > 0.999


def test_null_market_and_its_control_have_the_same_range_and_unit():
    null, control = core_of(MECHANISMS[0]), core_of(UniformConditional())
    assert null.reward_unit == control.reward_unit
    np.testing.assert_array_equal(null.box.half_width, control.box.half_width)
    assert matched_control(null.market).mechanism == UniformConditional()


def test_a_market_without_anything_to_gain_cannot_be_its_own_control():
    beliefs = two_groups_information(4, 0.4, 0.5)
    beliefs_market = market(
        UniformDoubleAuction(),
        private_values(4),
        distribution=beliefs.types(),
    )
    assert deviation_core(beliefs_market).reward_unit > 0
    null = market(SigmaDCDA(), ECONOMY)
    with pytest.raises(InvalidInputError, match="profitable deviation"):
        deviation_core(null, control=null)


def test_a_mechanism_that_only_clears_can_be_trained_against():
    """`language`, `name` and `clear` are enough for an environment."""

    class Fees(Mechanism):
        name = "fees"
        language = UniformDoubleAuction.language

        def clear(self, bids):
            outcome = UniformDoubleAuction().clear(bids)
            return replace(outcome, transfer=outcome.transfer + np.abs(outcome.quantity))

    core = deviation_core(market(Fees(), private_values(4)))
    types = core.draw(np.random.default_rng(0), 5)
    assert np.abs(core.reward(types, np.zeros((5, 2)))).max() < 1e-12
    verdict = audit(Fees(), private_values(4), learner="ppo", steps=4096, held_out=500)
    assert (verdict.state, verdict.upper) == ("refuted", None)
    assert verdict.witness["arithmetic"] == "floating point"


def test_the_control_of_an_equilibrium_carries_its_units():
    ranges = []
    for unit in (1.0, 1e3):
        plain = two_groups_information(4, 0.4, 0.5)
        beliefs = replace(
            plain,
            value_signal_covariance=plain.value_signal_covariance * unit**2,
            signal_covariance=plain.signal_covariance * unit**2,
            value_covariance=plain.value_covariance * unit**2,
        )
        tested = market(
            UniformDoubleAuction(),
            beliefs.economy(1.0),
            distribution=beliefs.types(),
            strategy=LinearBayes(beliefs, 1.0),
        )
        core = deviation_core(tested)
        ranges.append((core.box.half_width[0] / unit, core.reward_unit / unit**2))
    np.testing.assert_allclose(ranges[0], ranges[1], rtol=1e-6)


def test_steepness_stays_positive_within_the_box():
    beliefs = two_groups_information(4, 0.4, 0.5)
    tested = market(
        UniformDoubleAuction(),
        beliefs.economy(1.0),
        distribution=beliefs.types(),
        strategy=LinearBayes(beliefs, 1.0),
    )
    core = deviation_core(tested)
    types = core.draw(np.random.default_rng(0), 10)
    assert (core.bid(types, -np.ones((10, 2)))[:, 1] > 0).all()


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (np.full((1, 6), 1.5), r"within \[-1, 1\], got 1.5"),
        (np.full((1, 6), np.nan), "finite, got nan"),
        (np.zeros((1, 5)), r"shape \(1, 6\), got \(1, 5\)"),
    ],
)
def test_malformed_actions(action, message):
    with pytest.raises(InvalidInputError, match=message):
        core_of(MECHANISMS[0]).reward(np.zeros((1, 4)), action)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda tested, core: deviation_core(tested.mechanism),
            "must be a Market, got Un.*; build",
        ),
        (lambda tested, core: deviation_core(tested, control=core), "control must be a Market"),
        (lambda tested, core: DeviationVecEnv(tested, 4), "must be a DeviationCore, got Market; b"),
        (lambda tested, core: DeviationVecEnv(core, 0), "num_envs must be at least 1, got 0"),
        (lambda tested, core: DeviationVecEnv(core, 2.5), "num_envs must be a whole number"),
        (lambda tested, core: DeviationVecEnv(core, 2, seed=-1), "seed must be at least 0, got -1"),
        (lambda tested, core: DeviationEnv(core=tested), "core must be a DeviationCore"),
        (lambda tested, core: DeviationVectorEnv(2, core=tested), "core must be a DeviationCore"),
        (lambda tested, core: DeviationVectorEnv(0, core=core), "num_envs must be at least 1"),
        (lambda tested, core: PPOLearner().train(tested, 100, 0), "core must be a DeviationCore"),
    ],
)
def test_what_is_no_market_or_core_is_refused_in_one_sentence(call, message):
    tested = market(UniformConditional(), two_groups(4))
    core = deviation_core(tested)
    with pytest.raises(InvalidInputError, match=message) as caught:
        call(tested, core)
    assert "\n" not in str(caught.value)


def test_malformed_actions_name_the_agent():
    env = exchange_v0.parallel_env(MECHANISMS[2], ECONOMY)
    env.reset(seed=0)
    quiet = {agent: np.zeros(1) for agent in env.agents}
    with pytest.raises(InvalidInputError, match="trader_2: action must be within"):
        env.step(quiet | {"trader_2": np.array([3.0])})
    del quiet["trader_1"]
    with pytest.raises(InvalidInputError, match="trader_1 is missing"):
        env.step(quiet)


def test_malformed_bids_are_errors_not_autarky():
    honest = SigmaDCDA().honest_bids(ECONOMY, np.zeros((2, 4))).as_array()
    honest[1, 2, 0] = np.inf
    with pytest.raises(InvalidInputError, match=r"finite, got inf at index \(1, 2, 0\)"):
        LinearBids.from_array(honest)
    with pytest.raises(InvalidInputError, match="LinearBids"):
        SigmaDCDA().clear(honest)
    with pytest.raises(InvalidInputError, match="information must be one of"):
        DeviationEnv(MECHANISMS[0], ECONOMY, information="all")
    with pytest.raises(TypeError, match="mechanism="):
        DeviationEnv()
    with pytest.raises(InvalidInputError, match=r"deviator\.make"):
        DeviationEnv("sigma-dcda", ECONOMY)
    with pytest.raises(InvalidInputError, match=r"deviator\.economies"):
        DeviationEnv(MECHANISMS[0], "two-groups")
    with pytest.raises(InvalidInputError, match="designer's 4 traders, got 5"):
        MECHANISMS[2].clear(Reports(np.zeros((2, 5))))
    with pytest.raises(InvalidInputError, match="at least 3, got 2"):
        Reports(np.zeros((2, 2)))
    with pytest.raises(InvalidInputError, match="linear-quadratic economy, got str"):
        deviator.make("naive-walrasian", economy="two-groups")
