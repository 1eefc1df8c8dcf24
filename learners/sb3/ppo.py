"""Proximal policy optimization (Schulman et al. 2017), by stable-baselines3, with our preset.

The market is one-shot, so gamma is 0 and every rollout is one step of many markets. The policy is
linear by default, which contains the best deviation of every linear-quadratic market.
"""

from dataclasses import dataclass
from typing import ClassVar, final

from stable_baselines3 import PPO
from typing_extensions import override

from deviator.learners.session import Session

from .markets import MarketsVecEnv
from .shared import SB3Learner, check_whole_batches, falling, sb3_seed

FULL_RATE_SIZE = 12
"""Bids with more numbers learn at a rate in inverse proportion to their number: the noise of
every step adds up over them. Measured at N = 30, where the full rate diverges."""


@final
@dataclass(frozen=True)
class PPOLearner(SB3Learner):
    """Large-batch PPO for one-shot markets.

    Parameters
    ----------
    markets : int
        Markets per rollout.
    batch_size, n_epochs : int
        Minibatch size, and passes over each rollout.
    learning_rate : float
        For bids of up to 12 numbers, and in inverse proportion to their number beyond; falls
        with the budget that is left.
    log_exploration : float
        Logarithm of the initial exploration of a bid, as a share of its range.
    offset : float
        How far from honesty learning starts, as a share of the range.
    hidden : tuple of int
        Widths of the policy's hidden layers; an empty tuple makes it linear.
    critic : tuple of int
        Widths of the critic's hidden layers.
    reward_limit : float
        Rewards beyond are drawn in to a logarithm while learning, in units of reward.
    points : int
        Points of the learning curve.
    """

    markets: int = 2048
    batch_size: int = 1024
    n_epochs: int = 4
    learning_rate: float = 4e-3
    log_exploration: float = -1.0
    offset: float = 0.3
    hidden: tuple[int, ...] = ()
    critic: tuple[int, ...] = (64, 64)
    reward_limit: float = 100.0
    points: int = 20
    name: ClassVar[str] = "ppo"
    counts: ClassVar[tuple[str, ...]] = ("n_epochs",)
    widths: ClassVar[tuple[str, ...]] = ("hidden", "critic")

    @override
    def _check_batches(self) -> None:
        check_whole_batches(self.markets, self.batch_size)

    @override
    def _model(self, session: Session) -> PPO:
        slowed = min(1.0, FULL_RATE_SIZE / session.problem.action_size)
        return PPO(
            "MlpPolicy",
            MarketsVecEnv(session, self.markets, self.reward_limit),
            n_steps=1,
            batch_size=self.batch_size,
            n_epochs=self.n_epochs,
            gamma=0.0,
            gae_lambda=1.0,
            learning_rate=falling(self.learning_rate * slowed, session),
            policy_kwargs={
                "net_arch": {"pi": list(self.hidden), "vf": list(self.critic)},
                "log_std_init": self._log_exploration(session),
            },
            seed=sb3_seed(session),
            device="cpu",
        )
