"""Many markets over several rounds for stable-baselines3, counted against a budget."""

from typing import Any, final

import numpy as np
from gymnasium import spaces
from typing_extensions import override

from deviator.envs import RoundsCore
from deviator.learners.session import Session

from .markets import BatchVecEnv, soft_limited


@final
class RoundsVecEnv(BatchVecEnv):
    """Markets of one deviator; all end after their last round, and new ones begin."""

    def __init__(self, session: Session, core: RoundsCore, markets: int, limit: float) -> None:
        bound = core.exchange.observation_bound.astype(np.float32)
        super().__init__(markets, spaces.Box(-bound, bound), core.action_size)
        self._session, self._exchange, self._limit = session, core.exchange, limit

    @override
    def reset(self) -> Any:
        types = self._exchange.draw(self._session.rng, self.num_envs)
        self._state = self._exchange.start(types)
        return self._seen()

    @override
    def step_wait(self) -> Any:
        actions = self._actions[:, None]
        step = self._exchange.step(self._state, actions)
        self._state, rewards = step.state, step.reward[:, 0]
        self._session.spend(self.num_envs, rewards)
        paid = soft_limited(rewards, self._limit).astype(np.float32)
        seen = self.reset() if step.ended else self._seen()
        return seen, paid, np.full(self.num_envs, step.ended), self._infos

    def _seen(self) -> np.ndarray:
        return np.asarray(self._exchange.observe(self._state)[:, 0], dtype=np.float32)
