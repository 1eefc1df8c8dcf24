"""Environments of rules over rounds: what is seen, and rewards that add up to the total payoff."""

import numpy as np
import pytest
from pettingzoo.test import api_test, parallel_api_test
from pettingzoo.utils.conversions import parallel_to_aec
from villains.rounds import SoundRounds

from deviator.economies import private_values
from deviator.envs import deviation_core, exchange_core, exchange_v0, market, rounds_core
from deviator.errors import InvalidInputError
from deviator.evidence import over_rounds
from deviator.mechanisms import InShares, Schedules, UniformDoubleAuction, Unrolled
from deviator.mechanisms.over_rounds.rounds_mechanism import play, total
from deviator.policies import Network, NetworkOverRounds

ECONOMY = private_values(3, slope=2.0)
TESTED = market(SoundRounds(), ECONOMY)
TYPES = ECONOMY.types().sample(np.random.default_rng(0), 4)
ACTIONS = np.random.default_rng(1).uniform(-0.5, 0.5, (3, 4, 3, 2))


class ShowsAggregates(SoundRounds):
    """Shows price and volume alone."""

    def public(self, history):
        outcome = history[-1].outcome
        return np.column_stack([outcome.price, np.abs(outcome.quantity).sum(axis=1)])


def played(core, types, actions):
    state, steps = core.start(types), []
    for action in actions:
        steps.append(core.step(state, action))
        state = steps[-1].state
    return steps


@pytest.mark.parametrize("baseline", ["strategy", "honesty", "nothing"])
def test_rewards_add_up_to_the_total_payoff_over_the_baseline(baseline):
    core = exchange_core(TESTED, baseline=baseline)
    steps = played(core, TYPES, ACTIONS)
    assert [step.ended for step in steps] == [False, False, True]
    end = total(play(SoundRounds(), [step.bids for step in steps]))
    honest = SoundRounds().clear(TESTED.strategy.bids(TYPES))
    wanted = ECONOMY.payoff(end.quantity, end.transfer, TYPES)
    if baseline != "nothing":
        wanted = wanted - ECONOMY.payoff(honest.quantity, honest.transfer, TYPES)
    paid = sum(step.reward for step in steps) * np.array(core.reward_units)
    np.testing.assert_allclose(paid, wanted, atol=1e-12)


def test_a_batch_equals_the_loop():
    core = exchange_core(TESTED)
    whole = played(core, TYPES, ACTIONS)
    for number in range(len(TYPES)):
        alone = played(core, TYPES[[number]], ACTIONS[:, [number]])
        for one, many in zip(alone, whole, strict=True):
            np.testing.assert_allclose(one.reward[0], many.reward[number], atol=1e-12)
            seen = core.observe(one.state)[0], core.observe(many.state)[number]
            np.testing.assert_allclose(*seen, atol=1e-12)


def test_nobody_sees_more_than_what_is_public_so_far():
    core = exchange_core(market(ShowsAggregates(), ECONOMY))
    assert core.public_size == 2
    assert core.observation_size == 1 + 1 + 3 * 2
    first = core.observe(core.start(TYPES))
    assert not first[..., 1:].any()
    steps = played(core, TYPES, ACTIONS)
    others = played(core, TYPES, np.concatenate([ACTIONS[:2], -ACTIONS[2:]]))
    for turn in (0, 1):
        seen = core.observe(steps[turn].state)
        np.testing.assert_array_equal(seen, core.observe(others[turn].state))
        np.testing.assert_allclose(seen[..., 1], (turn + 1) / 3)
        assert not seen[..., 2 + 2 * (turn + 1) :].any()
    price = steps[0].outcome.price
    shown = core.observe(steps[0].state)[:, :, 2]
    ratio = shown / price[:, None]
    np.testing.assert_allclose(ratio, ratio[0, 0])


def test_the_environments_play_the_rules_own_rounds():
    env = exchange_v0.parallel_env(SoundRounds(), ECONOMY)
    assert env.core.rounds == 3
    parallel_api_test(env, num_cycles=7)
    api_test(parallel_to_aec(env), num_cycles=10)
    same = exchange_v0.parallel_env(SoundRounds(), ECONOMY, rounds=3)
    assert same.core.rounds == 3
    with pytest.raises(InvalidInputError, match="rounds must be 3, as many as sound-rounds has"):
        exchange_v0.parallel_env(SoundRounds(), ECONOMY, rounds=2)
    with pytest.raises(InvalidInputError, match="got 1; leave rounds out"):
        rounds_core(TESTED, rounds=1)


def test_infos_tell_no_regret_of_single_rounds():
    env = exchange_v0.parallel_env(InShares(UniformDoubleAuction(), 2), ECONOMY)
    env.reset(seed=0)
    still = {agent: np.zeros(2, dtype=np.float32) for agent in env.agents}
    _, rewards, _, _, infos = env.step(still)
    assert "regret" not in infos["trader_0"]
    assert rewards["trader_0"] == pytest.approx(0.0, abs=1e-12)


def test_a_deviator_is_paid_what_their_plan_gains():
    core = rounds_core(TESTED)
    rng = np.random.default_rng(2)
    network = Network((rng.normal(0.0, 0.3, (2, core.observation_size)),), (np.zeros(2),))
    policy = core.deviation(network)
    plan = core.bids(TYPES, policy)
    wanted = over_rounds(TESTED).gains(TYPES, plan)
    np.testing.assert_allclose(core.gains(TYPES, policy), wanted, atol=1e-12)
    constant = deviation_core(TESTED).deviation(Network((np.zeros((2, 3)),), (np.full(2, 0.1),)))
    gained = TESTED.gains(TYPES, constant.bid(TYPES, 0))
    np.testing.assert_allclose(core.gains(TYPES, constant), gained, atol=1e-12)


def test_a_policy_that_sees_other_numbers_is_saved_and_loaded():
    core = rounds_core(market(ShowsAggregates(), ECONOMY))
    policy = core.deviation(Network((np.zeros((2, core.observation_size)),), (np.zeros(2),)))
    tensors, description = policy.to_files()
    again = NetworkOverRounds.from_files(tensors, description, TESTED.strategy)
    assert (again.public_size, again.seen_size) == (2, core.observation_size)


def test_everybody_can_learn_plans_in_one_shot():
    core = exchange_core(over_rounds(TESTED))
    assert (core.rounds, core.action_size) == (1, 6)
    step = core.step(core.start(TYPES), np.zeros((4, 3, 6)))
    np.testing.assert_allclose(step.reward, 0.0, atol=1e-12)


def test_plans_of_one_round_are_bids():
    shares = InShares(UniformDoubleAuction(), 1)
    bids = Schedules([[3.0, 1.0, 2.0]], [[1.0, 1.0, 1.0]])
    plan = Unrolled(shares).language.in_every_round(bids)
    once = UniformDoubleAuction().clear(bids)
    np.testing.assert_array_equal(Unrolled(shares).clear(plan).quantity, once.quantity)
