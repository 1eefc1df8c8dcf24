"""Models of stable-baselines3 as deviations: the same actions, or a refusal."""

import gymnasium
import numpy as np
import pytest
import torch
from sb3_contrib import TQC, RecurrentPPO
from stable_baselines3 import A2C, DDPG, PPO, SAC, TD3
from stable_baselines3.common.logger import configure
from stable_baselines3.common.torch_layers import FlattenExtractor
from stable_baselines3.common.vec_env import VecNormalize

from deviator.economies import two_groups
from deviator.envs import deviation_core
from deviator.envs.sb3_vec_env import DeviationVecEnv
from deviator.errors import InvalidInputError
from deviator.evidence import market
from deviator.learners.random_state import own_random_state
from deviator.learners.sb3 import ShareCallback, deviation_of
from deviator.mechanisms import SigmaDCDA, UniformConditional

TESTED = market(UniformConditional(), two_groups(4))
CORE = deviation_core(TESTED)
TYPES = CORE.draw(np.random.default_rng(3), 50)
OBSERVED = CORE.observe(TYPES).astype(np.float32)
ON_POLICY = {"n_steps": 8, "batch_size": 32}
OFF_POLICY = {"learning_starts": 8, "buffer_size": 1000}


def trained(kind, policy="MlpPolicy", normalize=None, steps=64, **settings):
    env = DeviationVecEnv(CORE, 4, 0)
    env = env if normalize is None else VecNormalize(env, **normalize)
    with own_random_state():
        return kind(policy, env, device="cpu", seed=0, **settings).learn(steps)


def actions(deviation):
    honest = TESTED.strategy.bids(TYPES).of_trader(0)
    return CORE.box.to_action(honest, deviation.bid(TYPES, 0))


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (PPO, {**ON_POLICY}),
        (PPO, {**ON_POLICY, "policy_kwargs": {"activation_fn": torch.nn.ELU}}),
        (PPO, {**ON_POLICY, "policy_kwargs": {"net_arch": []}}),
        (PPO, {**ON_POLICY, "use_sde": True, "policy_kwargs": {"squash_output": True}}),
        (A2C, {"policy_kwargs": {"activation_fn": torch.nn.GELU}}),
        (SAC, OFF_POLICY),
        (TD3, OFF_POLICY),
        (DDPG, OFF_POLICY),
        (TQC, OFF_POLICY | {"policy_kwargs": {"activation_fn": torch.nn.SiLU}}),
    ],
)
def test_deviations_act_as_the_model_does(kind, settings):
    model = trained(kind, **settings)
    wanted, _ = model.predict(OBSERVED, deterministic=True)
    np.testing.assert_allclose(actions(deviation_of(model, CORE)), wanted, rtol=0, atol=1e-6)


def test_normalized_observations_become_part_of_the_deviation():
    model = trained(PPO, normalize={}, **ON_POLICY)
    seen = model.get_vec_normalize_env().normalize_obs(OBSERVED)
    wanted, _ = model.predict(seen, deterministic=True)
    np.testing.assert_allclose(actions(deviation_of(model, CORE)), wanted, rtol=0, atol=1e-6)
    without, _ = model.predict(OBSERVED, deterministic=True)
    assert np.abs(without - wanted).max() > 1e-6


def test_the_model_is_left_alone():
    model = trained(SAC, **OFF_POLICY)
    model.policy.train()
    before = {name: value.clone() for name, value in model.policy.state_dict().items()}
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    deviation_of(model, CORE)
    assert torch.rand(1) == expected
    assert model.policy.training
    for name, value in model.policy.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)


class Twice(FlattenExtractor):
    """A villain: it looks at observations otherwise than its name says."""

    def forward(self, observations):
        return 2 * super().forward(observations)


class Own(torch.nn.Module):
    def forward(self, values):
        return torch.sin(values)


@pytest.mark.parametrize(
    ("kind", "settings", "sentence"),
    [
        (SAC, OFF_POLICY | {"use_sde": True}, "got a Hardtanh"),
        (PPO, {**ON_POLICY, "policy_kwargs": {"activation_fn": Own}}, "got a Own"),
        (PPO, {**ON_POLICY, "normalize": {"clip_obs": 5.0}}, "clip_obs of VecNormalize must be"),
        (RecurrentPPO, {"policy": "MlpLstmPolicy", **ON_POLICY}, "has an LSTM"),
        (
            PPO,
            {**ON_POLICY, "policy_kwargs": {"features_extractor_class": Twice}},
            "must act as the model does",
        ),
    ],
)
def test_what_is_not_a_chain_of_layers_is_refused(kind, settings, sentence):
    model = trained(kind, **settings)
    with pytest.raises(InvalidInputError, match=sentence):
        deviation_of(model, CORE)


def test_models_of_other_problems_are_refused():
    model = trained(PPO, **ON_POLICY)
    own = deviation_core(TESTED, information="own")
    with pytest.raises(InvalidInputError, match="the model's observations must be 1 numbers"):
        deviation_of(model, own)
    with pytest.raises(InvalidInputError, match="model must be a BaseAlgorithm"):
        deviation_of("ppo", CORE)


@pytest.mark.parametrize("other", [{"range_multiple": 1.0}, {"mode": "absolute"}])
def test_models_that_learned_with_other_ranges_are_refused(other):
    model = trained(PPO, **ON_POLICY)
    core = deviation_core(TESTED, **other)
    with pytest.raises(InvalidInputError, match="core must move bids by the ranges"):
        deviation_of(model, core)
    env = gymnasium.make("deviator/Deviation-v0", core=CORE)
    with own_random_state(), pytest.raises(InvalidInputError, match="pass its own core"):
        deviation_of(A2C("MlpPolicy", env, device="cpu"), core)
    null = market(SigmaDCDA(0.2), TESTED.economy)
    assert deviation_of(model, deviation_core(null, control=TESTED))  # the same ranges


def test_the_callback_logs_the_share_and_keeps_the_best_policy(tmp_path):
    with own_random_state():
        model = PPO("MlpPolicy", DeviationVecEnv(CORE, 32, 0), **ON_POLICY, device="cpu", seed=0)
        model.set_logger(configure(str(tmp_path), ["csv"]))
        callback = ShareCallback(CORE, every=256)
        model.learn(1024, callback=callback)
    model.logger.close()
    assert [share.steps for share in callback.shares] == [0, 256, 512, 768, 1024]
    best = max(callback.shares, key=lambda share: share.gain)
    law = TESTED.distribution
    types = law.matched_sample(np.random.default_rng(1_000_003), 2048)
    assert CORE.gains(types, callback.best).mean() == best.gain
    assert best.share == pytest.approx(best.gain / CORE.reward_unit, rel=1e-6)
    header = (tmp_path / "progress.csv").read_text().splitlines()[0]
    assert "share/exact" in header
    assert "gain/validation" in header


def test_the_callback_refuses_what_it_cannot_follow():
    with pytest.raises(InvalidInputError, match="core must be a DeviationCore"):
        ShareCallback(TESTED)
    with pytest.raises(InvalidInputError, match="every must be at least 1"):
        ShareCallback(CORE, every=0)
