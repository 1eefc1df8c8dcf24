"""What SAC and TD3 share: a replay of markets, critics, and many markets per gradient step.

A one-shot market needs no targets of what comes next: the critic learns the reward itself, and the
discount is 0.
"""

from typing import Any, ClassVar

import numpy as np
from typing_extensions import override

from deviator.errors import InvalidInputError
from deviator.learners.random_state import short_seed
from deviator.learners.session import Session

from .markets import MarketsVecEnv
from .shared import SB3Learner, falling


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

    def _settings(self, env: MarketsVecEnv, session: Session) -> dict[str, Any]:
        """Return what stable-baselines3's off-policy algorithms are built with."""
        return {
            "env": env,
            "learning_rate": falling(self.learning_rate, session),
            "buffer_size": self.buffer_size,
            "learning_starts": 0,
            "batch_size": self.batch_size,
            "gamma": 0.0,
            "train_freq": 1,
            "gradient_steps": self.gradient_steps,
            "seed": short_seed(session.seed),
            "device": "cpu",
        }

    def _architecture(self, session: Session) -> dict[str, Any]:
        """Return the shapes of actor and critic; one critic does where no value is bootstrapped."""
        return {
            "net_arch": {"pi": list(self.hidden), "qf": list(self.critic)},
            "n_critics": 1,
            "exploration": float(np.exp(self._log_exploration(session))),
        }
