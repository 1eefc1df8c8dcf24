"""One training of one learner: its budget, its learning curve, and the best deviation so far."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, final

import numpy as np

from deviator.envs import DecisionProblem
from deviator.errors import InvalidInputError, RefusedError, ResultsError
from deviator.policies import Deviation, Network
from deviator.validation import Floats, given_path

FIRST_LOOK = 1 / 512
"""Share of the budget after which the second point of a curve is due; they double from there."""

VALIDATION_PROFILES = 2048
VALIDATION_SEED = 1_000_003
"""Seeds the validation profiles of learning curves, which are not the held-out ones."""


@final
@dataclass(frozen=True)
class CurvePoint:
    """One point of a learning curve.

    Attributes
    ----------
    steps : int
        Bids submitted so far.
    gain : float
        Mean gain of the current deviation on validation profiles, in units of money.
    seconds : float
        CPU seconds of the training's thread so far, without those of measuring the curve.
    """

    steps: int
    gain: float
    seconds: float = 0.0


Progress = Callable[[CurvePoint], None]
"""Called at each point of the curve while training."""


class Checkpoint(NamedTuple):
    """How far a training has come: all that it takes to resume it.

    Attributes
    ----------
    best : Deviation
        The best so far on validation profiles.
    curve : tuple of CurvePoint
    largest_gain : float
        The largest gain of any single bid submitted so far, in units of money.
    """

    best: Deviation
    curve: tuple[CurvePoint, ...]
    largest_gain: float


Keep = Callable[[Checkpoint], None]
"""Called at each point of the curve, to keep what was learned."""


class TrainingStopped(Exception):
    """Ends a training early: the best so far is kept."""


@final
class Session:
    """What a learner is given: a problem, a budget, random numbers, and somewhere to report to.

    Parameters
    ----------
    problem : DecisionProblem
    steps : int
        Budget in submitted bids.
    seed : int
    points : int
        Of the learning curve, at least: early points are closer to each other.
    seconds : float, optional
        Budget in CPU seconds of this thread; whichever of the two is spent first ends the training.
    progress : callable, optional
        Called at each point of the curve.
    log_folder : path, optional
        Where TensorBoard logs go.
    start : Network, optional
        Where learning begins, in place of a seeded offset from honesty.
    keep : callable, optional
        Called with a checkpoint at each point of the curve.
    resumed : Checkpoint, optional
        Of an earlier training, which this one resumes: what that one spent counts here too.

    Attributes
    ----------
    rng : numpy.random.Generator
        Of the seed.
    spent : int
        Bids submitted so far.
    """

    def __init__(
        self,
        problem: DecisionProblem,
        steps: int,
        seed: int,
        *,
        points: int = 20,
        seconds: float | None = None,
        progress: Progress | None = None,
        log_folder: Path | str | None = None,
        start: Network | None = None,
        keep: Keep | None = None,
        resumed: Checkpoint | None = None,
    ) -> None:
        self.problem, self.steps, self.seed, self.points = problem, steps, seed, points
        self.seconds, self.start = seconds, start
        self.log_folder = None if log_folder is None else given_path("log_folder", log_folder)
        self.curve: list[CurvePoint] = [] if resumed is None else list(resumed.curve)
        before = self.curve[-1] if self.curve else CurvePoint(0, -np.inf)
        self.spent, self.largest_reward = before.steps, -np.inf
        if resumed is not None:
            self.largest_reward = resumed.largest_gain / problem.reward_unit
        # What is left of a training draws other numbers than those that it began with.
        self.rng = np.random.default_rng([seed, self.spent] if self.spent else seed)
        self.untrained: Deviation | None = None
        self.best: Deviation | None = None
        self._best_gain, self._next_look = -np.inf, 0.0
        self._progress, self._keep = progress, keep
        self._began, self._measuring = time.thread_time() - before.seconds, 0.0
        law = problem.market.distribution
        rng = np.random.default_rng(VALIDATION_SEED)
        self._types = law.matched_sample(rng, VALIDATION_PROFILES)
        self._writer: Any = None

    @property
    def checkpoint(self) -> Checkpoint:
        """How far the training has come.

        Raises
        ------
        RefusedError
            If no deviation has been measured so far.
        """
        if self.best is None:
            raise RefusedError("training must reach a first deviation, and did not")
        largest = self.largest_reward * self.problem.reward_unit
        return Checkpoint(self.best, tuple(self.curve), largest)

    @property
    def used_seconds(self) -> float:
        """CPU seconds of the training so far, without those of measuring the curve."""
        return time.thread_time() - self._began - self._measuring

    @property
    def left(self) -> float:
        """The share of the budget that is left, from 1 down to 0."""
        left = 1.0 - self.spent / self.steps
        if self.seconds is not None:
            left = min(left, 1.0 - self.used_seconds / self.seconds)
        return max(left, 0.0)

    @property
    def done(self) -> bool:
        """Whether the budget is spent."""
        return self.left <= 0.0

    @property
    def due(self) -> bool:
        """Whether a point of the curve is due."""
        return 1.0 - self.left >= self._next_look

    def spend(self, count: int, rewards: Floats | None = None) -> None:
        """Count submitted bids, and remember the largest reward that any of them earned."""
        self.spent += count
        if rewards is not None and len(rewards):
            self.largest_reward = max(self.largest_reward, float(rewards.max()))

    def look(self, deviation: Deviation) -> None:
        """Measure a deviation on validation profiles: a point of the curve.

        The first is the untrained one.

        Raises
        ------
        TrainingStopped
            If the deviation's bids or gains are not finite, or what was learned cannot be kept or
            shown any longer.
        """
        seconds, before = self.used_seconds, time.thread_time()
        gains = self._measured(deviation)
        gain = float(gains.mean())
        point = CurvePoint(self.spent, gain, seconds)
        self.curve.append(point)
        self.untrained = self.untrained or deviation
        if gain > self._best_gain:
            self.best, self._best_gain = deviation, gain
        self.largest_reward = max(self.largest_reward, gain / self.problem.reward_unit)
        used = 1.0 - self.left
        self._next_look = used + min(1.0 / self.points, max(used, FIRST_LOOK))
        try:
            self._report(point)
        except (OSError, ResultsError) as error:
            if len(self.curve) == 1:  # Before anything was learned nothing is lost.
                raise
            raise TrainingStopped(
                f"training ended after {self.spent} bids, as it cannot be kept or shown any longer "
                f"({error}); the best so far is kept"
            ) from error
        self._measuring += time.thread_time() - before

    def _measured(self, deviation: Deviation) -> Floats:
        try:
            gains = self.problem.gains(self._types, deviation)
        except (InvalidInputError, FloatingPointError) as error:
            raise TrainingStopped(self._diverged(str(error))) from error
        if not np.isfinite(gains).all():
            raise TrainingStopped(self._diverged("its gains are not finite"))
        return gains

    def _diverged(self, reason: str) -> str:
        kept = "nothing was learned" if self.best is None else "the best so far is kept"
        return (
            f"training diverged after {self.spent} bids ({reason}); {kept}, lower the learner's "
            "rate or step size"
        )

    def _report(self, point: CurvePoint) -> None:
        if self.log_folder is not None:
            self._log(point, self.log_folder)
        if self._keep is not None:
            self._keep(self.checkpoint)
        if self._progress is not None:
            self._progress(point)

    def _log(self, point: CurvePoint, folder: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer = self._writer or SummaryWriter(str(folder))
        self._writer.add_scalar("gain/validation", point.gain, point.steps)
        self._writer.add_scalar("gain/best", self._best_gain, point.steps)

    def close(self) -> None:
        """Close the log."""
        if self._writer is not None:
            self._writer.close()
