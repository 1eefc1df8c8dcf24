"""Many markets a step for stable-baselines3's learners, counted against a budget."""

from typing import Any, final

import numpy as np
from gymnasium import spaces
from stable_baselines3.common.vec_env import VecEnv
from typing_extensions import override

from deviator.envs.malloc import keep_freed_memory
from deviator.learners.session import Session
from deviator.policies import OBSERVATION_BOUND
from deviator.validation import Floats


def soft_limited(rewards: Floats, limit: float) -> Floats:
    """Return rewards with their tails beyond the limit drawn in to a logarithm.

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


class BatchVecEnv(VecEnv):
    """A `VecEnv` of markets that are played as one batch and have nothing to ask or set."""

    def __init__(self, markets: int, observation_space: spaces.Box, action_size: int) -> None:
        action_space = spaces.Box(-1.0, 1.0, (action_size,), np.float32)
        super().__init__(markets, observation_space, action_space)
        # One empty info for all: stable-baselines3 only reads it, and building thousands is slow.
        self._infos: list[dict[str, Any]] = [{}] * markets
        self._actions: Floats = np.zeros((markets, action_size))
        keep_freed_memory()

    @override
    def step_async(self, actions: np.ndarray) -> None:
        self._actions = np.asarray(actions, dtype=np.float64)

    @override
    def close(self) -> None:
        pass

    @override
    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        if attr_name != "render_mode":
            raise AttributeError(f"these markets have no {attr_name}")
        return [None for _ in self._get_indices(indices)]

    @override
    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        raise AttributeError(f"markets are frozen; build a new problem to change {attr_name}")

    @override
    def env_method(
        self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any
    ) -> list[Any]:
        raise AttributeError(f"these markets have no {method_name}")

    @override
    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        return [False for _ in self._get_indices(indices)]


@final
class MarketsVecEnv(BatchVecEnv):
    """One-shot markets of a session's problem; each step ends every episode."""

    def __init__(self, session: Session, markets: int, limit: float) -> None:
        problem, bound = session.problem, OBSERVATION_BOUND
        observed = spaces.Box(-bound, bound, (problem.observation_size,), np.float32)
        super().__init__(markets, observed, problem.action_size)
        self._session, self._limit = session, limit
        self._done = np.ones(markets, dtype=bool)

    @override
    def reset(self) -> Any:
        problem = self._session.problem
        self._types = problem.draw(self._session.rng, self.num_envs)
        return np.asarray(problem.observe(self._types), dtype=np.float32)

    @override
    def step_wait(self) -> Any:
        rewards = self._session.problem.reward(self._types, self._actions)
        self._session.spend(self.num_envs, rewards)
        paid = soft_limited(rewards, self._limit).astype(np.float32)
        return self.reset(), paid, self._done, self._infos
