"""Markets in which the good comes in units (Appendix G), with allocations by brute force."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from deviator.economies import AssumptionBounds, LinearQuadratic, QuadraticEconomy, tight
from deviator.mechanisms import DiscreteVCG
from deviator.mechanisms.direct.discrete_vcg import Units
from deviator.validation import Floats

from ..bounds.discrete import proposition_6_trade
from .taxed_markets import crossing_markets, pivotal_profiles

ECONOMIES = 24

PROFILES = 12

MOST_UNITS = 9
"""Largest number of units bought or sold that brute force considers."""


class UnitMarket(NamedTuple):
    """A mechanism for units of Delta, and profiles of types."""

    rule: DiscreteVCG
    types: Floats  # (PROFILES, N)

    @property
    def economy(self) -> QuadraticEconomy:
        """The economy that the mechanism holds."""
        return self.rule.economy

    def units(self, types: Floats | None = None) -> Units:
        """Return the traders' values of units, at the market's types or at others."""
        value = self.economy.value(self.types if types is None else types)
        rule = self.rule
        return Units(value, self.economy.slope, rule.unit_size, rule.sigma, rule.half_spread)

    def brute_force(self, types: Floats) -> Floats:
        """Return the numbers of units (B, 3) of the largest taxed utility among all that clear."""
        counts = _all_counts()
        rule, quantity = self.rule, _all_counts() * self.rule.unit_size
        size = np.abs(quantity)
        tax = rule.sigma * size * (size + rule.unit_size) / 2 + rule.half_spread * size
        own = 0.5 * self.economy.slope * quantity**2 + tax
        total = self.economy.value(types) @ quantity.T - own.sum(axis=1)
        return np.asarray(counts[total.argmax(axis=1)])


def _all_counts() -> Floats:
    side = np.arange(-MOST_UNITS, MOST_UNITS + 1, dtype=np.float64)
    first, second = (axis.ravel() for axis in np.meshgrid(side, side))
    counts = np.stack([first, second, -first - second], axis=1)
    return np.asarray(counts[np.abs(counts).max(axis=1) <= MOST_UNITS])


def unit_markets(seed: int) -> Iterator[UnitMarket]:
    """Draw mechanisms for three traders with single crossing."""
    rng = np.random.default_rng(seed)
    for economy, tax, types in crossing_markets(seed, 4 * ECONOMIES):
        if economy.n_traders == 3:
            unit, sigma = float(rng.choice([1.0, 0.7, 0.5])), float(rng.choice([0.0, 0.2, 1.0]))
            yield UnitMarket(DiscreteVCG(economy, unit, sigma, tax), types[:PROFILES])


class HalfAndHalf(NamedTuple):
    """The economy of Proposition 6's proof, in which as many traders buy q as sell it."""

    economy: LinearQuadratic
    bounds: AssumptionBounds
    unit_size: float

    @property
    def trade(self) -> float:
        """The quantity q that each trader buys or sells."""
        return proposition_6_trade(self.bounds, self.unit_size)

    @property
    def types(self) -> Floats:
        """The profile: buyers value their last unit at 0, others the next that they would sell."""
        n, half = self.bounds.n_traders, self.bounds.n_traders // 2
        middle = np.full(n, -0.5 * self.unit_size)
        middle[:half] += self.trade
        middle[n - half :] -= self.trade
        return np.asarray(self.economy.types_behind(self.bounds.steepest * middle[None])[0])

    def deficit(self, lost: int) -> float:
        """Return the least deficit of a mechanism within `lost` units of efficiency.

        If N is odd the trader in the middle pays nothing: its units are worth 0 or less.
        """
        buyer, seller = 0, self.bounds.n_traders - 1
        paid = self._most(buyer, 1.0, lost) + self._most(seller, -1.0, lost)
        return -(self.bounds.n_traders // 2) * paid

    def _most(self, trader: int, side: float, lost: int) -> float:
        """Return the most that IC and IR let a trader pay: the latest pivotal types.

        An allocation within epsilon of the efficient one gives x units, at the latest, to the type
        that efficiently gets epsilon more, or to the trader's own type: s_i(x) <= s_i^0(x').
        """
        unit, count = self.unit_size, round(self.trade / self.unit_size)
        units = units_up_to(side, count, unit)
        rule = DiscreteVCG(self.economy, unit)
        late = units[lost:]
        pivotal = pivotal_profiles(
            lambda s: rule.allocate(s).quantity, self.types, trader, late - side * 0.5 * unit
        )
        profiles = np.concatenate([pivotal, np.tile(self.types, (min(lost, count), 1))])
        value = self.economy.value(profiles)[:, trader]
        worth = unit_value(value, self.bounds.steepest, units, unit)
        return float(side * unit * worth.sum())


def half_markets(seed: int) -> Iterator[HalfAndHalf]:
    """Draw markets of the proof; the first has N = 4, qbar = 40/3, Delta = 1/2 and phi = 0."""
    rng = np.random.default_rng(seed)
    for draw in range(ECONOMIES // 2):
        n = 4 if draw == 0 else int(rng.choice([4, 5, 8, 11, 20]))
        own, slope = (1.0, 1.0) if draw == 0 else rng.uniform(0.5, 2.0, 2)
        limit = 0.5 * own * (n - 2) / (n - 1)
        phi = 0.0 if draw % 3 == 0 else float(rng.uniform(0, 0.9)) * limit
        most = 40 / 3 if draw == 0 else float(rng.uniform(3.0, 15.0))
        unit = 0.5 if draw == 0 else float(rng.choice([1.0, 0.5]))
        bounds = AssumptionBounds(n, float(own), phi, float(slope), float(slope), most)
        economy = tight(n, own_effect=float(own), cross_effect=phi, slope=float(slope))
        yield HalfAndHalf(economy, bounds, unit)


def unit_value(value: Floats, slope: float, units: Floats, unit_size: float) -> Floats:
    """Return mu_i(x) of the step to unit x from the one nearer to 0."""
    return value - slope * (units - 0.5 * np.sign(units) * unit_size)


def units_up_to(side: float, count: int, unit: float) -> Floats:
    """Return units Delta, 2 Delta, ... on one side of 0."""
    return np.asarray(side * unit * np.arange(1, count + 1), dtype=np.float64)
