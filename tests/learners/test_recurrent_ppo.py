"""Recurrent PPO: what earlier rounds show is used in later ones."""

import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from deviator.economies import private_values
from deviator.envs import deviation_core, rounds_core
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import market
from deviator.evidence.best_deviation import best_deviation, held_out_profiles
from deviator.learners.ppo import PPOLearner
from deviator.learners.sb3.recurrent_ppo import RecurrentPPOLearner
from deviator.mechanisms import NaiveWalrasian
from deviator.policies import BestResponse, Network, load_policy, save_policy
from deviator.policies.recurrent import RecurrentDeviation, RecurrentNetwork

ECONOMY = private_values(4)
TESTED = market(NaiveWalrasian(ECONOMY), ECONOMY)
SMALL = {"markets": 64, "batch_size": 64, "memory": 8}


def random_network(inputs, units=3, outputs=1):
    rng = np.random.default_rng(0)
    head = Network((rng.normal(size=(outputs, units)),), (rng.normal(size=outputs),))
    rows = 4 * units
    return RecurrentNetwork(
        rng.normal(size=(rows, inputs)), rng.normal(size=(rows, units)), rng.normal(size=rows), head
    )


def test_networks_are_those_of_torch():
    network = random_network(2)
    lstm = torch.nn.LSTM(2, 3).double()
    with torch.no_grad():
        lstm.weight_ih_l0.copy_(torch.from_numpy(network.input_weights.copy()))
        lstm.weight_hh_l0.copy_(torch.from_numpy(network.hidden_weights.copy()))
        lstm.bias_ih_l0.copy_(torch.from_numpy(network.bias.copy()))
        lstm.bias_hh_l0.zero_()
    inputs = np.random.default_rng(1).normal(size=(5, 7, 2))
    hidden = lstm(torch.from_numpy(inputs))[0].detach().numpy()
    memory = network.start(7)
    for seen, wanted in zip(inputs, hidden, strict=True):
        output, memory = network.step(seen, memory)
        np.testing.assert_allclose(output, network.head(wanted), rtol=1e-12)


def test_later_rounds_gain_more_than_the_own_type_alone_allows():
    core = rounds_core(TESTED, rounds=3)
    policy = RecurrentPPOLearner(markets=256, batch_size=256).train(core, 18_000, 0).policy
    types = held_out_profiles(TESTED, 2000)
    own, profile = (best_deviation(TESTED, types, rung).gain for rung in ("own", "profile"))
    most = (own + 2 * profile) / 3
    assert own < core.gains(types, policy).mean() < most
    # The villain: without its memory and what is public, the same policy is worth less.
    forgetful = policy.bid(types, 0)
    assert TESTED.gains(types, forgetful).mean() < own


def test_a_batch_of_markets_is_the_loop_over_them():
    core = rounds_core(TESTED, rounds=3)
    deviation = core.deviation(random_network(core.observation_size))
    types = core.draw(np.random.default_rng(0), 4)
    together = core.gains(types, deviation)
    alone = [core.gains(types[i : i + 1], deviation)[0] for i in range(4)]
    np.testing.assert_allclose(together, alone, rtol=1e-9)


def test_a_deviation_without_memory_gains_the_same_in_every_round():
    best = BestResponse(TESTED.mechanism, TESTED.economy, "profile")
    types = held_out_profiles(TESTED, 100)
    wanted = TESTED.gains(types, best.bid(types, 0))
    np.testing.assert_allclose(rounds_core(TESTED, rounds=3).gains(types, best), wanted, rtol=1e-12)


def test_policies_are_saved_and_loaded(tmp_path):
    core = rounds_core(TESTED, rounds=2)
    policy = RecurrentPPOLearner(**SMALL).train(core, 300, 0).policy
    save_policy(policy, tmp_path / "policy", information="own")
    loaded = load_policy(tmp_path / "policy", TESTED.strategy)
    assert isinstance(loaded, RecurrentDeviation)
    types = core.draw(np.random.default_rng(0), 20)
    np.testing.assert_array_equal(core.gains(types, loaded), core.gains(types, policy))


def test_one_round_is_the_one_shot_market():
    core = deviation_core(TESTED, information="own")
    training = RecurrentPPOLearner(**SMALL).train(core, 3000, 0)
    assert training.curve[-1].gain > training.curve[0].gain


def test_what_it_cannot_play_is_refused(monkeypatch):
    core = rounds_core(TESTED, rounds=2)
    with pytest.raises(RefusedError, match="got one of 2 rounds; name a learner of rounds"):
        PPOLearner().train(core, 100, 0)
    start = random_network(5)
    with pytest.raises(InvalidInputError, match="must have a memory and layers of"):
        RecurrentPPOLearner(**SMALL).train(core, 100, 0, start=start)
    with pytest.raises(InvalidInputError, match="traders must be the market's deviator alone"):
        replace(core, exchange=replace(core.exchange, traders=(1,)))
    with pytest.raises(InvalidInputError, match="must map 12 observations to 1 actions, got 5"):
        core.deviation(start)
    monkeypatch.setitem(sys.modules, "sb3_contrib", None)
    with pytest.raises(RefusedError, match=r"needs sb3-contrib.*pip install"):
        RecurrentPPOLearner().train(core, 100, 0)
