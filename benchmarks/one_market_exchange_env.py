"""One market of agents at a time, each with a decision problem of their own.

The second baseline of everyone acting: what one writes around N decision problems without a batched
core. Every core computes everybody's honest bids, and they are computed once more for the rewards.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from deviator.envs import DeviationCore, deviation_core
from deviator.evidence import Market
from deviator.validation import Floats


class OneMarketExchangeEnv:
    """Every trader of one market bids.

    Parameters
    ----------
    tested : Market
    """

    def __init__(self, tested: Market) -> None:
        self.market = tested
        n = tested.economy.n_traders
        self.cores: list[DeviationCore] = [
            deviation_core(replace(tested, trader=trader), information="own") for trader in range(n)
        ]
        self.agents = [f"trader_{trader}" for trader in range(n)]
        self.units = np.array([core.reward_unit for core in self.cores])
        self.rng = np.random.default_rng(0)
        self.types = tested.distribution.sample(self.rng, 1)

    def reset(self) -> tuple[dict[str, Floats], dict[str, Any]]:
        """Draw types and return what each agent sees."""
        self.types = self.market.distribution.sample(self.rng, 1)
        return self._observations(), {agent: {} for agent in self.agents}

    def step(self, actions: dict[str, Floats]) -> Any:
        """Clear the market in which all agents act."""
        mechanism, economy, types = self.market.mechanism, self.market.economy, self.types
        rows = [
            core.bid(types, np.asarray(actions[agent], dtype=np.float64)[None])[0]
            for agent, core in zip(self.agents, self.cores, strict=True)
        ]
        outcome = mechanism.clear(mechanism.language.record.from_array(np.stack(rows)[None]))
        honest = mechanism.clear(self.market.strategy.bids(types))
        utility = economy.utility(outcome.quantity, types) - outcome.transfer
        baseline = economy.utility(honest.quantity, types) - honest.transfer
        rewards = (utility - baseline)[0] / self.units
        return (
            self._observations(),
            dict(zip(self.agents, map(float, rewards), strict=True)),
            dict.fromkeys(self.agents, True),
            dict.fromkeys(self.agents, False),
            {agent: {} for agent in self.agents},
        )

    def _observations(self) -> dict[str, Any]:
        return {
            agent: core.observation(self.types)[0].astype(np.float32)
            for agent, core in zip(self.agents, self.cores, strict=True)
        }
