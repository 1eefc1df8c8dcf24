"""PPO, SAC and TD3: they find what there is, for a seed the same, and refuse what does not fit."""

import numpy as np
import pytest
import torch
from gymnasium import spaces
from stable_baselines3.sac.policies import SACPolicy
from stable_baselines3.td3.policies import TD3Policy

from deviator.economies import private_values, two_groups
from deviator.envs import deviation_core
from deviator.errors import InvalidInputError
from deviator.evidence import market
from deviator.evidence.best_deviation import best_deviation, held_out_profiles
from deviator.learners.ppo import PPOLearner
from deviator.learners.random_state import own_random_state
from deviator.learners.sb3.markets import soft_limited
from deviator.learners.sb3.product_critic import ProductSACPolicy, ProductTD3Policy
from deviator.learners.sb3.sac import SACLearner
from deviator.learners.sb3.td3 import TD3Learner
from deviator.mechanisms import UniformConditional, UniformDoubleAuction
from deviator.policies import load_policy, save_policy

AUCTION = market(UniformDoubleAuction(), private_values(4))
CONDITIONAL = market(UniformConditional(), two_groups(4))
SMALL = {"markets": 64, "batch_size": 64}
LEARNERS = [PPOLearner, SACLearner, TD3Learner]


def share(core, policy):
    types = held_out_profiles(core.market, 2000)
    return (
        core.gains(types, policy).mean() / best_deviation(core.market, types, core.information).gain
    )


@pytest.mark.parametrize(
    ("learner", "tested", "information", "steps", "wanted"),
    [
        (PPOLearner(), AUCTION, "own", 120_000, 0.9),
        (PPOLearner(), CONDITIONAL, "profile", 80_000, 0.97),
        (SACLearner(), AUCTION, "own", 80_000, 0.6),
        (SACLearner(), CONDITIONAL, "profile", 60_000, 0.7),
        (TD3Learner(), CONDITIONAL, "profile", 60_000, 0.7),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_they_capture_most_of_the_exact_gain(learner, tested, information, steps, wanted):
    core = deviation_core(tested, information=information)
    training = learner.train(core, steps, 0)
    assert training.stopped is None
    assert share(core, training.untrained) < 0.5 < wanted < share(core, training.policy) <= 1 + 1e-9


def unexplained(policy, **settings):
    """Return what a critic leaves of the variance of a product of what is seen and done."""
    bounds = spaces.Box(-1.0, 1.0, (4,))
    with own_random_state():
        torch.manual_seed(0)
        architecture = {"pi": [], "qf": [32]}
        critic = policy(
            bounds, bounds, lambda _: 3e-3, architecture, n_critics=1, **settings
        ).critic
        for _ in range(400):
            seen, done = torch.randn(256, 4), 0.1 * torch.randn(256, 4)
            wanted = 10 * (seen * done).sum(dim=1, keepdim=True)
            loss = ((critic(seen, done)[0] - wanted) ** 2).mean()
            critic.optimizer.zero_grad()
            loss.backward()
            critic.optimizer.step()
    return loss.item() / 4


@pytest.mark.parametrize(
    ("policy", "of_sums"), [(ProductSACPolicy, SACPolicy), (ProductTD3Policy, TD3Policy)]
)
def test_critics_with_products_see_what_critics_of_sums_do_not(policy, of_sums):
    assert unexplained(policy, exploration=0.1) < 0.01 < 0.1 < unexplained(of_sums)


@pytest.mark.parametrize("learner", LEARNERS)
def test_seeds_of_any_size_decide(learner):
    core = deviation_core(AUCTION)
    types = core.draw(np.random.default_rng(0), 20)
    first, again, other = (
        learner(**SMALL).train(core, 500, seed).policy.bid(types, 0)
        for seed in (2**70, 2**70, 2**70 + 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("learner", LEARNERS)
def test_training_goes_on_from_a_policy_of_the_same_learner(learner):
    core = deviation_core(AUCTION)
    earlier = learner(**SMALL).train(core, 2000, 0).policy
    later = learner(**SMALL).train(core, 200, 1, start=earlier.network)
    types = core.draw(np.random.default_rng(0), 20)
    np.testing.assert_allclose(
        later.untrained.bid(types, 0), earlier.bid(types, 0), rtol=1e-6, atol=1e-6
    )
    with pytest.raises(InvalidInputError, match="must have the learner's own shape"):
        learner(hidden=(8,), **SMALL).train(core, 200, 1, start=earlier.network)


@pytest.mark.parametrize("learner", LEARNERS)
def test_learned_policies_are_saved_and_loaded(learner, tmp_path):
    core = deviation_core(AUCTION)
    policy = learner(hidden=(8,), **SMALL).train(core, 200, 0).policy
    save_policy(policy, tmp_path / "policy")
    loaded = load_policy(tmp_path / "policy", AUCTION.strategy)
    types = core.draw(np.random.default_rng(0), 20)
    np.testing.assert_array_equal(loaded.bid(types, 0), policy.bid(types, 0))


def test_a_training_that_diverges_stops_in_a_sentence_and_keeps_the_best():
    core = deviation_core(AUCTION)
    training = PPOLearner(learning_rate=1e30, **SMALL).train(core, 5000, 0)
    assert training.stopped.startswith("training diverged after 64 bids (")
    assert training.policy is training.untrained


def test_a_time_budget_stops_training():
    training = PPOLearner(**SMALL).train(deviation_core(AUCTION), 10**9, 0, seconds=0.3)
    assert training.curve[-1].seconds >= 0.3
    assert training.curve[-1].steps < 10**6


@pytest.mark.parametrize(
    ("learner", "settings", "sentence"),
    [
        (PPOLearner, {"markets": 100, "batch_size": 64}, "multiple of batch_size 64, got 100"),
        (SACLearner, {"buffer_size": 100}, "buffer_size must be at least markets and batch_size"),
        (TD3Learner, {"gradient_steps": 0}, "gradient_steps must be at least 1, got 0"),
        (SACLearner, {"reward_limit": 0.0}, "reward_limit must be positive"),
        (PPOLearner, {"offset": 1.0}, "offset must be below 1"),
        (TD3Learner, {"critic": "64"}, "critic must be a list of widths"),
    ],
)
def test_settings_that_do_not_fit_are_refused(learner, settings, sentence):
    with pytest.raises(InvalidInputError, match=sentence):
        learner(**settings)


def test_tails_of_rewards_are_drawn_in_and_keep_their_order():
    rewards = np.array([-1e9, -11.0, -10.0, -1.0, 0.0, 2.0, 10.0, 12.0])
    limited = soft_limited(rewards, 10.0)
    np.testing.assert_array_equal(limited[2:7], rewards[2:7])
    assert (np.diff(limited) > 0).all()
    assert limited[0] > -200


def test_tensorboard_logs_hold_the_curve(tmp_path):
    SACLearner(**SMALL).train(deviation_core(AUCTION), 500, 0, log_folder=tmp_path)
    assert list(tmp_path.glob("events.out.tfevents.*"))
