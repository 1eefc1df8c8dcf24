"""The spaces of the environments, in one market of each."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import gymnasium
import pettingzoo

import deviator
from deviator.envs import (
    DeviationVecEnv,
    ExchangeVecEnv,
    TensorEnv,
    deviation_core,
    exchange_core,
    independent_vec_envs,
    market,
)

TRADERS = 10
MARKET = {"mechanism": "uniform-conditional", "economy": "two-groups"}

Rows = Iterable[tuple[str, str]]


def environment_rows(name: str) -> Rows:
    """Return the rows that tell the spaces and the reward of an environment."""
    yield from _MAKERS[name]()
    yield (
        "Reward range",
        "(-inf, inf); 1 is the control's best mean gain",
    )
    yield "Example", f"`uniform-conditional` in `two-groups`, N = {TRADERS}"


def _deviation() -> Rows:
    env = gymnasium.make("deviator/Deviation-v0", **MARKET)
    yield "Library", "Gymnasium"
    yield from _of(env.action_space, env.observation_space)


def _vector() -> Rows:
    env = gymnasium.make_vec("deviator/Deviation-v0", num_envs=3, **MARKET)
    yield "Library", "Gymnasium, vector environments"
    yield from _of(env.action_space, env.observation_space)


def _exchange() -> Rows:
    env = pettingzoo.make("parallel", "deviator/exchange-v0", **MARKET)
    agent = env.possible_agents[0]
    yield "Library", "PettingZoo, parallel API"
    yield "Agents", f"`{agent}` ... `{env.possible_agents[-1]}`"
    yield from _of(env.action_space(agent), env.observation_space(agent))


def _sb3_deviation() -> Rows:
    env = DeviationVecEnv(deviation_core(_market()))
    yield "Library", "stable-baselines3"
    yield from _of(env.action_space, env.observation_space)


def _sb3_exchange() -> Rows:
    env = ExchangeVecEnv(exchange_core(_market()), markets=2)
    yield "Library", "stable-baselines3; all traders share a learner's parameters"
    yield from _of(env.action_space, env.observation_space)


def _independent() -> Rows:
    env = independent_vec_envs(exchange_core(_market()), markets=2, models={})["trader_0"]
    yield "Library", "stable-baselines3; a learner for each trader"
    yield from _of(env.action_space, env.observation_space)


def _tensors() -> Rows:
    env = TensorEnv(deviation_core(_market()), markets=3)
    size = deviation_core(_market()).action_size
    yield "Library", "torch, on any device"
    yield "Action space", f"tensors (B, {size}) in [-1, 1], clipped"
    yield (
        "Observation space",
        f"tensors {('B', *env.reset().shape[1:])} in [-8, 8]".replace("'", ""),
    )


def _market() -> Any:
    return market(deviator.make("uniform-conditional"), deviator.economies.two_groups(TRADERS))


def _of(action_space: Any, observation_space: Any) -> Rows:
    yield "Action space", f"`{action_space}`"
    yield "Observation space", f"`{observation_space}`"


_MAKERS: Mapping[str, Callable[[], Rows]] = MappingProxyType(
    {
        "deviator/Deviation-v0": _deviation,
        "deviator/exchange-v0": _exchange,
        "DeviationVectorEnv": _vector,
        "DeviationVecEnv": _sb3_deviation,
        "ExchangeVecEnv": _sb3_exchange,
        "independent_vec_envs": _independent,
        "TensorEnv": _tensors,
    }
)
