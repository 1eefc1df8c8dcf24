"""What SAC and TD3 share: a replay of markets, critics, and many markets per gradient step.

A one-shot market needs no targets of what comes next: the critic learns the reward itself, and the
discount is 0.
"""

from typing import Any, ClassVar

import numpy as np
from typing_extensions import override

from deviator.errors import InvalidInputError
from deviator.learners.session import Session

from .markets import MarketsVecEnv
from .shared import SB3Learner, falling, sb3_seed


class OffPolicyLearner(SB3Learner):
    """A learner with a critic of actions and a replay buffer."""

    batch_size: int
    buffer_size: int
    gradient_steps: int
    learning_rate: float
    hidden: tuple[int, ...]
    critic: tuple[int, ...]
    counts: ClassVar[tuple[str, ...]] = ("gradient_steps", "buffer_size")
    widths: ClassVar[tuple[str, ...]] = ("hidden", "critic")

    @override
    def _check_batches(self) -> None:
        if self.buffer_size < max(self.markets, self.batch_size):
            raise InvalidInputError(
                f"buffer_size must be at least markets and batch_size, {self.markets} and "
                f"{self.batch_size}, got {self.buffer_size}"
            )

    def _model_settings(self, session: Session) -> dict[str, Any]:
        """Return what stable-baselines3's off-policy algorithms are built with.

        One critic is enough where no value is bootstrapped.
        """
        return {
            "env": MarketsVecEnv(session, self.markets, self.reward_limit),
            "learning_rate": falling(self.learning_rate, session),
            "buffer_size": self.buffer_size,
            "learning_starts": 0,
            "batch_size": self.batch_size,
            "gamma": 0.0,
            "train_freq": 1,
            "gradient_steps": self.gradient_steps,
            "policy_kwargs": {
                "net_arch": {"pi": list(self.hidden), "qf": list(self.critic)},
                "n_critics": 1,
                "exploration": float(np.exp(self._log_exploration(session))),
            },
            "seed": sb3_seed(session),
            "device": "cpu",
        }
