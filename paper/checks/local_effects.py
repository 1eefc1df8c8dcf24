"""Effects that are small where marginal utilities are close, and large elsewhere (Section 7, (ii)).

Trader 0's type matters to every other trader at some units only:

mu_i = c_i + s_i - q_i + (e b / k) tanh((k s_0 + l_i - (c_i + s_i - q_i)) / b),

so that d mu_i / d s_0 is e within b of the level k s_0 + l_i of trader i's marginal utility, and 0
far from it. With levels l_i that are far apart the average effect on the others is e where each of
them is at its own level, but small where all marginal utilities are equal.
"""

from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
from typing_extensions import override

from deviator.economies import SmoothEconomy, UtilityBounds
from deviator.validation import Floats

from .taxed_demand import demand_at

STEPS = 8
"""Steps of prices within the width of a level, or within what counts as close if that is less."""


@final
@dataclass(frozen=True, eq=False)
class LocalEffects(SmoothEconomy):
    """An economy of slopes near 1 in which trader 0 informs each of the others at one level.

    Parameters
    ----------
    weights : ndarray of float, shape (N, N)
        1 for own types, and e in column 0.
    intercept, level : ndarray of float, shape (N,)
        c and l, in money per unit.
    width, sweep : float
        b and k, both positive; e / k is below 1, so that utilities are concave.
    """

    weights: Floats
    intercept: Floats
    level: Floats
    width: float
    sweep: float
    name: str = "local effects"
    n_traders: int = field(init=False)

    def __post_init__(self) -> None:
        self._freeze_common_fields("level")

    @property
    @override
    def bounds(self) -> UtilityBounds:
        largest = float(self._effect.max())
        least = 1 - largest / self.sweep
        return UtilityBounds(least, 1.0, least, largest, largest, 0.0)

    @property
    def _effect(self) -> Floats:
        """E for all traders but trader 0, shape (N,)."""
        effect = self.weights[:, 0].copy()
        effect[0] = 0.0
        return effect

    @override
    def utility(self, quantity: Floats, types: Floats) -> Floats:
        bent = self._effect * self.width**2 / self.sweep
        moved = np.logaddexp(*self._sides(quantity, types)) - np.logaddexp(
            *self._sides(np.zeros_like(quantity), types)
        )
        plain = (self.intercept + types) * quantity - quantity**2 / 2
        return np.asarray(plain + bent * moved)

    @override
    def marginal_utility(self, quantity: Floats, types: Floats) -> Floats:
        bent = self._effect * self.width / self.sweep
        plain = self.intercept + types - quantity
        return np.asarray(plain + bent * np.tanh(self._distance(quantity, types)))

    @override
    def type_effects(self, quantity: Floats, types: Floats) -> Floats:
        near = self._nearness(quantity, types)
        effects = np.eye(self.n_traders) * (1 - self._effect / self.sweep * near)[:, None, :]
        effects[:, :, 0] += self._effect * near
        return np.asarray(effects)

    @override
    def effects_of(self, traders: Any, quantity: Floats, types: Floats) -> Floats:
        rows = np.arange(len(types))
        return np.asarray(self.type_effects(quantity, types)[rows, :, traders])

    @override
    def quantity_slopes(self, quantity: Floats, types: Floats) -> Floats:
        return np.asarray(self._effect / self.sweep * self._nearness(quantity, types) - 1)

    def _distance(self, quantity: Floats, types: Floats) -> Floats:
        """Return how far trader 0's type is from where it matters, in widths, shape (B, N)."""
        own = self.intercept + types - quantity
        return np.asarray((self.sweep * types[:, :1] + self.level - own) / self.width)

    def _sides(self, quantity: Floats, types: Floats) -> tuple[Floats, Floats]:
        distance = self._distance(quantity, types)
        return distance, -distance

    def _nearness(self, quantity: Floats, types: Floats) -> Floats:
        return np.asarray(1 / np.cosh(self._distance(quantity, types)) ** 2)


def local_interdependence(economy: LocalEffects, distance: float) -> float:
    """Return the largest average effect of trader 0's type while marginal utilities are close.

    Marginal utilities are close if no two differ by more than the distance. Types may be
    left at 0, as prices move the traders past all levels.
    """
    reach = float(np.abs(economy.level).max()) + 4 * economy.width + distance
    step = min(distance, economy.width) / STEPS
    prices = np.arange(-reach, reach, step)
    types = np.zeros((len(prices), economy.n_traders))
    quantity = demand_at(economy, 0.0, types, prices)
    effects = economy.type_effects(quantity, types)[:, 1:, 0]
    close = int(np.ceil(distance / step)) + 1
    windows = np.lib.stride_tricks.sliding_window_view(effects, close, axis=0)
    return float(windows.max(axis=-1).mean(axis=1).max())
