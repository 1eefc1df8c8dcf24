"""Optuna tunes a learner's settings by the gain on profiles that no trial trained on."""

import numpy as np
import pytest
from helpers.interoperability_page import assert_section_holds
from helpers.own_networks import core_of_market

from deviator.learners import CMAESLearner

optuna = pytest.importorskip("optuna", reason="Optuna is not installed; make matrix tries it")

pytestmark = pytest.mark.slow


def test_settings_of_a_learner_are_tuned():
    core = core_of_market()
    types = core.draw(np.random.default_rng(1), 2000)
    best = core.best_gains(types).mean()

    def share(trial):
        learner = CMAESLearner(
            population=trial.suggest_int("population", 8, 32),
            markets=trial.suggest_categorical("markets", [16, 64, 256]),
        )
        training = learner.train(core, steps=20_000, seed=trial.number)
        return core.gains(types, training.policy).mean() / best

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=0))
    study.optimize(share, n_trials=6)
    shares = [trial.value for trial in study.trials]
    print(f"\nOptuna: {min(shares):.1%} to {max(shares):.1%} of the best gain in 6 trials")
    assert study.best_value == max(shares) > np.median(shares)
    assert max(shares) <= 1 + 1e-9
    assert set(study.best_params) == {"population", "markets"}


def test_the_page_holds():
    assert_section_holds("Optuna")
