"""Many markets at once for stable-baselines3."""

from typing import Any, final

import numpy as np
from stable_baselines3.common.vec_env import VecEnv
from typing_extensions import override

from deviator.validation import whole_number

from .core import DeviationCore, action_space, check_core, observation_space
from .malloc import keep_freed_memory


@final
class DeviationVecEnv(VecEnv):
    """A stable-baselines3 `VecEnv` of one-shot markets; each step ends every episode.

    Parameters
    ----------
    core : DeviationCore
    num_envs : int
        Markets cleared per step.
    seed : int
        Seed of the types.

    Attributes
    ----------
    largest_reward : float
        The largest reward that any single market has paid.

    Raises
    ------
    InvalidInputError
        If `core` is not a DeviationCore, or a number is not whole or too small.
    """

    def __init__(self, core: DeviationCore, num_envs: int, seed: int = 0) -> None:
        check_core(core)
        num_envs = whole_number("num_envs", num_envs, 1)
        self.core = core
        self._rng = np.random.default_rng(whole_number("seed", seed, 0))
        self.largest_reward = -np.inf
        # One shared empty info: stable-baselines3 only reads it, and building thousands is slow.
        self._infos: list[dict[str, Any]] = [{}] * num_envs
        super().__init__(num_envs, observation_space(core), action_space(core))
        self._types = core.draw(self._rng, num_envs)
        self._actions = np.zeros((num_envs, core.box.size))
        keep_freed_memory()

    @override
    def reset(self) -> Any:
        if self._seeds[0] is not None:
            self._rng = np.random.default_rng(whole_number("seed", self._seeds[0], 0))
        self._reset_seeds()
        self._reset_options()
        return self._draw()

    @override
    def step_async(self, actions: np.ndarray) -> None:
        self._actions = actions

    @override
    def step_wait(self) -> Any:
        reward = self.core.reward(self._types, self._actions)
        self.largest_reward = max(self.largest_reward, float(reward.max()))
        done = np.ones(self.num_envs, dtype=bool)
        return self._draw(), reward.astype(np.float32), done, self._infos

    @override
    def close(self) -> None:
        pass

    @override
    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        value = None if attr_name == "render_mode" else getattr(self.core, attr_name)
        return [value for _ in self._get_indices(indices)]

    @override
    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        raise AttributeError(f"markets are frozen; build a new core to change {attr_name}")

    @override
    def env_method(
        self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any
    ) -> list[Any]:
        result = getattr(self.core, method_name)(*args, **kwargs)
        return [result for _ in self._get_indices(indices)]

    @override
    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        return [False for _ in self._get_indices(indices)]

    def _draw(self) -> np.ndarray:
        self._types = self.core.draw(self._rng, self.num_envs)
        observed: np.ndarray = self.core.observation(self._types).astype(np.float32)
        return observed
