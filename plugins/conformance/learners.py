"""Checks of learners: they train in an environment core and return a deviation."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from deviator.economies import private_values, two_groups
from deviator.envs import DeviationCore, deviation_core
from deviator.errors import DeviatorError
from deviator.evidence import market
from deviator.learners import Learner, Training
from deviator.mechanisms import NaiveWalrasian, SigmaDCDA
from deviator.policies import Deviation
from deviator.validation import Floats

from .comparing import assert_close, assert_text, in_another_process
from .process_state import assert_same_state, process_state

FEW_STEPS = 3000
"""Training steps where it does not matter how well the learner does."""

STEPS = 120_000
"""Training steps in which a learner must improve."""

TRAINED_S = 120
PROFILES = 500

REPORTED = 100
"""Profiles on which a learner is expected to measure, at the least, what it reports."""

LARGE_SEED = 2**40
"""More than the 32 bits that some sources of randomness take."""

ERRORS = 6.0
"""Standard errors by which a reported gain may differ from the measured one."""


def check_settings(learner: Learner) -> None:
    """Settings are plain data, and a learner built from them has the same ones."""
    assert_text("name", learner.name)
    settings = learner.settings()
    try:
        plain = json.loads(json.dumps(settings))
    except (TypeError, ValueError) as error:
        raise AssertionError(
            f"settings() must be plain data, as JSON has it, got {error}"
        ) from None
    again = type(learner)(**plain)
    assert again == learner, (
        f"what is built from a learner's settings must be equal to it, got {again} for {learner}"
    )


def check_training(learner: Learner) -> None:
    """Training returns a deviation before and after, a curve, and the largest gain."""
    core = paying_core()
    training = learner.train(core, FEW_STEPS, 0)
    assert isinstance(training, Training), (
        f"train must return a Training, got {type(training).__name__}"
    )
    for name in ("untrained", "policy"):
        deviation = getattr(training, name)
        assert isinstance(deviation, Deviation), (
            f"{name} must be a Deviation, got {type(deviation).__name__}"
        )
        bid, wanted = _bids(deviation, core), (PROFILES, core.box.size)
        assert bid.shape == wanted and np.isfinite(bid).all(), (
            f"{name} must bid finite numbers of shape {wanted}, got shape {bid.shape}"
        )
    steps = [point.steps for point in training.curve]
    assert steps and steps == sorted(steps) and steps[0] == 0 and steps[-1] >= FEW_STEPS, (
        f"the curve must go from 0 to at least {FEW_STEPS} steps, got {steps}"
    )
    assert np.isfinite(training.largest_gain), "largest_gain must be finite, and is not"


def check_stays_in_the_box(learner: Learner) -> None:
    """Bids stay in the box of actions, also at types that are far from all others."""
    core = paying_core()
    policy = learner.train(core, FEW_STEPS, 0).policy
    types = 20 * _types(core)
    honest = core.market.strategy.bids(types).of_trader(core.market.trader)
    action = core.box.to_action(honest, policy.bid(types, core.market.trader))
    assert np.abs(action).max() <= 1 + 1e-9, (
        f"actions must stay within [-1, 1], got {np.abs(action).max():.6g}"
    )


def check_seeds_decide(learner: Learner) -> None:
    """The same seed gives the same policy, another seed another one."""
    core = paying_core()
    first, again, other = (
        _bids(learner.train(core, FEW_STEPS, seed).policy, core) for seed in (0, 0, 1)
    )
    assert_close("the same seed must give the same policy", again, first, tolerance=0.0)
    assert not np.array_equal(other, first), "another seed must give another policy"


def check_seeds_of_any_size(learner: Learner) -> None:
    """A seed beyond 32 bits is used, or refused in a sentence of deviator's errors."""
    try:
        learner.train(paying_core(), FEW_STEPS, LARGE_SEED)
    except DeviatorError:
        return
    except Exception as error:
        raise AssertionError(
            f"a seed of {LARGE_SEED} must be used or refused with one of deviator.errors, got "
            f"{type(error).__name__}: {error}"
        ) from None


def check_threads_do_not_disturb_each_other(learner: Learner) -> None:
    """Two trainings at a time, in threads, give the policies that each gives alone."""
    core = paying_core()

    def trained(seed: int) -> Floats:
        return _bids(learner.train(core, FEW_STEPS, seed).policy, core)

    alone = [trained(seed) for seed in (0, 1)]
    with ThreadPoolExecutor(2) as threads:
        together = list(threads.map(trained, (0, 1)))
    for seed, (policy, expected) in enumerate(zip(together, alone, strict=True)):
        rule = f"beside another training, seed {seed} must give the policy that it gives alone"
        assert_close(rule, policy, expected, tolerance=0.0)


def check_starts_away_from_honesty(learner: Learner) -> None:
    """Before learning, bids are away from honesty, so that finding nothing is something learned."""
    core = null_core()
    untrained = learner.train(core, FEW_STEPS, 0).untrained
    gain = _gain(untrained, core)
    assert gain < -1e-6 * core.market.scale, (
        f"an untrained deviation must lose where honesty is best, got a mean gain of {gain:.6g}"
    )


def check_learns(learner: Learner) -> None:
    """Where deviating pays, learning ends well above where it began, and in profit."""
    core = paying_core()
    training = learner.train(core, STEPS, 0)
    before, after = _gain(training.untrained, core), _gain(training.policy, core)
    assert after > max(before, 0.0), (
        f"learning must find a profit where there is one, got a mean gain of {after:.6g} after "
        f"{before:.6g}"
    )


def check_reports_no_gain_where_there_is_none(learner: Learner) -> None:
    """In the sigma-DCDA neither the curve nor the largest gain is above 0 (Proposition 3)."""
    core = null_core()
    training = learner.train(core, FEW_STEPS, 0)
    reported = max(training.largest_gain, *(point.gain for point in training.curve))
    assert reported <= 1e-9 * core.market.scale, (
        f"a learner must report no gain where there is none, got {reported:.6g}"
    )


def check_reports_what_it_did(learner: Learner) -> None:
    """The curve begins with the untrained gain and holds the policy's; no mean is the largest."""
    core = paying_core()
    training = learner.train(core, FEW_STEPS, 0)
    # A learner may return the best policy on its way, which need not be the last one.
    for points, deviation in (
        (training.curve[:1], training.untrained),
        (training.curve, training.policy),
    ):
        gains = core.market.gains(_types(core), _bids(deviation, core))
        allowed = ERRORS * float(gains.std()) / np.sqrt(REPORTED)
        nearest = min((point.gain for point in points), key=lambda gain: abs(gain - gains.mean()))
        assert abs(nearest - gains.mean()) <= allowed, (
            f"the curve must state the gains of the policies, got {nearest:.6g} where "
            f"{gains.mean():.6g} is measured"
        )
    best = max(point.gain for point in training.curve)
    assert training.largest_gain >= best, (
        f"largest_gain must be at least every mean gain of the curve, got "
        f"{training.largest_gain:.6g} for {best:.6g}"
    )


def check_reports_progress(learner: Learner) -> None:
    """The progress callback sees the points of the curve as they come."""
    seen: list[Any] = []
    training = learner.train(paying_core(), FEW_STEPS, 0, progress=seen.append)
    assert tuple(seen) == tuple(training.curve), (
        f"progress must be called with the {len(training.curve)} points of the curve, got "
        f"{len(seen)}"
    )


def check_leaves_the_process_alone(learner: Learner) -> None:
    """Random states, threads, error handling, warning filters and environment stay as they are."""
    core = paying_core()
    learner.train(core, FEW_STEPS, 0)
    _draw_from_global_states()
    before = _training_state()
    learner.train(core, FEW_STEPS, 0)
    assert_same_state("a learner", before, _training_state())


def check_pickling(learner: Learner) -> None:
    """Sent to another process, the learner trains the same policy as here."""
    there = in_another_process("a learner", _trained_bids, learner, limit_s=TRAINED_S)
    rule = "a learner must train in another process as here"
    assert_close(rule, there, _trained_bids(learner), tolerance=0.0)


def paying_core() -> DeviationCore:
    """Return a small market where deviating pays, as an environment core."""
    economy = private_values(3, alpha=1.0, slope=2.0)
    return deviation_core(market(NaiveWalrasian(economy), economy))


def null_core() -> DeviationCore:
    """Return a small market where honesty is best, as an environment core."""
    return deviation_core(market(SigmaDCDA(0.4), two_groups(4, alpha=1.0, beta=0.5, slope=1.3)))


def _trained_bids(learner: Learner) -> Floats:
    core = paying_core()
    return _bids(learner.train(core, FEW_STEPS, 0).policy, core)


def _types(core: DeviationCore) -> Floats:
    return core.draw(np.random.default_rng(5), PROFILES)


def _bids(deviation: Deviation, core: DeviationCore) -> Floats:
    return np.asarray(deviation.bid(_types(core), core.market.trader))


def _gain(deviation: Deviation, core: DeviationCore) -> float:
    return float(core.market.gains(_types(core), _bids(deviation, core)).mean())


def _draw_from_global_states() -> None:
    """Move the global random states on, so that seeding them again shows."""
    import torch

    random.random()
    np.random.random()  # noqa: NPY002
    torch.rand(1)


def _training_state() -> dict[str, Any]:
    """Return process-wide state, torch's included."""
    import torch

    return process_state() | {
        "the number of torch threads": torch.get_num_threads(),
        "torch's random state": torch.random.get_rng_state().tolist(),
    }
