"""stable-baselines3: one deviator, everyone with shared parameters, and a learner for each trader."""

import numpy as np
import pytest
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import VecMonitor, VecNormalize

from deviator.economies import heterogeneous, private_values, two_groups
from deviator.envs import deviation_core, exchange_core, market
from deviator.envs.exchange_vec_env import ExchangeVecEnv, TraderVecEnv, independent_vec_envs
from deviator.envs.sb3_vec_env import DeviationVecEnv
from deviator.errors import InvalidInputError, RefusedError
from deviator.mechanisms import SigmaDCDA, UniformConditional, UniformDoubleAuction

ECONOMY = two_groups(4)
CORE = deviation_core(market(UniformConditional(), ECONOMY))
EXCHANGE = exchange_core(market(UniformDoubleAuction(), private_values(4)))
TINY = {"n_steps": 4, "batch_size": 32, "n_epochs": 1, "device": "cpu", "gamma": 0.0}


def everyone(**settings):
    return ExchangeVecEnv(EXCHANGE, 3, seed=1, **settings)


def shared(infos):
    """Whether writing into one info dict writes into another."""
    infos[0]["mine"] = 1
    return any("mine" in info for info in infos[1:])


@pytest.mark.parametrize("details", [True, False])
@pytest.mark.parametrize("make", [lambda **more: DeviationVecEnv(CORE, 3, **more), everyone])
def test_each_market_has_an_info_dict_of_its_own(make, details):
    env = make(details=details)
    env.reset()
    infos = env.step(np.zeros((env.num_envs, *env.action_space.shape)))[3]
    assert len(infos) == env.num_envs
    assert not shared(infos)
    assert all("terminal_observation" in info for info in infos)
    assert all(("gain" in info) == details for info in infos)


def test_the_check_of_info_dicts_catches_shared_ones():
    assert shared([{}] * 3)


def test_infos_are_those_of_the_ended_markets():
    env = DeviationVecEnv(CORE, 4, seed=0)
    seen = env.reset()
    _, reward, _, infos = env.step(np.full((4, 6), 0.2))
    for place, info in enumerate(infos):
        assert np.array_equal(info["terminal_observation"], seen[place])
        assert info["gain"] == pytest.approx(reward[place] * CORE.reward_unit, rel=1e-6)
        assert info["gain"] <= info["best_gain"]
        assert {"price", "quantity", "transfer"} <= set(info)


def test_observations_are_not_written_over():
    env = DeviationVecEnv(CORE, 4, seed=0)
    seen = env.reset()
    seen[:] = 0.0
    infos = env.step(np.zeros((4, 6)))[3]
    assert all(info["terminal_observation"].any() for info in infos)


def test_attributes_and_methods_of_all_markets():
    env = DeviationVecEnv(CORE, 3)
    assert env.get_attr("market") == [CORE.market] * 3
    assert env.get_attr("core", indices=1) == [CORE]
    assert env.get_attr("num_envs", indices=[0, 2]) == [3, 3]
    assert not env.has_attr("nothing_of_the_kind")
    drawn = env.env_method("draw", np.random.default_rng(0), 2, indices=[1])
    assert len(drawn) == 1
    assert drawn[0].shape == (2, 4)
    env.set_attr("note", "mine")
    assert env.get_attr("note") == ["mine"] * 3
    with pytest.raises(RefusedError, match="all 3 environments share note"):
        env.set_attr("note", "other", indices=[0])
    for fixed in ("core", "reward_unit"):
        with pytest.raises(RefusedError, match=f"{fixed} is fixed"):
            env.set_attr(fixed, None)
    assert env.env_is_wrapped(VecMonitor) == [False] * 3


def test_seeds_of_any_size_are_taken_and_others_refused_at_once():
    env = DeviationVecEnv(CORE, 2, seed=2**70)
    seen = []
    for seed in (2**64, 2**64, 5):
        assert env.seed(seed) == [seed, seed + 1]
        seen.append(env.reset())
    assert np.array_equal(seen[0], seen[1])
    assert not np.array_equal(seen[0], seen[2])
    for seed, message in ((-1, "at least 0, got -1"), (0.5, "whole number, got 0.5")):
        with pytest.raises(InvalidInputError, match=f"seed must be .*{message}"):
            env.seed(seed)
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    env.seed()
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_wrappers_and_learners_take_them():
    for env in (DeviationVecEnv(CORE, 16), ExchangeVecEnv(EXCHANGE, 8)):
        wrapped = VecNormalize(VecMonitor(env), norm_obs=False, gamma=0.0)
        model = PPO("MlpPolicy", wrapped, seed=0, **TINY).learn(64)
        assert len(model.ep_info_buffer) > 0


@pytest.mark.parametrize("rounds", [1, 3])
def test_everyones_rewards_are_the_cores(rounds):
    core = exchange_core(market(UniformConditional(), ECONOMY), rounds=rounds)
    env = ExchangeVecEnv(core, 3, seed=1)
    env.seed(7)
    seen = env.reset()
    state = core.start(core.draw(np.random.default_rng(7), 3))
    actions = np.random.default_rng(0).uniform(-0.3, 0.3, (rounds, 3, 4, 6))
    for turn in range(rounds):
        sight = core.observe(state).reshape(12, -1).astype(np.float32)
        assert np.array_equal(seen[:, : core.observation_size], sight)
        step = core.step(state, actions[turn])
        seen, reward, done, infos = env.step(actions[turn].reshape(12, 6))
        state = step.state
        np.testing.assert_array_equal(reward, step.reward.ravel().astype(np.float32))
        assert done.all() == (turn == rounds - 1)
    last = np.stack([info["terminal_observation"] for info in infos])
    sight = core.observe(state).reshape(12, -1).astype(np.float32)
    assert np.array_equal(last[:, : core.observation_size], sight)
    assert env.observation_space.contains(seen[0])
    assert infos[5]["quantity"] == step.outcome.quantity[1, 1]


def test_who_is_looking_is_told_where_traders_differ():
    seen = ExchangeVecEnv(EXCHANGE, 2).reset()
    assert seen.shape == (8, 1)  # all alike, own types: nothing to tell
    mixed = exchange_core(market(SigmaDCDA(0.2), heterogeneous(4)))
    roles = ExchangeVecEnv(mixed, 2).reset()[:4, 1:]
    assert roles.tolist() == [[1, 0], [1, 0], [0, 1], [0, 1]]
    profile = exchange_core(
        market(UniformDoubleAuction(), private_values(4)), information="profile"
    )
    roles = ExchangeVecEnv(profile, 2).reset()[:4, 4:]
    assert np.array_equal(roles, np.eye(4))


def test_one_trader_over_several_rounds():
    core = exchange_core(market(UniformConditional(), ECONOMY), traders=(0,), rounds=3)
    env = ExchangeVecEnv(core, 5)
    env.reset()
    done = [env.step(np.zeros((5, 6)))[2].all() for _ in range(6)]
    assert done == [False, False, True] * 2


class Fixed:
    """A model that always takes one action."""

    def __init__(self, action):
        self.action = action

    def predict(self, observation):
        return np.full((len(observation), len(self.action)), self.action), None


def test_independent_learners_meet_the_present_models_of_the_others():
    models = {}
    envs = independent_vec_envs(EXCHANGE, 3, seed=2, models=models)
    assert list(envs) == [f"trader_{trader}" for trader in range(4)]
    env, own = envs["trader_1"], np.full((3, 2), 0.1)
    models["trader_3"] = Fixed([0.3, -0.2])
    models["trader_1"] = Fixed([0.9, 0.9])  # one's own model is not asked
    env.seed(5)
    env.reset()
    reward = env.step(own)[1]
    state = EXCHANGE.start(EXCHANGE.draw(np.random.default_rng(5), 3))
    actions = np.zeros((3, 4, 2))
    actions[:, 1], actions[:, 3] = own, [0.3, -0.2]
    want = EXCHANGE.step(state, actions).reward[:, 1]
    np.testing.assert_array_equal(reward, want.astype(np.float32))


def test_those_without_a_model_follow_the_strategy_also_where_actions_are_bids():
    absolute = exchange_core(EXCHANGE.market, mode="absolute")
    env = independent_vec_envs(absolute, 50, models={})["trader_1"]
    types = absolute.draw(np.random.default_rng(5), 50)
    honest = absolute.market.strategy.bids(types).of_trader(1)
    env.seed(5)
    env.reset()
    reward = env.step(absolute.boxes[1].to_action(honest, honest))[1]
    np.testing.assert_allclose(reward, 0.0, atol=1e-5)


@pytest.mark.parametrize("key", [1, "bob", "trader_9"])
def test_models_of_traders_that_there_are_not_are_refused(key):
    models = {}
    env = independent_vec_envs(EXCHANGE, 3, models=models)["trader_1"]
    env.reset()
    models[key] = Fixed([0.0, 0.0])
    with pytest.raises(InvalidInputError, match=r"models must be of trader_0, .*, got"):
        env.step(np.zeros((3, 2)))


def test_independent_learners_learn_in_turn():
    models = {}
    envs = independent_vec_envs(EXCHANGE, 8, models=models)
    models |= {name: PPO("MlpPolicy", env, seed=0, **TINY) for name, env in envs.items()}
    for model in models.values():
        model.learn(32)
    assert all(model.num_timesteps == 32 for model in models.values())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ExchangeVecEnv(CORE, 2), "core must be an ExchangeCore, got DeviationCore"),
        (lambda: ExchangeVecEnv(EXCHANGE, 0), "markets must be at least 1, got 0"),
        (lambda: ExchangeVecEnv(EXCHANGE, 2, seed=-1), "seed must be at least 0, got -1"),
        (lambda: DeviationVecEnv(CORE, 2, seed=0.5), "seed must be a whole number, got 0.5"),
        (
            lambda: TraderVecEnv(EXCHANGE, 9, 2, 0, {}),
            r"trader must be one of \(0, 1, 2, 3\), got 9",
        ),
        (lambda: independent_vec_envs(CORE, 2, models={}), "core must be an ExchangeCore"),
        (lambda: independent_vec_envs(EXCHANGE, 2, -1, models={}), "seed must be at least 0"),
    ],
)
def test_malformed_arguments_are_refused_in_one_sentence(call, message):
    with pytest.raises(InvalidInputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_actions_outside_the_box_are_refused():
    env = ExchangeVecEnv(EXCHANGE, 2)
    env.reset()
    with pytest.raises(InvalidInputError, match="within"):
        env.step(np.full((8, 2), 2.0))
