"""All traders at once for PettingZoo, ``exchange_v0``: everybody bids, over one or more rounds.

Version history: v0, first.
"""

from dataclasses import replace
from typing import Any, ClassVar, final

import numpy as np
from gymnasium import spaces
from gymnasium.utils import seeding
from pettingzoo import ParallelEnv
from typing_extensions import override

from deviator.economies import Economy
from deviator.errors import InvalidInputError
from deviator.evidence.market import Market, market
from deviator.mechanisms import Mechanism, Outcome
from deviator.policies import Information
from deviator.validation import Floats, whole_number

from .core import DeviationCore, action_space, deviation_core, observation_space

HISTORY_BOUND = 1e3
"""Past prices and quantities are shown in units of their typical size, clipped here."""


def parallel_env(
    mechanism: Mechanism,
    economy: Economy,
    *,
    information: Information = "own",
    rounds: int = 1,
    render_mode: None = None,
    **settings: Any,
) -> "ExchangeEnv":
    """Return a market in which all traders act at once.

    Parameters
    ----------
    mechanism : Mechanism
    economy : Economy
    information : {"own", "profile"}
        What each trader sees of the types.
    rounds : int
        How often the same traders meet with the same types; prices and quantities of past rounds
        are public.
    **settings
        Passed on to `market` (distribution, strategy).
    """
    tested = market(mechanism, economy, **settings)
    return ExchangeEnv(tested, information, whole_number("rounds", rounds, 1), render_mode)


@final
class ExchangeEnv(ParallelEnv[str, np.ndarray, np.ndarray]):  # type: ignore[misc]
    """Agents ``trader_0`` ... ``trader_{N-1}`` bid simultaneously.

    Action space
        Per agent, as in `DeviationEnv`: Box [-1, 1]^K around the strategy's own bid.
    Observation space
        Types in standard deviations, clipped at 8; with several rounds also which round it is
        (as a share of all) and, for each past round, the price and all quantities in units of
        their typical size, 0 for rounds to come and where no trade took place.
    Rewards
        Own utility minus own utility had everybody followed the strategy at the same types, in
        units of the matched control's expected exact gain. While the others follow the strategy,
        this is the reward of `DeviationEnv`.
    Episode end
        All agents terminate after the last round.

    Parameters
    ----------
    tested : Market
        Its trader is ignored: everyone acts.
    information : {"own", "profile"}
    rounds : int
    """

    metadata: ClassVar[dict[str, Any]] = {
        "name": "exchange_v0",
        "render_modes": [],
        "is_parallelizable": True,
    }

    def __init__(
        self,
        tested: Market,
        information: Information = "own",
        rounds: int = 1,
        render_mode: None = None,
    ) -> None:
        n = tested.economy.n_traders
        self.render_mode = render_mode
        self.market = tested
        self.rounds = rounds
        self.cores: list[DeviationCore] = [
            deviation_core(replace(tested, trader=trader), information=information)
            for trader in range(n)
        ]
        self.possible_agents = [f"trader_{trader}" for trader in range(n)]
        self.agents: list[str] = []
        self.action_spaces = dict(
            zip(self.possible_agents, map(action_space, self.cores), strict=True)
        )
        self.observation_spaces = {
            agent: self._observation_space(core)
            for agent, core in zip(self.possible_agents, self.cores, strict=True)
        }
        self._history_unit = self._typical_trade()
        self._rng, _ = seeding.np_random(None)
        self._types = np.empty((1, 0))
        self._history = np.empty((0, 0))
        self._round = 0

    @override
    def observation_space(self, agent: str) -> spaces.Space[Any]:
        return self.observation_spaces[agent]

    @override
    def action_space(self, agent: str) -> spaces.Space[Any]:
        return self.action_spaces[agent]

    @override
    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, dict[str, Any]]]:
        if seed is not None:
            self._rng, _ = seeding.np_random(seed)
        self.agents = list(self.possible_agents)
        self._types = self.market.distribution.sample(self._rng, 1)
        self._history = np.zeros((self.rounds, len(self.agents) + 1))
        self._round = 0
        return self._observations(), {agent: {} for agent in self.agents}

    @override
    def step(self, actions: dict[str, np.ndarray]) -> tuple[Any, Any, Any, Any, Any]:
        if not self.agents:
            return {}, {}, {}, {}, {}
        agents = self.agents
        rewards = self._trade(self._bids(actions))
        self._round += 1
        ended = self._round == self.rounds
        observations = self._observations()
        if ended:
            self.agents = []
        return (
            observations,
            dict(zip(agents, map(float, rewards), strict=True)),
            dict.fromkeys(agents, ended),
            dict.fromkeys(agents, False),
            {agent: {} for agent in agents},
        )

    @override
    def render(self) -> None:
        return None

    @override
    def close(self) -> None:
        return None

    def _bids(self, actions: dict[str, np.ndarray]) -> Floats:
        """Return everybody's bids, shape (1, N, K)."""
        missing = [agent for agent in self.agents if agent not in actions]
        if missing:
            raise InvalidInputError(f"actions must name every agent, {missing[0]} is missing")
        rows = []
        for agent, core in zip(self.agents, self.cores, strict=True):
            action = np.asarray(actions[agent], dtype=np.float64)
            try:
                rows.append(core.bid(self._types, action[None])[0])
            except InvalidInputError as error:
                raise InvalidInputError(f"{agent}: {error}") from None
        return np.stack(rows)[None]

    def _trade(self, array: Floats) -> Floats:
        """Clear the round, remember what is public, and return all rewards, shape (N,)."""
        mechanism, economy, types = self.market.mechanism, self.market.economy, self._types
        outcome = mechanism.clear(mechanism.language.record.from_array(array))
        honest = mechanism.clear(self.market.strategy.bids(types))
        utility = economy.utility(outcome.quantity, types) - outcome.transfer
        baseline = economy.utility(honest.quantity, types) - honest.transfer
        public = np.concatenate([_public_price(outcome), outcome.quantity[0]])
        shown = np.clip(public / self._history_unit, -HISTORY_BOUND, HISTORY_BOUND)
        self._history[self._round] = shown
        units = np.array([core.reward_unit for core in self.cores])
        rewards: Floats = (utility - baseline)[0] / units
        return rewards

    def _observations(self) -> dict[str, np.ndarray]:
        return {
            agent: np.concatenate([core.observation(self._types)[0], self._public()]).astype(
                np.float32
            )
            for agent, core in zip(self.agents, self.cores, strict=True)
        }

    def _public(self) -> Floats:
        if self.rounds == 1:
            return np.empty(0)
        return np.concatenate([[self._round / self.rounds], self._history.ravel()])

    def _observation_space(self, core: DeviationCore) -> spaces.Box:
        types = observation_space(core)
        if self.rounds == 1:
            return types
        public = self.rounds * (self.market.economy.n_traders + 1)
        bound = np.concatenate([types.high, [1.0], np.full(public, HISTORY_BOUND)])
        return spaces.Box(-bound.astype(np.float32), bound.astype(np.float32), dtype=np.float32)

    def _typical_trade(self) -> Floats:
        """Return root mean squares of price and quantities, from a fixed seed, shape (1 + N,)."""
        types = self.market.distribution.sample(np.random.default_rng(0), 4096)
        outcome = self.market.mechanism.clear(self.market.strategy.bids(types))
        price = _public_price(outcome)
        public = np.column_stack([price, outcome.quantity])
        size = np.sqrt((public**2).mean(axis=0))
        return np.where(size > 0, size, 1.0)


def _public_price(outcome: Outcome) -> Floats:
    """Return one price per market, the average where traders meet different ones; 0 in autarky."""
    price = np.nan_to_num(outcome.price)
    return price if price.ndim == 1 else np.asarray(price.mean(axis=1))
