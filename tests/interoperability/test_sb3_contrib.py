"""Learners of sb3-contrib train on our environments, and become deviations."""

import numpy as np
import pytest
from helpers.interoperability_page import assert_section_holds
from helpers.own_networks import core_of_market

from deviator.envs import DeviationVecEnv
from deviator.learners import deviation_of

sb3_contrib = pytest.importorskip("sb3_contrib", reason="sb3-contrib is not installed")

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("learner", "settings", "steps"),
    [
        ("TRPO", {"n_steps": 8, "batch_size": 512, "gamma": 0.0}, 20_000),
        ("TQC", {"learning_starts": 1_000, "gradient_steps": 4, "gamma": 0.0}, 4_000),
    ],
)
def test_a_learner_trains_and_its_gain_is_measured(learner, settings, steps):
    core = core_of_market()
    markets = DeviationVecEnv(core, num_envs=64, seed=0)
    model = getattr(sb3_contrib, learner)("MlpPolicy", markets, seed=0, device="cpu", **settings)
    types = core.draw(np.random.default_rng(1), 2000)
    before = core.gains(types, deviation_of(model, core)).mean()
    after = core.gains(types, deviation_of(model.learn(steps), core)).mean()
    share = after / core.best_gains(types).mean()
    print(f"\n{learner}: {share:.1%} of the best gain after {steps} bids")
    assert before < after
    assert share <= 1 + 1e-9


def test_the_page_holds():
    assert_section_holds("sb3-contrib")
