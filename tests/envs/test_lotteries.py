"""Environments of rules that draw lots: drawn with the types, the same for both bids."""

from dataclasses import replace

import gymnasium
import numpy as np
import pytest
from helpers.lotteries import OneOfTwoRules, RandomDiscount

import deviator
from deviator.economies import private_values
from deviator.envs import (
    DeviationVectorEnv,
    deviation_core,
    exchange_core,
    exchange_v0,
    rounds_core,
)
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import market
from deviator.evidence.each_draw import market_drawn
from deviator.mechanisms import Reports

ECONOMY = private_values(3)
TESTED = market(OneOfTwoRules(), ECONOMY)


def actions(core, batch, seed=1):
    return np.random.default_rng(seed).uniform(-0.5, 0.5, (batch, core.action_size))


def test_lots_are_drawn_with_the_types_and_serve_both_bids():
    core = deviation_core(TESTED)
    decided = core.draw(np.random.default_rng(0), 6)
    types, lots = decided[:, :3], decided[:, 3:]
    assert decided.shape == (6, 4)
    np.testing.assert_array_equal(core.observe(decided), core.observe(types))
    moves = actions(core, 6)
    whole = core.play(decided, moves)
    for place in range(6):
        known = replace(core, market=market_drawn(TESTED, lots[place]))
        alone = known.play(types[[place]], moves[[place]])
        np.testing.assert_allclose(whole.reward[place], alone.reward[0], rtol=1e-9, atol=1e-12)


def test_the_strategys_own_bid_gains_nothing_whatever_is_drawn():
    core = deviation_core(TESTED)
    decided = core.draw(np.random.default_rng(0), 20)
    assert not core.play(decided, np.zeros((20, core.action_size))).reward.any()


def test_of_types_alone_rewards_are_means_over_lots():
    core = deviation_core(TESTED)
    types = core.draw(np.random.default_rng(0), 2)[:, :3]
    moves = actions(core, 2)
    lots = np.array([0.25, 0.75])
    halves = [core.play(np.column_stack([types, np.full(2, lot)]), moves).reward for lot in lots]
    np.testing.assert_allclose(core.play(types, moves).reward, np.mean(halves, axis=0), rtol=1e-9)


def test_a_seed_decides_types_and_lots():
    def played(seed):
        env = gymnasium.make("deviator/Deviation-v0", mechanism=OneOfTwoRules(), economy=ECONOMY)
        env.reset(seed=seed)
        return [env.step(np.full(env.action_space.shape, 0.3, np.float32))[1]]

    assert played(3) == played(3)
    assert played(3) != played(4)


def test_a_vector_of_markets_is_played_by_lots_of_each():
    core = deviation_core(TESTED)
    env = DeviationVectorEnv(4, core=core)
    env.reset(seed=5)
    moves = actions(core, 4).astype(np.float32)
    reward = env.step(moves)[1]
    decided = core.draw(np.random.Generator(np.random.PCG64(np.random.SeedSequence(5))), 4)
    for place in range(4):
        alone = core.play(decided[[place]], moves[[place]].astype(float)).reward
        np.testing.assert_allclose(reward[place], alone[0], rtol=1e-9, atol=1e-12)


def test_everybody_meets_the_lots_of_the_market():
    core = exchange_core(TESTED)
    decided = core.draw(np.random.default_rng(0), 5)
    moves = np.random.default_rng(1).uniform(-0.2, 0.2, (5, 3, core.action_size))
    whole = core.step(core.start(decided), moves)
    for place in range(5):
        alone = core.step(core.start(decided[[place]]), moves[[place]])
        np.testing.assert_allclose(whole.reward[place], alone.reward[0], rtol=1e-9, atol=1e-12)
    still = core.step(core.start(decided), np.zeros((5, 3, core.action_size)))
    assert not still.reward.any()


def test_every_round_has_lots_of_its_own():
    core = exchange_core(market(RandomDiscount(), ECONOMY), rounds=2, baseline="nothing")
    decided = core.draw(np.random.default_rng(0), 200)
    assert decided.shape == (200, 5)
    state = core.start(decided)
    still = np.zeros((200, 3, core.action_size))
    first = core.step(state, still)
    second = core.step(first.state, still)
    differ = (np.abs(first.reward - second.reward) > 1e-9).any(axis=1)
    other_side = (decided[:, 3] < 0.5) != (decided[:, 4] < 0.5)
    np.testing.assert_array_equal(differ, other_side)


def test_gains_over_rounds_are_means_over_lots():
    core = rounds_core(market(RandomDiscount(), ECONOMY), rounds=2)
    decided = core.draw(np.random.default_rng(0), 3)
    assert core.observe(decided).shape == (3, core.observation_size)


def test_pettingzoo_plays_a_lottery():
    env = exchange_v0.parallel_env(mechanism=OneOfTwoRules(), economy=ECONOMY)
    env.reset(seed=0)
    moves = {agent: np.zeros(env.action_space(agent).shape, np.float32) for agent in env.agents}
    _, rewards, *_ = env.step(moves)
    assert set(rewards.values()) == {0.0}


def test_types_without_lots_are_refused_where_an_outcome_needs_them():
    core = exchange_core(TESTED)
    with pytest.raises(InvalidInputError, match="types must come with 1 lots"):
        core.start(np.zeros((2, 3)))


def test_tensors_and_mutants_of_lotteries_are_refused_in_one_sentence():
    torch = pytest.importorskip("torch")
    from deviator.envs.tensor_env import TensorEnv
    from deviator.learners.equilibrium import everyone_learns
    from deviator.mechanisms import Mutated, clear_parallel

    core = deviation_core(TESTED)
    assert not core.takes_tensors
    bids = Reports(np.zeros((2, 3)))
    for attempt in (
        lambda: TensorEnv(core, 10),
        lambda: core.reward(torch.zeros(2, 4), torch.zeros(2, core.action_size)),
        lambda: Mutated(OneOfTwoRules(), "transfer", 0.1),
        lambda: clear_parallel(OneOfTwoRules(), bids),
        lambda: everyone_learns(TESTED),
        lambda: deviator.audit(OneOfTwoRules(), ECONOMY, coalition=(0, 1)),
    ):
        with pytest.raises(RefusedError, match="without lots, and one-of-two-rules draws 1"):
            attempt()
