"""Soft actor-critic (Haarnoja et al. 2018), by stable-baselines3, with our preset.

The entropy that it keeps is that of its first exploration: a bid is moved as far throughout, so
that the critic sees what surrounds the policy. The policy is judged by its mean action.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
import torch
from stable_baselines3 import SAC
from typing_extensions import override

from deviator.learners.session import Session

from .off_policy import OffPolicyLearner
from .product_critic import ProductSACPolicy

UNIT_ENTROPY = 0.5 * (1.0 + float(np.log(2.0 * np.pi)))
"""Entropy of a Normal number with a standard deviation of 1."""

FIRST_TEMPERATURE = 0.01
"""What a unit of entropy is worth to begin with, in units of reward; SAC adapts it."""


@final
@dataclass(frozen=True)
class SACLearner(OffPolicyLearner):
    """SAC for one-shot markets, settings as in `OffPolicyLearner`."""

    name: ClassVar[str] = "sac"

    @override
    def _model(self, session: Session) -> SAC:
        log_deviation = self._log_exploration(session)
        model = SAC(
            ProductSACPolicy,
            **self._model_settings(session),
            ent_coef=f"auto_{FIRST_TEMPERATURE}",
            target_entropy=session.problem.action_size * (UNIT_ENTROPY + log_deviation),
        )
        final_layer: Any = model.actor.log_std
        with torch.no_grad():
            final_layer.weight.zero_()
            final_layer.bias.fill_(log_deviation)
        return model
