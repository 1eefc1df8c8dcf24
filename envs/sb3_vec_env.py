"""Many markets at once for stable-baselines3, one deviator in each."""

from typing import final

import numpy as np
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn
from typing_extensions import override

from deviator.validation import positive, whole_number

from .batch_vec_env import BatchVecEnv, info_dicts
from .core import check_core
from .decision_problem import DecisionProblem
from .deviation_env import with_best_gains
from .reward_tails import DEFAULT_MARKETS, LOSS_BOUND, compressed_losses
from .spaces import action_space, observation_space


@final
class DeviationVecEnv(BatchVecEnv):
    """A stable-baselines3 `VecEnv` of one-shot markets; each step ends every episode.

    Parameters
    ----------
    core : DecisionProblem
    num_envs : int
        Markets cleared per step, 64 by default.
    seed : int
        Seed of the types; any whole number from 0.
    details : bool
        Whether infos tell ``gain``, ``price``, ``quantity``, ``transfer`` and ``best_gain`` beside
        ``terminal_observation``, which takes longer than all else where there are many markets.
    loss_bound : float, optional
        Losses beyond so many units of reward count logarithmically (`compressed_losses`), so that
        learners with default settings are not led by a few bids far from honesty; with None they
        count in full. The gains of infos are always in full.

    Attributes
    ----------
    largest_reward : float
        The largest reward that any single market has paid.

    Raises
    ------
    InvalidInputError
        If `core` is not a DecisionProblem, or a number is not whole or too small.
    """

    def __init__(
        self,
        core: DecisionProblem,
        num_envs: int = DEFAULT_MARKETS,
        seed: int = 0,
        *,
        details: bool = True,
        loss_bound: float | None = LOSS_BOUND,
    ) -> None:
        check_core(core)
        self.core, self.details = core, details
        self.loss_bound = None if loss_bound is None else positive("loss_bound", loss_bound)
        num_envs = whole_number("num_envs", num_envs, 1)
        super().__init__(num_envs, observation_space(core), action_space(core), seed)
        self._observations = self.start()

    @override
    def start(self) -> np.ndarray:
        self._types = self.core.draw(self.rng, self.num_envs)
        self._observations = self.core.observe(self._types).astype(np.float32)
        return self._observations.copy()

    @override
    def step_wait(self) -> VecEnvStepReturn:
        types, ended = self._types, self._observations
        reward, info = self.core.play(types, self._actions)
        told = with_best_gains(self.core, types, info) if self.details else {}
        infos = info_dicts(ended, told, self.num_envs)
        done = np.ones(self.num_envs, dtype=bool)
        paid = reward if self.loss_bound is None else compressed_losses(reward, self.loss_bound)
        return self.start(), self._paid(paid), done, infos
