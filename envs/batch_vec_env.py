"""What all stable-baselines3 environments of markets in one batch share."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from stable_baselines3.common.vec_env import VecEnv
from typing_extensions import override

from deviator.errors import RefusedError
from deviator.validation import Floats, whole_number

from .malloc import keep_freed_memory
from .settings import check_options

Indices = None | int | Iterable[int]


class BatchVecEnv(VecEnv):
    """A `VecEnv` whose environments are rows of one batch, and share a core and random numbers.

    A seed is of the whole batch: the first environment's, and the others' are not used.

    Parameters
    ----------
    num_envs : int
    observation_space, action_space : Box
    seed : int
        Seed of the types; any whole number from 0.

    Attributes
    ----------
    largest_reward : float
        The largest reward that any single environment has paid.
    """

    core: Any

    def __init__(
        self, num_envs: int, observation_space: spaces.Box, action_space: spaces.Box, seed: int
    ) -> None:
        self.rng = np.random.default_rng(whole_number("seed", seed, 0))
        self.largest_reward = -np.inf
        self._actions = np.zeros((num_envs, *action_space.shape))
        super().__init__(num_envs, observation_space, action_space)
        keep_freed_memory()

    @abstractmethod
    def start(self) -> np.ndarray:
        """Start all markets and return observations (num_envs, O)."""

    @override
    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Set the seed that the next reset uses, and return one for each environment.

        Raises
        ------
        InvalidInputError
            If it is negative or no whole number; without one a fresh seed is drawn.
        """
        if seed is None:
            seed = int(np.random.SeedSequence().generate_state(1)[0])
        first = whole_number("seed", seed, 0)
        self._seeds = [first + index for index in range(self.num_envs)]
        return self._seeds

    @override
    def reset(self) -> np.ndarray:
        for options in self._options:
            check_options(options)
        if self._seeds[0] is not None:
            self.rng = np.random.default_rng(self._seeds[0])
        self._reset_seeds()
        self._reset_options()
        return self.start()

    @override
    def step_async(self, actions: np.ndarray) -> None:
        self._actions = actions

    @override
    def close(self) -> None:
        pass

    @override
    def get_attr(self, attr_name: str, indices: Indices = None) -> list[Any]:
        value = None if attr_name == "render_mode" else getattr(self._holder(attr_name), attr_name)
        return [value for _ in self._get_indices(indices)]

    @override
    def set_attr(self, attr_name: str, value: Any, indices: Indices = None) -> None:
        """Set an attribute of all environments, which share it.

        Raises
        ------
        RefusedError
            If only some are meant, or it is one of the core, which is frozen.
        """
        if set(self._get_indices(indices)) != set(range(self.num_envs)):
            raise RefusedError(
                f"all {self.num_envs} environments share {attr_name}, got indices {indices}; "
                "leave out indices"
            )
        if attr_name == "core" or hasattr(self.core, attr_name):
            raise RefusedError(
                f"{attr_name} is fixed once an environment is made; make another with a new core"
            )
        setattr(self, attr_name, value)

    @override
    def env_method(
        self, method_name: str, *args: Any, indices: Indices = None, **kwargs: Any
    ) -> list[Any]:
        result = getattr(self._holder(method_name), method_name)(*args, **kwargs)
        return [result for _ in self._get_indices(indices)]

    @override
    def env_is_wrapped(self, wrapper_class: Any, indices: Indices = None) -> list[bool]:
        return [False for _ in self._get_indices(indices)]

    def _holder(self, name: str) -> Any:
        """Return what has an attribute: the core, or else the batch of environments."""
        return self.core if hasattr(self.core, name) else self

    def _paid(self, reward: Floats) -> np.ndarray:
        """Return rewards as learners take them."""
        self.largest_reward = max(self.largest_reward, float(reward.max()))
        return np.asarray(reward, dtype=np.float32)


def info_dicts(observations: np.ndarray | None, info: dict[str, Floats], count: int) -> list[Any]:
    """Return an info dict of its own for each of so many environments.

    With what its episode ended with, where that is given, and a number of each array of `info`.
    """
    keys, columns = list(info), [np.ravel(values).tolist() for values in info.values()]
    if observations is None:
        if not keys:
            return [{} for _ in range(count)]
        return [dict(zip(keys, row, strict=True)) for row in zip(*columns, strict=True)]
    seen = list(observations)
    if not keys:
        return [{"terminal_observation": last} for last in seen]
    keys = ["terminal_observation", *keys]
    return [dict(zip(keys, row, strict=True)) for row in zip(seen, *columns, strict=True)]
