"""A learned deviator replayed over its training: its curve, and what it bids at each point."""

from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np

from deviator.envs import deviation_core
from deviator.errors import RefusedError
from deviator.evidence import Market
from deviator.evidence.constraints.trader_gains import searched_gain
from deviator.learners import Checkpoint, EvaluatedLearner
from deviator.plugins import build, qualified
from deviator.policies import BestResponse, Deviation
from deviator.validation import Floats, finite_array, whole_number

VALIDATED = 2048
"""Profiles over which the best gain beside a curve is measured."""

VALIDATION_SEED = 1_000_003
"""Of the profiles on which learning curves are measured."""


class Learned(NamedTuple):
    """A deviation, and how many bids of training it took."""

    steps: int
    deviation: Deviation


@final
@dataclass(frozen=True, eq=False)
class Replay:
    """One training.

    Attributes
    ----------
    title : str
    tested : Market
        Where the deviator was trained.
    curve : tuple of (int, float)
        Bids submitted, and the mean gain on validation profiles; empty where none was kept.
    points : tuple of Learned
        What was learned by then, the best so far; in the order of the training.
    best_gain : float or None
        The largest mean gain on those profiles; None where it is not known exactly.
    """

    title: str
    tested: Market
    curve: tuple[tuple[int, float], ...]
    points: tuple[Learned, ...]
    best_gain: float | None = None


class Submitted(NamedTuple):
    """A bid at one profile, and what it leads to.

    Attributes
    ----------
    bid : ndarray of float, shape (K,)
    quantity, transfer, payoff : float
    """

    bid: Floats
    quantity: float
    transfer: float
    payoff: float


class Deviating(NamedTuple):
    """What the deviator does at one profile, beside honesty and the best bid."""

    honest: Submitted
    learned: Submitted
    best: Submitted

    @property
    def gain(self) -> float:
        """What the learned bid adds to the honest one."""
        return self.learned.payoff - self.honest.payoff

    @property
    def best_gain(self) -> float:
        """What the best bid adds to the honest one."""
        return self.best.payoff - self.honest.payoff


def replay_training(
    tested: Market, learner: str, steps: int, seed: int = 0, files: tuple[str, ...] = ()
) -> Replay:
    """Train one deviator here, and keep what it has learned at every point of its curve.

    Parameters
    ----------
    tested : Market
    learner : str
        As ``deviator list`` names it.
    steps : int
        Budget in submitted bids.
    seed : int
    files : tuple of str
        Plugin files in which the learner is looked up.

    Raises
    ------
    DeviatorError
        If there is no such learner, it keeps no checkpoints, or nothing can be learned.
    """
    built = build("learner", qualified("learner", learner, files), {})
    if not isinstance(built, EvaluatedLearner):
        raise RefusedError(
            f"a replay needs a learner that keeps checkpoints, and {learner} keeps "
            "none; name another learner"
        )
    kept: list[Checkpoint] = []
    core = deviation_core(tested)
    training = built.train(
        core, whole_number("steps", steps, 1), whole_number("seed", seed, 0), keep=kept.append
    )
    points = tuple(Learned(each.curve[-1].steps, each.best) for each in kept)
    curve = tuple((point.steps, point.gain) for point in training.curve)
    return Replay(f"{learner}, seed {seed}", tested, curve, points, best_gain_of(tested))


def best_gain_of(tested: Market) -> float | None:
    """Return the largest mean gain on the profiles of learning curves; None if it is not known."""
    core = deviation_core(tested)
    rng = np.random.default_rng(VALIDATION_SEED)
    types = tested.distribution.matched_sample(rng, VALIDATED)
    gains = core.best_gains(types)
    return None if gains is None else float(gains.mean())


def deviating_bid(replay: Replay, place: int, types: Floats) -> Deviating:
    """Return what the deviator of one point of the training bids at a profile.

    Parameters
    ----------
    replay : Replay
    place : int
        Of the point.
    types : ndarray of float, shape (N,)

    Raises
    ------
    InvalidInputError
        If the types are malformed.
    """
    tested = replay.tested
    profile = finite_array("types", types, (tested.economy.n_traders,))[None]
    situation = tested.situation(profile)
    learned = replay.points[place].deviation.bid(profile, tested.trader)
    bids = np.stack([situation.own, learned, _best_bid(tested, profile)], axis=1)
    found = situation.payoffs(bids)
    return Deviating(*(_submitted(bids[0, m], found, m) for m in range(3)))


def _submitted(bid: Floats, found: Any, place: int) -> Submitted:
    columns = (found.quantity, found.transfer, found.payoff)
    return Submitted(bid, *(float(column[0, place]) for column in columns))


def _best_bid(tested: Market, profile: Floats) -> Floats:
    """Return the best bid, (1, K): exact where that is known, else the best that a search finds."""
    best = BestResponse(tested.mechanism, tested.economy, others=tested.strategy)
    try:
        return best.bid(profile, tested.trader)
    except RefusedError:
        bid = searched_gain(tested, tested.trader, profile)[1]
        assert bid is not None
        return bid
