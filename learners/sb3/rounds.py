"""Many markets over several rounds for stable-baselines3, counted against a budget."""

from typing import final

import numpy as np
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn
from typing_extensions import override

from deviator.envs import RoundsCore
from deviator.envs.spaces import observation_space
from deviator.learners.session import Session

from .markets import TrainingVecEnv


@final
class RoundsVecEnv(TrainingVecEnv):
    """Markets of one deviator; all end after their last round, and new ones begin."""

    def __init__(self, session: Session, core: RoundsCore, markets: int, limit: float) -> None:
        self._exchange, self._together = core.exchange, core.pays_together
        super().__init__(session, markets, observation_space(core.exchange), limit)

    @override
    def start(self) -> np.ndarray:
        types = self._exchange.draw(self._session.rng, self.num_envs)
        self._state = self._exchange.start(types)
        self._gained = np.zeros(self.num_envs)
        return self._seen()

    @override
    def step_wait(self) -> VecEnvStepReturn:
        actions = np.asarray(self._actions, np.float64)[:, None]
        step = self._exchange.step(self._state, actions)
        self._state = step.state
        self._gained += step.reward[:, 0]
        nothing_yet = np.zeros(0)
        whole = self._gained if step.ended else nothing_yet
        paid = self._spent(step.reward[:, 0], whole if self._together else None)
        seen = self.start() if step.ended else self._seen()
        return seen, paid, np.full(self.num_envs, step.ended), self._infos

    def _seen(self) -> np.ndarray:
        return np.asarray(self._exchange.observe(self._state)[:, 0], dtype=np.float32)
