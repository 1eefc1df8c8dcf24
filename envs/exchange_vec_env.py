"""Everyone at once for stable-baselines3: shared parameters, or a learner for each trader."""

from collections.abc import MutableMapping
from typing import Any, Protocol, final

import numpy as np
from gymnasium import spaces
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn
from typing_extensions import override

from deviator.errors import InvalidInputError
from deviator.evidence import interchangeable_traders
from deviator.policies import OwnType, rung_name
from deviator.validation import Floats, check_kind, whole_number

from .batch_vec_env import BatchVecEnv, info_dicts
from .exchange_core import ExchangeCore, State
from .exchange_info import exchange_info
from .spaces import action_space, box, observation_space


class Predictor(Protocol):
    """What chooses actions: any model of stable-baselines3."""

    def predict(self, observation: Any) -> tuple[np.ndarray, Any]:
        """Return actions (B, K) at observations (B, O)."""


@final
class ExchangeVecEnv(BatchVecEnv):
    """All traders of many markets, who share one learner's parameters.

    Environment ``b A + a`` is the a-th acting trader of market b. Where traders differ, or see
    everybody's types, an observation ends with who is looking: a 1 in the place of the trader's
    class of interchangeable ones, or of the trader.

    Parameters
    ----------
    core : ExchangeCore
    markets : int
        Markets cleared per step; `num_envs` is so many times the acting traders.
    seed : int
        Seed of the types; any whole number from 0.
    details : bool
        Whether infos tell ``gain``, ``price``, ``quantity``, ``transfer`` and ``regret``.

    Raises
    ------
    InvalidInputError
        If `core` is not an ExchangeCore, or a number is not whole or too small.
    """

    def __init__(
        self, core: ExchangeCore, markets: int, seed: int = 0, *, details: bool = True
    ) -> None:
        self.core, self.details = _checked(core), details
        self.markets = whole_number("markets", markets, 1)
        self._roles = _roles(core)
        bound = np.append(core.observation_bound, np.ones(self._roles.shape[1]))
        num_envs = self.markets * len(core.traders)
        super().__init__(num_envs, box(bound), action_space(core), seed)
        self._state: State = core.start(core.draw(self.rng, self.markets))

    @override
    def start(self) -> np.ndarray:
        self._state = self.core.start(self.core.draw(self.rng, self.markets))
        return self._observed()

    @override
    def step_wait(self) -> VecEnvStepReturn:
        before = self._state
        actions = np.reshape(self._actions, (self.markets, len(self.core.traders), -1))
        step = self.core.step(before, actions)
        self._state = step.state
        told = exchange_info(self.core, before, step) if self.details else {}
        observations = self._observed()
        infos = info_dicts(observations if step.ended else None, told, self.num_envs)
        done = np.full(self.num_envs, step.ended)
        following = self.start() if step.ended else observations
        return following, self._paid(step.reward.ravel()), done, infos

    def _observed(self) -> np.ndarray:
        seen = self.core.observe(self._state)
        if self._roles.shape[1]:
            roles = np.broadcast_to(self._roles, (*seen.shape[:2], self._roles.shape[1]))
            seen = np.concatenate([seen, roles], axis=-1)
        flat: np.ndarray = seen.reshape(self.num_envs, -1).astype(np.float32)
        return flat


@final
class TraderVecEnv(BatchVecEnv):
    """One trader of many markets, while the others act as their present models do.

    Parameters
    ----------
    core : ExchangeCore
    trader : int
        Who learns here, one of the acting traders.
    markets : int
        Markets cleared per step.
    seed : int
    models : mapping of str to model
        Who chooses the actions of ``trader_0``, ``trader_1``, ...; those who are not in it follow
        the market's strategy. It is looked at in every step.

    Raises
    ------
    InvalidInputError
        If `core` is not an ExchangeCore, the trader does not act in it, or a number is malformed;
        in a step, if a model is of nobody who acts.
    """

    def __init__(
        self,
        core: ExchangeCore,
        trader: int,
        markets: int,
        seed: int,
        models: MutableMapping[str, Predictor],
    ) -> None:
        self.core, self.models = _checked(core), models
        if trader not in core.traders:
            raise InvalidInputError(f"trader must be one of {core.traders}, got {trader}")
        self.markets, self.seat = whole_number("markets", markets, 1), core.traders.index(trader)
        space: spaces.Box = observation_space(core)
        super().__init__(self.markets, space, action_space(core), seed)
        self._state: State = core.start(core.draw(self.rng, self.markets))

    @override
    def start(self) -> np.ndarray:
        self._state = self.core.start(self.core.draw(self.rng, self.markets))
        return self._observed()[:, self.seat]

    @override
    def step_wait(self) -> VecEnvStepReturn:
        step = self.core.step(self._state, self._everybodys())
        self._state = step.state
        observations = self._observed()[:, self.seat]
        infos = info_dicts(observations if step.ended else None, {}, self.num_envs)
        done = np.full(self.num_envs, step.ended)
        following = self.start() if step.ended else observations
        return following, self._paid(step.reward[:, self.seat]), done, infos

    def _everybodys(self) -> Floats:
        """Return the actions of all, shape (B, A, K)."""
        names = [f"trader_{trader}" for trader in self.core.traders]
        unknown = next((name for name in self.models if name not in names), None)
        if unknown is not None:
            raise InvalidInputError(f"models must be of {', '.join(names)}, got {unknown!r}")
        seen = self._observed()
        actions = np.zeros((*seen.shape[:2], self.core.action_size))
        for seat, name in enumerate(names):
            if seat == self.seat:
                actions[:, seat] = self._actions
            elif name in self.models:
                actions[:, seat] = self.models[name].predict(seen[:, seat])[0].clip(-1.0, 1.0)
            else:
                actions[:, seat] = self._strategys(seat)
        return actions

    def _strategys(self, seat: int) -> Floats:
        """Return the actions (B, K) by which a trader follows the strategy, if the box has them."""
        bid = self._state.present.of_trader(self.core.traders[seat])
        actions: Floats = self.core.boxes[seat].to_action(bid, bid)
        return np.clip(actions, -1.0, 1.0)

    def _observed(self) -> np.ndarray:
        seen: np.ndarray = self.core.observe(self._state).astype(np.float32)
        return seen


def independent_vec_envs(
    core: ExchangeCore,
    markets: int,
    seed: int = 0,
    *,
    models: MutableMapping[str, Predictor],
) -> dict[str, TraderVecEnv]:
    """Return an environment for each acting trader, in which the others act as their models do.

    Put each trader's model into `models`, and let them learn in turn.

    Parameters
    ----------
    core : ExchangeCore
    markets : int
        Markets cleared per step in each.
    seed : int
        Of the first; the others have the seeds that follow.
    models : dict
        Filled by the caller: ``models["trader_0"] = PPO("MlpPolicy", envs["trader_0"])``.
    """
    first = whole_number("seed", seed, 0)
    return {
        f"trader_{trader}": TraderVecEnv(core, trader, markets, first + seat, models)
        for seat, trader in enumerate(_checked(core).traders)
    }


def _checked(core: ExchangeCore) -> ExchangeCore:
    way_out = "build one with deviator.envs.exchange_core(market(mechanism, economy))"
    check_kind("core", core, ExchangeCore, way_out)
    return core


def _roles(core: ExchangeCore) -> Floats:
    """Return who is looking, as a 1 in a place of their own, (A, places); no places if all alike.

    Interchangeable traders share a place where they see their own types alone.
    """
    classes = interchangeable_traders(core.market)
    if rung_name(core.information) != OwnType.name:
        classes = tuple((trader,) for trader in range(core.market.economy.n_traders))
    present = [each for each in classes if set(each) & set(core.traders)]
    if len(present) == 1:
        return np.zeros((len(core.traders), 0))
    return np.array([[float(trader in each) for each in present] for trader in core.traders])
