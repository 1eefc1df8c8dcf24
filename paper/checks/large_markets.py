"""Large markets in factored form, in which interdependence falls at a given rate."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from deviator.economies import AssumptionBounds, Factored, factored, sigma_n_from
from deviator.mechanisms import Reports, SigmaVCG
from deviator.validation import Floats

SIZES = (10, 100, 1000, 4000)
"""Numbers of traders."""

RATES: Mapping[str, Callable[[int], float]] = MappingProxyType(
    {
        "0": lambda n: 0.0,
        "1/(4 N)": lambda n: 0.25 / n,
        "1/(4 sqrt N)": lambda n: 0.25 / n**0.5,
        "1/(4 log N)": lambda n: 0.25 / float(np.log(n)),
    }
)
"""How phi_N may depend on N, by name."""


class LargeMarket(NamedTuple):
    """An economy of large trades, its bounds, and profiles at which they are attained."""

    economy: Factored
    bounds: AssumptionBounds
    quantity: Floats  # (M, N), efficient quantities

    @property
    def types(self) -> Floats:
        """Profiles with these efficient quantities, (M, N)."""
        value = self.economy.slope * self.quantity
        return np.stack([self.economy.types_behind(row) for row in value])

    def distance(self, sigma: float) -> float:
        """Return the largest |q - q^0| of sigma-VCG at the profiles."""
        taxed = SigmaVCG(self.economy, sigma).clear(Reports(self.types)).quantity
        return float(np.abs(taxed - self.quantity).max())

    def loss(self, sigma: float) -> float:
        """Return the largest deadweight loss of sigma-VCG at the profiles."""
        types = self.types
        taxed = SigmaVCG(self.economy, sigma).clear(Reports(types)).quantity
        utility = self.economy.utility(self.quantity, types) - self.economy.utility(taxed, types)
        return float(utility.sum(axis=1).max())

    def surplus(self, sigma: float) -> float:
        """Return the least sum of transfers at the profiles, in m_bar qbar^2."""
        paid = SigmaVCG(self.economy, sigma).clear(Reports(self.types)).transfer.sum(axis=1)
        return float(paid.min() / (self.bounds.steepest * self.bounds.largest_trade**2))


def even_market(n_traders: int, phi: float, largest_trade: float = 1.0) -> LargeMarket:
    """Return the economy (A.1), m_o = 1.2 and m_bar = 0.8; half of the traders buy qbar each.

    Examples
    --------
    >>> even_market(4, phi=0.2).economy.effects_on(0).round(12)
    array([1.2, 0.2, 0.2, 0.2])
    """
    ones = np.ones(n_traders)
    economy = factored((1.2 - phi) * ones, phi * ones[:, None], ones[None], slope=0.8)
    bounds = AssumptionBounds(n_traders, 1.2, phi, 0.8, 0.8, largest_trade)
    quantity = np.repeat([largest_trade, -largest_trade], n_traders // 2)
    return LargeMarket(economy, bounds, quantity[None])


def mixed_market(n_traders: int, phi: float) -> LargeMarket:
    """Return an economy in which all types move the values of the flat half of the traders.

    Slopes are 2 and 1, and m_o = 1. In the first profile steep traders buy from flat ones, but for
    one of each; in the second one two steep traders trade, whose types move the price most.

    Examples
    --------
    >>> mixed_market(4, phi=0.1).economy.weights.round(12)
    array([[1.  , 0.  , 0.  , 0.  ],
           [0.  , 1.  , 0.  , 0.  ],
           [0.15, 0.15, 1.  , 0.15],
           [0.15, 0.15, 0.15, 1.  ]])
    """
    half = n_traders // 2
    moved = np.repeat([0.0, phi * (n_traders - 1) / half], half)
    slope = np.repeat([2.0, 1.0], half)
    economy = factored(1.0 - moved, moved[:, None], np.ones((1, n_traders)), slope)
    quantity = np.stack([np.repeat([1.0, -1.0], half), np.zeros(n_traders)])
    quantity[0, [half, 0]] = 1.0, -1.0
    quantity[1, :2] = 1.0, -1.0
    return LargeMarket(economy, AssumptionBounds(n_traders, 1.0, phi, 1.0, 2.0), quantity)


def repaired_slope(bounds: AssumptionBounds) -> float:
    """Return a slope at which no economy within the bounds is in deficit.

    (3.13) with (m_bar / m_low) phi_N for phi_N, which is phi_N itself where slopes are equal: the
    average in (B.5), weighted by slopes, exceeds the plain one at most by this factor.
    """
    weighted = bounds.steepest / bounds.flattest * bounds.interdependence
    return sigma_n_from(replace(bounds, interdependence=weighted, kind="maximum"))
