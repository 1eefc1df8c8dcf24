"""A market as a PettingZoo environment as one writes it first: one market, one step, one solve.

The baseline of `environment_step`: the deviator's problem in the sigma-DCDA (bids, rewards and
observations of `DeviationCore`), without batches and without the rank-one path.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from gymnasium import spaces
from pettingzoo import ParallelEnv
from typing_extensions import override

from deviator.economies import LinearQuadratic, NormalTypes
from deviator.envs import DeviationCore
from deviator.validation import Floats

AGENT = "trader_0"


class PlainMarketEnv(ParallelEnv[str, Floats, Floats]):  # type: ignore[misc]
    """Trader 0 deviates from honesty in one sigma-DCDA of a linear-quadratic economy.

    Parameters
    ----------
    core : DeviationCore
        Where sigma, economy, law of types, action box and unit of reward are read off, once.
    """

    metadata: ClassVar[dict[str, Any]] = {"name": "plain_market", "render_modes": []}

    def __init__(self, core: DeviationCore) -> None:
        economy, law = core.market.economy, core.market.distribution
        if not isinstance(economy, LinearQuadratic) or not isinstance(law, NormalTypes):
            raise TypeError("the plain market must be linear-quadratic with Normal types")
        n = economy.n_traders
        self.sigma = core.market.mechanism.tax_slope
        self.economy, self.mean, self.deviation = economy, law.mean, law.deviation
        self.root = np.linalg.cholesky(law.covariance)
        self.half_width, self.unit = core.box.half_width, core.reward_unit
        inverse = np.linalg.inv(economy.weights)
        self.honest = np.zeros((n + 1, n + 1))
        self.honest[:n, :n] = inverse * (economy.slope + self.sigma)
        self.honest[:n, n] = inverse.sum(axis=1)
        self.honest[n, :n] = 1.0
        self.shift = inverse @ economy.intercept
        self.possible_agents = [AGENT]
        self.agents: list[str] = []
        self.observation_spaces = {AGENT: spaces.Box(-8.0, 8.0, (n,))}
        self.action_spaces = {AGENT: spaces.Box(-1.0, 1.0, (n + 2,))}
        self.rng = np.random.default_rng()
        self.types = np.zeros(n)

    @override
    def observation_space(self, agent: str) -> spaces.Space[Any]:
        return self.observation_spaces[agent]

    @override
    def action_space(self, agent: str) -> spaces.Space[Any]:
        return self.action_spaces[agent]

    @override
    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> Any:
        if seed is not None:
            self.rng = np.random.default_rng(seed)
        self.agents = [AGENT]
        self.types = self.mean + self.root @ self.rng.standard_normal(len(self.mean))
        return {AGENT: self.observation()}, {AGENT: {}}

    @override
    def step(self, actions: dict[str, Floats]) -> Any:
        level = self.types + self.shift
        bid = np.concatenate([self.honest[0], level[:1]]) + self.half_width * actions[AGENT]
        deviated, moved = self.honest.copy(), level.copy()
        deviated[0], moved[0] = bid[:-1], bid[-1]
        gain = self.utility(deviated, moved) - self.utility(self.honest, level)
        self.agents = []
        return (
            {AGENT: self.observation()},
            {AGENT: float(gain / self.unit)},
            {AGENT: True},
            {AGENT: False},
            {AGENT: {}},
        )

    def observation(self) -> Floats:
        """Return the types in standard deviations."""
        standard = (self.types - self.mean) / self.deviation
        return np.clip(standard, -8.0, 8.0).astype(np.float32)

    def utility(self, matrix: Floats, level: Floats) -> float:
        """Return trader 0's utility in one market: clear, charge, value the quantity."""
        sides = np.zeros((len(matrix), 2))
        sides[:-1, 0], sides[0, 1] = level, 1.0
        try:
            solution = np.linalg.solve(matrix, sides)
        except np.linalg.LinAlgError:
            return 0.0
        quantity, price = solution[0, 0], solution[-1, 0]
        slope = solution[-1, 1] / solution[0, 1]
        transfer = price * quantity + (self.sigma - slope) * quantity**2 / 2
        value = self.economy.weights[0] @ self.types + self.economy.intercept[0]
        return float(value * quantity - self.economy.slope[0] * quantity**2 / 2 - transfer)
