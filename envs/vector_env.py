"""Many markets at once for Gymnasium's vector interface."""

from typing import Any, final

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from typing_extensions import override

from deviator.economies import Economy
from deviator.mechanisms import Mechanism
from deviator.policies import Information
from deviator.validation import whole_number

from .core import DeviationCore, action_space, check_core, observation_space
from .deviation_env import build_core
from .malloc import keep_freed_memory


@final
class DeviationVectorEnv(VectorEnv[np.ndarray, np.ndarray, np.ndarray]):
    """A batch of one-shot markets; every step ends all episodes and starts the next.

    The returned observation is the next episode's (``AutoresetMode.SAME_STEP``), the ended
    episode's is in ``info["final_obs"]``. Spaces and rewards are those of `DeviationEnv`.

    Parameters
    ----------
    num_envs : int
        Markets per step.
    mechanism, economy, information, core, **settings
        As in `DeviationEnv`.

    Raises
    ------
    InvalidInputError
        If `core` is not a DeviationCore, or `num_envs` not a whole number from 1.
    """

    metadata: dict[str, Any] = {"autoreset_mode": AutoresetMode.SAME_STEP}  # noqa: RUF012

    def __init__(
        self,
        num_envs: int = 1,
        mechanism: Mechanism | None = None,
        economy: Economy | None = None,
        information: Information = "profile",
        *,
        core: DeviationCore | None = None,
        **settings: Any,
    ) -> None:
        self.num_envs = num_envs = whole_number("num_envs", num_envs, 1)
        self.core = build_core(mechanism, economy, information, settings) if core is None else core
        check_core(self.core)
        self.single_observation_space = observation_space(self.core)
        self.single_action_space = action_space(self.core)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._types: np.ndarray | None = None
        keep_freed_memory()

    @override
    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        super().reset(seed=seed)
        return self._next(), {}

    @override
    def step(
        self, actions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        if self._types is None:
            raise RuntimeError("call reset before the first step")
        reward = self.core.reward(self._types, np.asarray(actions, dtype=np.float64))
        final_observation = self.core.observation(self._types).astype(np.float32)
        ended = np.ones(self.num_envs, dtype=bool)
        info = {"final_obs": final_observation, "_final_obs": ended}
        return self._next(), reward, ended.copy(), ~ended, info

    def _next(self) -> np.ndarray:
        self._types = self.core.draw(self.np_random, self.num_envs)
        observed: np.ndarray = self.core.observation(self._types).astype(np.float32)
        return observed
