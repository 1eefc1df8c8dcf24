"""Soft actor-critic (Haarnoja et al. 2018), by stable-baselines3, with our preset."""

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
import torch
from stable_baselines3 import SAC
from typing_extensions import override

from deviator.learners.session import Session

from .markets import MarketsVecEnv
from .off_policy import OffPolicyLearner
from .product_critic import ProductSACPolicy

ENTROPY_OF_UNIT = 0.5 * float(np.log(2.0 * np.pi * np.e))
"""Of one normally distributed number with a standard deviation of 1."""


@final
@dataclass(frozen=True)
class SACLearner(OffPolicyLearner):
    """SAC for one-shot markets."""

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
    name: ClassVar[str] = "sac"

    @override
    def _model(self, env: MarketsVecEnv, session: Session) -> SAC:
        log_deviation = self._log_exploration(session)
        entropy = session.problem.action_size * (ENTROPY_OF_UNIT + log_deviation)
        model = SAC(
            ProductSACPolicy,
            **self._settings(env, session),
            target_entropy=entropy,
            ent_coef="auto_0.01",
            policy_kwargs=self._architecture(session),
        )
        final_layer = model.actor.log_std
        with torch.no_grad():
            final_layer.weight.zero_()
            final_layer.bias.fill_(log_deviation)
        return model
