"""What SAC and TD3 share: a replay of markets, critics, and many markets per gradient step.

A one-shot market needs no targets of what comes next: the critic learns the reward itself, and the
discount is 0.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from typing_extensions import override

from deviator.errors import InvalidInputError
from deviator.learners.session import Session

from .markets import MarketsVecEnv
from .shared import SB3Learner, falling, sb3_seed


@dataclass(frozen=True)
class OffPolicyLearner(SB3Learner):
    """A learner with a critic of actions and a replay buffer.

    Parameters
    ----------
    markets : int
        Markets per gradient step, all of which the replay buffer remembers.
    batch_size, buffer_size : int
        Markets in a batch and in the replay buffer.
    gradient_steps : int
        Batches learned from after each step of all markets.
    learning_rate : float
        Falls with the budget that is left.
    log_exploration : float
        Logarithm of the exploration of a bid, as a share of its range.
    offset : float
        How far from honesty learning starts, as a share of the range.
    hidden, critic : tuple of int
        Widths of the hidden layers of policy and critic; an empty `hidden` makes the policy linear
        but for the tanh that keeps actions in their box.
    reward_limit : float
        Rewards beyond are drawn in to a logarithm while learning, in units of reward.
    points : int
        Points of the learning curve.
    """

    markets: int = 256
    batch_size: int = 1024
    buffer_size: int = 400_000
    gradient_steps: int = 1
    learning_rate: float = 3e-3
    log_exploration: float = -0.5
    offset: float = 0.3
    hidden: tuple[int, ...] = ()
    critic: tuple[int, ...] = (64,)
    reward_limit: float = 10.0
    points: int = 20
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
