"""Many markets a step for stable-baselines3's learners, counted against a budget."""

from typing import Any, final

import numpy as np
from gymnasium import spaces
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn
from typing_extensions import override

from deviator.envs.batch_vec_env import BatchVecEnv
from deviator.envs.spaces import action_space, observation_space
from deviator.learners.session import Session
from deviator.validation import Floats


def soft_limited(rewards: Floats, limit: float) -> Floats:
    """Return rewards whose tails grow logarithmically beyond the limit.

    Bids near a market that does not clear lose thousands of times what the best one gains, and
    one such market would decide a whole step of learning. Up to the limit nothing changes, and a
    larger reward stays the larger one.

    Examples
    --------
    >>> soft_limited(np.array([3.0, -1e6]), 10.0).round(1)
    array([   3. , -125.1])
    """
    size = np.abs(rewards)
    drawn_in = limit * (1.0 + np.log(np.maximum(size, limit) / limit))
    return np.where(size <= limit, rewards, np.copysign(drawn_in, rewards))


class TrainingVecEnv(BatchVecEnv):
    """Markets of a training: the session draws their types and counts bids, infos are empty.

    Parameters
    ----------
    session : Session
    markets : int
        Markets per step.
    observation_space : Box
    limit : float
        Rewards beyond are drawn in to a logarithm, in units of reward.
    """

    def __init__(
        self, session: Session, markets: int, observation_space: spaces.Box, limit: float
    ) -> None:
        self.core = session.problem
        super().__init__(markets, observation_space, action_space(self.core), seed=0)
        self._session, self._limit = session, limit
        # One empty info for all: stable-baselines3 only reads it, and building thousands is slow.
        self._infos: list[dict[str, Any]] = [{}] * markets

    @override
    def reset(self) -> np.ndarray:
        """Start all markets; a seed that stable-baselines3 sets is not used."""
        return self.start()

    def _spent(self, rewards: Floats, gained: Floats | None = None) -> np.ndarray:
        """Count a bid in every market, and return rewards as the learner takes them.

        What bids gained are the rewards, or of several rounds what came of them together.
        """
        self._session.spend(self.num_envs, rewards if gained is None else gained)
        return soft_limited(rewards, self._limit).astype(np.float32)


@final
class MarketsVecEnv(TrainingVecEnv):
    """One-shot markets of a session's problem; each step ends every episode."""

    def __init__(self, session: Session, markets: int, limit: float) -> None:
        super().__init__(session, markets, observation_space(session.problem), limit)
        self._done = np.ones(markets, dtype=bool)

    @override
    def start(self) -> np.ndarray:
        self._types = self.core.draw(self._session.rng, self.num_envs)
        return np.asarray(self.core.observe(self._types), dtype=np.float32)

    @override
    def step_wait(self) -> VecEnvStepReturn:
        paid = self._spent(self.core.reward(self._types, np.asarray(self._actions, np.float64)))
        return self.start(), paid, self._done, self._infos
