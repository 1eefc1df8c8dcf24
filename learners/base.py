"""What a learner is: it trains in an environment core and returns a deviation."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, final

from deviator.envs import DeviationCore
from deviator.policies import LearnedDeviation


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
    """

    steps: int
    gain: float


@final
@dataclass(frozen=True, eq=False)
class Training:
    """What training produced.

    Attributes
    ----------
    untrained, policy : LearnedDeviation
        The deviation before and after learning.
    curve : tuple of CurvePoint
        From before the first step to the end.
    largest_gain : float
        The largest gain of any single bid submitted in training, in units of money.
    """

    untrained: LearnedDeviation
    policy: LearnedDeviation
    curve: tuple[CurvePoint, ...]
    largest_gain: float


Progress = Callable[[CurvePoint], None]
"""Called at each point of the curve while training."""


class Learner(ABC):
    """A way to search for a profitable deviation; starts away from honesty.

    Members are frozen dataclasses of their settings, so that a study can name and digest them.

    Attributes
    ----------
    waivers : mapping of str to str
        Checks of the conformance kit that the learner is known to fail, each with the reason.
    """

    waivers: ClassVar[Mapping[str, str]] = {}

    @property
    @abstractmethod
    def name(self) -> str:
        """Registered name, as in ``ppo``."""

    @abstractmethod
    def train(
        self,
        core: DeviationCore,
        steps: int,
        seed: int,
        *,
        progress: Progress | None = None,
        log_folder: Path | None = None,
    ) -> Training:
        """Train one deviator.

        Parameters
        ----------
        core : DeviationCore
        steps : int
            Budget in submitted bids; rounded up to whole rollouts.
        seed : int
            The same seed gives the same result.
        progress : callable, optional
            Called at each point of the learning curve.
        log_folder : Path, optional
            Where TensorBoard logs go; none are written by default.
        """

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """Return the settings as plain data."""
