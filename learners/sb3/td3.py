"""Twin-delayed deterministic policy gradient (Fujimoto et al. 2018), by stable-baselines3.

A one-shot market has nothing to delay: there are no targets of what comes next, so the policy
follows its critic at every step.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
from stable_baselines3 import TD3
from stable_baselines3.common.noise import NormalActionNoise, VectorizedActionNoise
from typing_extensions import override

from deviator.learners.session import Session

from .off_policy import OffPolicyLearner
from .product_critic import ProductTD3Policy


@final
@dataclass(frozen=True)
class TD3Learner(OffPolicyLearner):
    """TD3 for one-shot markets, settings as in `OffPolicyLearner`."""

    name: ClassVar[str] = "td3"

    @override
    def _model(self, session: Session) -> TD3:
        deviation = float(np.exp(self._log_exploration(session)))
        return TD3(
            ProductTD3Policy,
            **self._model_settings(session),
            action_noise=_Exploration(session, self.markets, deviation),
            policy_delay=1,
        )


@final
class _Exploration(VectorizedActionNoise):
    """Independent noise in every market, drawn at once."""

    def __init__(self, session: Session, markets: int, deviation: float) -> None:
        size = session.problem.action_size
        super().__init__(NormalActionNoise(np.zeros(size), np.full(size, deviation)), 1)
        self._shape, self._deviation, self._rng = (markets, size), deviation, session.rng

    @override
    def __call__(self) -> np.ndarray:
        drawn = self._rng.standard_normal(self._shape, dtype=np.float32)
        return self._deviation * drawn

    @override
    def reset(self, indices: Iterable[int] | None = None) -> None:
        """Do nothing: noise of one market does not depend on what came before."""
