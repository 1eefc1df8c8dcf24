"""How far a stable-baselines3 model has come, while it learns: its share of the exact gain."""

from typing import NamedTuple, final

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback
from typing_extensions import override

from deviator.envs import DeviationCore
from deviator.evidence.best_deviation import best_deviation
from deviator.learners.session import VALIDATION_PROFILES, VALIDATION_SEED
from deviator.policies import Deviation
from deviator.validation import check_kind, whole_number

from .adapter import deviation_of


class Share(NamedTuple):
    """What a model reached at one time."""

    steps: int
    gain: float  # in units of money per market
    share: float | None  # of the exact gain; None where there is nothing to gain


@final
class ShareCallback(BaseCallback):
    """Logs the share of the exact gain to the model's logger, and keeps the best policy.

    ``share/exact`` and ``gain/validation`` are what the model's mean action reaches on validation
    profiles that are the same in every training.

    Parameters
    ----------
    core : DeviationCore
        What the model plays.
    every : int
        After how many of the model's steps it looks again; it also does before the first and at
        the end.

    Attributes
    ----------
    shares : list of Share
    best : Deviation or None
        The policy with the largest gain so far; save it with `deviator.policies.save_policy`.

    Raises
    ------
    InvalidInputError
        If `core` is not a DeviationCore or `every` not a whole number from 1; as training starts,
        if the model is one that `deviation_of` refuses.
    """

    def __init__(self, core: DeviationCore, every: int = 10_000) -> None:
        super().__init__()
        check_kind("core", core, DeviationCore, "build one with deviator.envs.deviation_core")
        self.core = core
        self.every = whole_number("every", every, 1)
        law = core.market.distribution
        self._types = law.matched_sample(
            np.random.default_rng(VALIDATION_SEED), VALIDATION_PROFILES
        )
        self._exact = best_deviation(core.market, self._types, core.information)
        self.shares: list[Share] = []
        self.best: Deviation | None = None

    @override
    def _on_training_start(self) -> None:
        self._look()

    @override
    def _on_step(self) -> bool:
        if self.num_timesteps - self.shares[-1].steps >= self.every:
            self._look()
        return True

    @override
    def _on_training_end(self) -> None:
        if self.shares[-1].steps < self.num_timesteps:
            self._look()

    def _look(self) -> None:
        deviation = deviation_of(self.model, self.core)
        gain = float(self.core.gains(self._types, deviation).mean())
        if self.best is None or gain > max(share.gain for share in self.shares):
            self.best = deviation
        self.shares.append(Share(self.num_timesteps, gain, self._exact.share(gain)))
        self.logger.record("gain/validation", gain)
        if self.shares[-1].share is not None:
            self.logger.record("share/exact", self.shares[-1].share)
