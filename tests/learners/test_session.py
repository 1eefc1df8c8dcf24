"""What every learner gets from its session: budgets, curves, the best so far, and going on."""

import numpy as np
import pytest
from helpers.tiny_learner import MARKETS, Stepper

from deviator.economies import private_values
from deviator.envs import deviation_core
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import market
from deviator.learners import Checkpoint
from deviator.learners.gradient import GradientLearner
from deviator.mechanisms import NaiveWalrasian
from deviator.policies import Deviation

ECONOMY = private_values(3)
CORE = deviation_core(market(NaiveWalrasian(ECONOMY), ECONOMY))


def gain_of(deviation):
    types = CORE.draw(np.random.default_rng(7), 2000)
    return CORE.gains(types, deviation).mean()


def kept_of(steps, **settings):
    kept = []
    training = Stepper(**settings).train(CORE, steps, 0, keep=kept.append)
    return training, kept


def test_a_training_spends_its_steps_and_keeps_the_best():
    training, kept = kept_of(2000)
    assert [point.steps for point in training.curve] == sorted(p.steps for p in training.curve)
    assert training.curve[0].steps == 0
    assert 2000 <= training.curve[-1].steps < 2000 + MARKETS
    assert gain_of(training.policy) > gain_of(training.untrained)
    assert training.stopped is None
    assert kept[-1] == Checkpoint(training.policy, training.curve, training.largest_gain)
    best = max(point.gain for point in training.curve)
    assert training.largest_gain >= best


def test_cpu_seconds_end_a_training_too():
    training = Stepper().train(CORE, 10**9, 0, seconds=0.2)
    assert training.curve[-1].seconds >= 0.2
    assert training.curve[-1].steps < 10**9
    seconds = [point.seconds for point in training.curve]
    assert seconds == sorted(seconds)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"steps": 0}, "steps must be at least 1, got 0"),
        ({"seed": -1}, "seed must be at least 0, got -1"),
        ({"seconds": 0.0}, "seconds must be positive, got 0"),
        ({"seconds": float("nan")}, "seconds must be"),
    ],
)
def test_budgets_of_nothing_are_refused(arguments, message):
    with pytest.raises(InvalidInputError, match=message):
        Stepper().train(CORE, **{"steps": 100, "seed": 0} | arguments)


def test_seeds_may_be_of_any_size():
    first, again = (Stepper().train(CORE, 300, 2**70).policy for _ in range(2))
    assert gain_of(first) == gain_of(again)


def test_a_training_that_diverges_says_so_and_keeps_the_best():
    training, _ = kept_of(10_000, diverges=1000)
    assert training.stopped.startswith("training diverged after 1000 bids (")
    assert "the best so far is kept" in training.stopped
    assert not training.interrupted
    assert gain_of(training.policy) > gain_of(training.untrained)
    assert all(np.isfinite(point.gain) for point in training.curve)


def test_ctrl_c_keeps_what_was_learned():
    training, kept = kept_of(10_000, interrupted=5000)
    assert training.interrupted
    assert training.stopped == ("training was interrupted after 5000 bids; the best so far is kept")
    assert training.policy is kept[-1].best


def test_what_a_learner_raises_is_not_swallowed():
    with pytest.raises(ZeroDivisionError, match="the learner failed"):
        Stepper(fails=200).train(CORE, 1000, 0)


def test_a_training_goes_on_where_another_one_ended():
    first, kept = kept_of(1000)
    second = Stepper().train(CORE, 3000, 0, resumed=kept[-1])
    assert second.curve[: len(first.curve)] == first.curve
    assert second.curve[len(first.curve)].steps == first.curve[-1].steps
    assert second.curve[-1].steps >= 3000
    assert second.curve[-1].seconds > first.curve[-1].seconds
    assert second.largest_gain >= first.largest_gain
    assert gain_of(second.untrained) == gain_of(first.policy)
    assert gain_of(second.policy) >= gain_of(first.policy)
    again = Stepper().train(CORE, 3000, 0, resumed=kept[-1])
    assert gain_of(again.policy) == gain_of(second.policy)


class Opaque(Deviation):
    def bid(self, view, trader):
        return np.zeros((len(view), 1))


def test_going_on_needs_a_budget_that_is_left_and_a_network():
    _, kept = kept_of(1000)
    with pytest.raises(InvalidInputError, match="steps must be more than the 1000 of"):
        Stepper().train(CORE, 1000, 0, resumed=kept[-1])
    with pytest.raises(InvalidInputError, match="seconds must be more than the"):
        Stepper().train(CORE, 2000, 0, seconds=1e-9, resumed=kept[-1])
    with pytest.raises(RefusedError, match="from a deviation with a network, got Opaque"):
        Stepper().train(CORE, 2000, 0, resumed=kept[-1]._replace(best=Opaque()))


class Picky(Stepper):
    def check_problem(self, problem):
        raise RefusedError("picky plays nothing; name another learner")


def test_a_problem_that_a_learner_cannot_play_is_refused_before_any_training():
    with pytest.raises(RefusedError, match="picky plays nothing"):
        Picky(fails=0).train(CORE, 1000, 0)


def test_every_evaluation_is_logged(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    training = Stepper().train(CORE, 2000, 0, log_folder=tmp_path)
    log = EventAccumulator(str(tmp_path))
    log.Reload()
    logged = log.Scalars("gain/validation")
    assert [each.step for each in logged] == [point.steps for point in training.curve]
    best = [each.value for each in log.Scalars("gain/best")]
    assert best == sorted(best)


def test_a_training_that_runs_away_says_that_it_came_to_nothing():
    rates = (1e9, 0.02)
    away, near = (GradientLearner(learning_rate=rate).train(CORE, 8000, 0) for rate in rates)
    assert away.stopped.startswith("training did no better than where it began, in ")
    assert away.policy is away.untrained
    assert near.stopped is None
