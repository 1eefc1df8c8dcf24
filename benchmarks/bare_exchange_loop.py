"""All traders of a uniform-price auction at once, by hand: the loop that one writes in NumPy.

The baseline of everyone acting: private values, Normal types, schedules moved by actions, one price
that clears, utilities less what honesty earns. Nothing is checked, and nothing can be exchanged.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from deviator.validation import Floats


class BareExchangeLoop:
    """B uniform-price auctions of N traders who all move their honest schedules.

    Parameters
    ----------
    markets, n_traders : int
    alpha, slope : float
        Utility alpha s q - slope q^2 / 2.
    half_width : ndarray of float, shape (2,)
        What an action of 1 changes in level and steepness.
    unit : float
        What one unit of reward is worth in money.
    """

    def __init__(
        self,
        markets: int,
        n_traders: int,
        alpha: float,
        slope: float,
        half_width: Floats,
        unit: float,
    ) -> None:
        self.shape = (markets, n_traders)
        self.alpha, self.slope, self.half_width, self.unit = alpha, slope, half_width, unit
        self.rng = np.random.default_rng(0)
        self.types = self.rng.standard_normal(self.shape)

    def step(self, actions: Any) -> tuple[Floats, Floats]:
        """Return the next observations (B, N) in float32, and the rewards (B, N) of this round."""
        actions = np.clip(actions, -1.0, 1.0)
        level = self.types * (self.alpha / self.slope)
        steepness = np.full(self.shape, 1 / self.slope)
        moved = level + self.half_width[0] * actions[..., 0]
        moved_steepness = steepness + self.half_width[1] * actions[..., 1]
        gain = self.utilities(moved, moved_steepness) - self.utilities(level, steepness)
        self.types = self.rng.standard_normal(self.shape)
        observation: Any = np.clip(self.types, -8.0, 8.0).astype(np.float32)
        return observation, gain / self.unit

    def utilities(self, level: Floats, steepness: Floats) -> Floats:
        """Return what all earn: clear each market, and charge one price for all units."""
        price = (level.sum(axis=1) / steepness.sum(axis=1))[:, None]
        quantity = level - steepness * price
        utility: Floats = (
            self.alpha * self.types - 0.5 * self.slope * quantity
        ) * quantity - price * quantity
        return utility
