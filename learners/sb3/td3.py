"""Twin-delayed deterministic policy gradient (Fujimoto et al. 2018), by stable-baselines3."""

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
from stable_baselines3 import TD3
from stable_baselines3.common.noise import NormalActionNoise, VectorizedActionNoise
from typing_extensions import override

from deviator.learners.session import Session

from .markets import MarketsVecEnv
from .off_policy import OffPolicyLearner
from .product_critic import ProductTD3Policy


@final
@dataclass(frozen=True)
class TD3Learner(OffPolicyLearner):
    """TD3 for one-shot markets."""

    markets: int = 256
    batch_size: int = 512
    buffer_size: int = 100_000
    gradient_steps: int = 1
    learning_rate: float = 1e-3
    log_exploration: float = -1.0
    offset: float = 0.3
    hidden: tuple[int, ...] = ()
    critic: tuple[int, ...] = (64, 64)
    reward_limit: float = 10.0
    points: int = 20
    name: ClassVar[str] = "td3"

    @override
    def _model(self, env: MarketsVecEnv, session: Session) -> TD3:
        deviation = float(np.exp(self._log_exploration(session)))
        noise = _Exploration(session, (self.markets, session.problem.action_size), deviation)
        return TD3(
            ProductTD3Policy,
            **self._settings(env, session),
            action_noise=noise,
            policy_delay=1,
            policy_kwargs=self._architecture(session),
        )


@final
class _Exploration(VectorizedActionNoise):
    """Independent noise in every market, drawn at once."""

    def __init__(self, session: Session, shape: tuple[int, int], deviation: float) -> None:
        size = shape[1]
        super().__init__(NormalActionNoise(np.zeros(size), np.full(size, deviation)), 1)
        self._rng, self._shape, self._deviation = session.rng, shape, deviation

    @override
    def __call__(self) -> np.ndarray:
        return self._deviation * self._rng.standard_normal(self._shape, dtype=np.float32)

    @override
    def reset(self, indices=None) -> None:
        pass
