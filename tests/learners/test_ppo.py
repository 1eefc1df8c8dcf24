"""PPO: the same policy for a seed, and nothing where there is nothing to learn."""

import numpy as np
import pytest

from deviator.economies import private_values, sigma_n, two_groups
from deviator.envs import deviation_core
from deviator.evidence import market
from deviator.learners.ppo import PPOLearner
from deviator.mechanisms import NaiveWalrasian, SigmaDCDA


@pytest.mark.parametrize("hidden", [(), (8,)])
def test_ppo_gives_the_same_policy_for_a_seed(hidden):
    economy = private_values(4)
    core = deviation_core(market(NaiveWalrasian(economy), economy), information="own")
    learner = PPOLearner(markets=256, batch_size=256, hidden=hidden)
    first, again, other = (learner.train(core, 2000, seed).policy for seed in (1, 1, 2))
    types = core.draw(np.random.default_rng(0), 50)
    np.testing.assert_array_equal(first.bid(types, 0), again.bid(types, 0))
    assert not np.array_equal(first.bid(types, 0), other.bid(types, 0))


def test_ppo_finds_nothing_in_the_sigma_dcda_and_starts_away_from_honesty():
    economy = two_groups(4)
    core = deviation_core(market(SigmaDCDA(sigma_n(economy)), economy))
    training = PPOLearner(markets=512, batch_size=512).train(core, 30_000, 0)
    assert training.largest_gain < 1e-12
    first, last = training.curve[0].gain, training.curve[-1].gain
    assert first < -0.1 * core.reward_unit
    assert first < last < 0
    types = core.draw(np.random.default_rng(0), 10)
    offset = core.box.to_action(
        core.market.strategy.bids(types).of_trader(0), training.untrained.bid(types, 0)
    )
    np.testing.assert_allclose(np.linalg.norm(offset, axis=1), 0.3, rtol=1e-6)
