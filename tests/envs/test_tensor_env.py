"""Markets on tensors: they pay what the core pays, types have their law, nothing leaves the device."""

import numpy as np
import pytest
import torch

from deviator.economies import (
    IndependentNormal,
    NormalTypes,
    TruncatedNormal,
    UniformBox,
    private_values,
    two_groups,
    unit_demands,
)
from deviator.envs import deviation_core, exchange_core, market
from deviator.envs.tensor_env import TensorEnv
from deviator.errors import InvalidInputError, RefusedError
from deviator.mechanisms import KDoubleAuction, SigmaDCDA, UniformDoubleAuction

DOUBLE = torch.float64
ONE = deviation_core(market(UniformDoubleAuction(), private_values(4)))
ALL = exchange_core(market(SigmaDCDA(0.2), two_groups(4)), rounds=2)


def zeros(env, **kind):
    kind = {"dtype": DOUBLE} | kind
    return torch.zeros(env.markets, *env.acting, env.core.action_size, **kind)


def types_of(env, observation):
    """The types that an own-type observation of everyone shows."""
    law = env.core.market.distribution
    return observation[:, :, 0].numpy() * law.deviation + law.mean


def test_one_deviator_is_paid_by_the_core():
    env = TensorEnv(ONE, 6)
    types = env.reset().numpy()
    action = (zeros(env) + 0.2).requires_grad_()
    step = env.step(action)
    want = ONE.reward(types, action.detach().numpy())
    np.testing.assert_allclose(step.reward.detach().numpy(), want, rtol=1e-10)
    assert step.ended
    assert np.array_equal(step.final_observation, types)
    assert not np.array_equal(step.observation, types)
    step.reward.sum().backward()
    assert bool((action.grad != 0).any())


def test_everyone_is_paid_by_the_core_over_rounds():
    env = TensorEnv(ALL, 6)
    state = ALL.start(types_of(env, env.reset()))
    action = np.random.default_rng(0).uniform(-0.2, 0.2, (2, 6, 4, 6))
    for turn in range(2):
        want, step = ALL.step(state, action[turn]), env.step(torch.as_tensor(action[turn]))
        state = want.state
        np.testing.assert_allclose(step.reward.numpy(), want.reward, rtol=1e-8, atol=1e-9)
        np.testing.assert_allclose(
            step.final_observation.numpy(), ALL.observe(state), rtol=1e-8, atol=1e-9
        )
        assert step.ended == (turn == 1)
    assert bool((step.observation[:, :, 1:] == 0).all())


CORRELATED = NormalTypes.exchangeable(4, mean=1.0, deviation=2.0, correlation=0.5)
LAWS = [
    CORRELATED,
    NormalTypes.independent(4, mean=-1.0, deviation=0.5),
    IndependentNormal(np.arange(4.0), np.arange(1.0, 5.0)),
    UniformBox.common(4, 1.0, 3.0),
]


@pytest.mark.parametrize("law", LAWS, ids=lambda each: type(each).__name__)
def test_types_have_the_moments_of_their_law(law):
    tested = market(UniformDoubleAuction(), private_values(4), distribution=law)
    env = TensorEnv(exchange_core(tested), 50_000)
    types = types_of(env, env.reset())
    scale = law.deviation.max()
    np.testing.assert_allclose(types.mean(axis=0), law.mean, atol=0.05 * scale)
    np.testing.assert_allclose(np.cov(types.T), law.covariance, atol=0.06 * scale**2)


def test_the_check_of_moments_catches_independent_types_in_place_of_correlated_ones():
    types = np.random.default_rng(0).normal(1.0, 2.0, (50_000, 4))
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(np.cov(types.T), CORRELATED.covariance, atol=0.24)


def test_seeds_of_any_size_are_taken_and_the_global_state_is_left_alone():
    before = torch.get_rng_state()
    seen = [TensorEnv(ONE, 3, seed=seed).reset() for seed in (2**70, 2**70, 2**70 + 1)]
    assert torch.equal(seen[0], seen[1])
    assert not torch.equal(seen[0], seen[2])
    assert torch.equal(torch.get_rng_state(), before)


def test_float32_stays_float32():
    env = TensorEnv(ALL, 3, dtype=torch.float32)
    observation = env.reset()
    step = env.step(zeros(env, dtype=torch.float32))
    kinds = {each.dtype for each in (observation, step.observation, step.reward)}
    assert kinds == {torch.float32}


def test_nothing_is_copied_to_the_host(monkeypatch):
    """On a device that refuses to be read; scalars that say whether numbers are finite excepted."""
    env = TensorEnv(ALL, 3)
    env.reset()
    action = zeros(env)
    env.step(action)

    def read(tensor, *arguments, **named):
        raise AssertionError("a tensor was copied to the host")

    for name in ("numpy", "cpu", "tolist", "__array__"):
        monkeypatch.setattr(torch.Tensor, name, read)
    assert env.step(action).ended
    with pytest.raises(AssertionError, match="copied to the host"):
        action.cpu()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: TensorEnv(ONE, 2, device="cuda:77"), "device must be one that torch finds here"),
        (lambda: TensorEnv(ONE, 2, device="a gpu"), "device must be one that torch finds here"),
        (lambda: TensorEnv(ONE, 0), "markets must be at least 1, got 0"),
        (lambda: TensorEnv(ONE, 2, seed=-1), "seed must be at least 0, got -1"),
        (lambda: TensorEnv(ONE.market, 2), "core must be a DeviationCore or an ExchangeCore"),
        (
            lambda: TensorEnv(ONE, 2).step(np.zeros((2, 2))),
            r"tensor of shape \(2, 2\), got ndarray",
        ),
        (lambda: TensorEnv(ONE, 2).step(torch.zeros(2, 3)), r"shape \(2, 2\), got \(2, 3\)"),
        (lambda: TensorEnv(ONE, 2).step(torch.zeros(2, 2)), "action must be torch.float64"),
    ],
)
def test_malformed_arguments_are_refused_in_one_sentence(call, message):
    with pytest.raises(InvalidInputError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_what_takes_numpy_arrays_only_is_refused():
    with pytest.raises(RefusedError, match="k-double-auction must take tensors"):
        TensorEnv(
            deviation_core(market(KDoubleAuction(0.5), unit_demands(2, 2), distribution=LAWS[1])), 2
        )
    law = TruncatedNormal.common(4, mean=0.0, deviation=1.0, low=-1.0, high=1.0)
    with pytest.raises(RefusedError, match="Normal or uniform, got TruncatedNormal"):
        TensorEnv(
            deviation_core(market(UniformDoubleAuction(), private_values(4), distribution=law)), 2
        )
