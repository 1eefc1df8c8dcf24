"""Markets of several rounds: what is seen in them, what they pay, and files of who plays them."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.tiny_learner import Stepper

from deviator.economies import private_values
from deviator.envs import deviation_core, rounds_core
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import market
from deviator.mechanisms import UniformDoubleAuction
from deviator.policies import Network, Revelation, RoundsDeviation, load_policy, save_policy

ECONOMY = private_values(4)
TESTED = market(UniformDoubleAuction(), ECONOMY)
TYPES = np.random.default_rng(3).standard_normal((50, 4))


def network(core, seed=0, scale=0.02):
    rng = np.random.default_rng(seed)
    shape = (core.action_size, core.observation_size)
    return Network((scale * rng.standard_normal(shape),), (scale * rng.standard_normal(shape[0]),))


@pytest.mark.parametrize("information", ["own", "profile"])
def test_one_round_is_the_one_shot_market(information):
    core = rounds_core(TESTED, rounds=1, information=information)
    single = deviation_core(TESTED, information=information)
    chosen = network(single)
    there, here = core.deviation(chosen), single.deviation(chosen)
    np.testing.assert_allclose(there.bid(TYPES, 0), here.bid(TYPES, 0), rtol=1e-12)
    np.testing.assert_allclose(core.gains(TYPES, there), single.gains(TYPES, here), rtol=1e-8)
    np.testing.assert_allclose(core.observe(TYPES), single.observe(TYPES))


def test_who_looks_at_no_round_gains_the_same_in_each():
    core, single = rounds_core(TESTED, rounds=3), deviation_core(TESTED, information="own")
    short = network(single)
    weights = np.zeros((core.action_size, core.observation_size))
    weights[:, :1] = short.weights[0]
    chosen = core.deviation(Network((weights,), short.biases))
    expected = single.gains(TYPES, single.deviation(short))
    np.testing.assert_allclose(core.gains(TYPES, chosen), expected, rtol=1e-8)


def test_rounds_are_played_one_after_the_other_and_a_batch_equals_the_loop():
    core = rounds_core(TESTED, rounds=3)
    chosen = core.deviation(network(core, scale=0.05))
    gains = core.gains(TYPES, chosen)
    alone = [core.gains(TYPES[i : i + 1], chosen)[0] for i in range(len(TYPES))]
    np.testing.assert_allclose(gains, alone, rtol=1e-9)
    total, state = 0.0, core.exchange.start(TYPES)
    for _ in range(3):
        action, _ = chosen.act(core.exchange.observe(state)[:, 0], None)
        step = core.exchange.step(state, action[:, None])
        total, state = total + step.reward[:, 0], step.state
    assert step.ended
    np.testing.assert_allclose(gains, total / 3 * core.reward_unit, rtol=1e-12)


class Counts(RoundsDeviation):
    """Remembers how many rounds there were."""

    def act(self, seen, memory):
        assert seen.shape == (len(TYPES), self.seen_size)
        round_ = 0 if memory is None else memory
        np.testing.assert_allclose(seen[:, 1], round_ / self.rounds)
        return np.zeros((len(seen), self.box.size)), round_ + 1


def test_a_deviation_may_remember_and_sees_how_much_is_over():
    core = rounds_core(TESTED, rounds=3)
    counts = Counts(core.observation, core.exchange.boxes[0], TESTED.strategy, 3)
    np.testing.assert_allclose(core.gains(TYPES, counts), 0.0, atol=1e-12)


def test_a_policy_over_rounds_is_saved_and_loaded(tmp_path):
    core = rounds_core(TESTED, rounds=3)
    chosen = core.deviation(network(core))
    save_policy(chosen, tmp_path / "policy", information="own")
    again = load_policy(tmp_path / "policy", Revelation(TESTED.mechanism, ECONOMY))
    np.testing.assert_array_equal(core.gains(TYPES, again), core.gains(TYPES, chosen))


def test_a_deviation_without_memory_gains_the_same_in_every_round():
    core, single = rounds_core(TESTED, rounds=3), deviation_core(TESTED, information="own")
    once = single.deviation(network(single))
    np.testing.assert_allclose(core.gains(TYPES, once), single.gains(TYPES, once), rtol=1e-12)


def test_what_does_not_fit_rounds_is_refused():
    core, single = rounds_core(TESTED, rounds=3), deviation_core(TESTED, information="own")
    with pytest.raises(RefusedError, match="pays after each of them"):
        core.reward(TYPES, np.zeros((len(TYPES), core.action_size)))
    with pytest.raises(InvalidInputError, match="the network must map 17 observations"):
        core.deviation(network(single))
    with pytest.raises(InvalidInputError, match="traders must be the market's deviator alone"):
        replace(core, exchange=replace(core.exchange, traders=(1,)))
    with pytest.raises(InvalidInputError, match="rounds must be at least 1, got 0"):
        rounds_core(TESTED, rounds=0)
    with pytest.raises(RefusedError, match="stepper plays one-shot markets, got one of 3 rounds"):
        Stepper().train(core, 100, 0)


class Rounds(Stepper):
    plays_rounds = True


def test_a_learner_of_rounds_learns_from_what_was_public():
    core = rounds_core(TESTED, rounds=3)
    training = Rounds(stride=0.02).train(core, 60_000, 0)
    types = core.draw(np.random.default_rng(7), 2000)
    before, after = (core.gains(types, one).mean() for one in (training.untrained, training.policy))
    assert before < 0
    assert after > before
