"""A market of agents as a PettingZoo environment as one writes it first: every trader acts.

The second baseline of `environment_step`. Where all but one trader act honestly, that one's reward
is that of `PlainMarketEnv`; here, as in any PettingZoo environment, every agent is asked.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from gymnasium import spaces
from pettingzoo import ParallelEnv
from typing_extensions import override

from deviator.envs import DeviationCore
from deviator.validation import Floats

from .plain_market_env import PlainMarketEnv


class PlainExchangeEnv(ParallelEnv[str, Floats, Floats]):  # type: ignore[misc]
    """Every trader of one sigma-DCDA bids an honest bid, changed by an action.

    Parameters
    ----------
    core : DeviationCore
        As for `PlainMarketEnv`; box and unit of reward are used for every trader.
    """

    metadata: ClassVar[dict[str, Any]] = {"name": "plain_exchange", "render_modes": []}

    def __init__(self, core: DeviationCore) -> None:
        self.market = PlainMarketEnv(core)
        n = core.market.economy.n_traders
        self.possible_agents = [f"trader_{trader}" for trader in range(n)]
        self.agents: list[str] = []
        self.observation_spaces = dict.fromkeys(self.possible_agents, spaces.Box(-8.0, 8.0, (n,)))
        self.action_spaces = dict.fromkeys(self.possible_agents, spaces.Box(-1.0, 1.0, (n + 2,)))

    @property
    def types(self) -> Floats:
        """The types of all traders."""
        return self.market.types

    @override
    def observation_space(self, agent: str) -> spaces.Space[Any]:
        return self.observation_spaces[agent]

    @override
    def action_space(self, agent: str) -> spaces.Space[Any]:
        return self.action_spaces[agent]

    @override
    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        self.market.reset(seed)
        self.agents = list(self.possible_agents)
        return self.observations(), {agent: {} for agent in self.agents}

    @override
    def step(self, actions: dict[str, Floats]) -> Any:
        market, agents = self.market, self.agents
        level = market.types + market.shift
        matrix, moved = market.honest.copy(), level.copy()
        for trader, agent in enumerate(agents):
            change = market.half_width * actions[agent]
            matrix[trader] += change[:-1]
            moved[trader] += change[-1]
        gains = self.utilities(matrix, moved) - self.utilities(market.honest, level)
        observations = self.observations()
        self.agents = []
        return (
            observations,
            {agent: float(gain / market.unit) for agent, gain in zip(agents, gains, strict=True)},
            dict.fromkeys(agents, True),
            dict.fromkeys(agents, False),
            {agent: {} for agent in agents},
        )

    def observations(self) -> dict[str, Floats]:
        """Return what each agent sees, in arrays of their own."""
        return {agent: self.market.observation() for agent in self.possible_agents}

    def utilities(self, matrix: Floats, level: Floats) -> Floats:
        """Return all utilities in one market: clear it, charge everybody, value what they hold."""
        economy, n = self.market.economy, len(level)
        try:
            inverse = np.linalg.inv(matrix)
        except np.linalg.LinAlgError:
            return np.zeros(n)
        solution = inverse[:, :n] @ level
        quantity, price = solution[:n], solution[n]
        slope = inverse[n, :n] / np.diagonal(inverse)[:n]
        transfer = price * quantity + (self.market.sigma - slope) * quantity**2 / 2
        worth = economy.weights @ self.market.types + economy.intercept
        utility: Floats = worth * quantity - economy.slope * quantity**2 / 2 - transfer
        return utility
