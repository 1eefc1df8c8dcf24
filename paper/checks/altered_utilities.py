"""Utilities that are altered where no trade leads: flat below a range, steep above it."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from deviator.economies import LinearQuadratic
from deviator.validation import Floats

DROP = 0.2
"""How far marginal utilities fall below the range at most, in money per unit."""

STEEPENING = 3.0
"""By how much marginal utilities steepen per unit of money above the range."""

Interval = Callable[[Floats], tuple[Floats, Floats]]
"""Marginal utilities at no trade (B, N) to the ends of a range, each (B, 1)."""


def range_at_no_trade(marginal: Floats) -> tuple[Floats, Floats]:
    """Return the least and the largest marginal utility at no trade, each (B, 1)."""
    return marginal.min(axis=1, keepdims=True), marginal.max(axis=1, keepdims=True)


class _Parts(NamedTuple):
    """A plain marginal utility, split at the ends of the range; each of shape (B, N)."""

    inside: Floats  # the nearest marginal utility of the range
    below: Floats  # how far it is below the range
    above: Floats


class AlteredUtilities(NamedTuple):
    """Utilities of an economy with marginal utilities that are altered outside a range [a, b].

    Where an economy has the marginal utility x, it is x for a <= x <= b, tends to a - DROP below,
    and rises ever faster above. The range moves with the types, and so the effects of types are
    altered as well.
    """

    economy: LinearQuadratic
    interval: Interval

    def marginal_utility(self, quantity: Floats, types: Floats) -> Floats:
        """Return the altered mu_i(q_i, s), shape (B, N)."""
        inside, below, above = self._parts(quantity, types)
        flattened = DROP * np.expm1(-below / DROP)
        return np.asarray(inside + flattened + above + STEEPENING * above**2 / 2)

    def utility(self, quantity: Floats, types: Floats) -> Floats:
        """Return the altered u_i(q_i, s), 0 at no trade, shape (B, N)."""
        start = self._integral(np.zeros_like(quantity), types)
        return np.asarray((start - self._integral(quantity, types)) / self.economy.slope)

    def slopes(self, quantity: Floats, types: Floats) -> Floats:
        """Return -d mu_i / d q_i over the economy's slopes, shape (B, N)."""
        _, below, above = self._parts(quantity, types)
        return np.asarray(np.exp(-below / DROP) + STEEPENING * above)

    def _integral(self, quantity: Floats, types: Floats) -> Floats:
        """Return the integral of the altered marginal utility over the plain one."""
        inside, below, above = self._parts(quantity, types)
        # Where one of the two is not 0, the range ends at `inside`.
        flat = (DROP - inside) * below + DROP**2 * np.expm1(-below / DROP)
        steep = inside * above + above**2 / 2 + STEEPENING * above**3 / 6
        return np.asarray(inside**2 / 2 + flat + steep)

    def _parts(self, quantity: Floats, types: Floats) -> _Parts:
        low, high = self.interval(self.economy.value(types))
        plain = self.economy.marginal_utility(quantity, types)
        inside = np.clip(plain, low, high)
        return _Parts(inside, np.maximum(low - plain, 0.0), np.maximum(plain - high, 0.0))
