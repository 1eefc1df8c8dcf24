"""Economies of the paper's examples with drawn parameters, and profiles of types."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from deviator.economies import (
    LinearQuadratic,
    fundamental_value,
    heterogeneous,
    linear_quadratic,
    two_groups,
)
from deviator.validation import Floats

ECONOMIES = 40
"""Economies drawn for a statement."""

PROFILES = 8
"""Profiles of types drawn for an economy."""


@final
@dataclass(frozen=True, eq=False)
class DrawnMarket:
    """An economy with its parameters as the closed forms take them, a tax and profiles.

    Attributes
    ----------
    economy : LinearQuadratic
    weights : dict of str to float
        alpha and beta.
    slopes : dict of str to float
        slope, or slope_small and slope_big.
    sigma : float
        Slope of the tax, 0 in the first market.
    types : ndarray of float, shape (PROFILES, N)
    """

    economy: LinearQuadratic
    weights: dict[str, float]
    slopes: dict[str, float]
    sigma: float
    types: Floats

    @property
    def n_traders(self) -> int:
        """Number of traders N."""
        return self.economy.n_traders


def fundamental_value_markets(seed: int) -> Iterator[DrawnMarket]:
    """Draw economies of Example 1 inside A4^N: beta < (N - 2) alpha."""
    rng = np.random.default_rng(seed)
    for place in range(ECONOMIES):
        n, alpha = int(rng.integers(3, 11)), float(rng.uniform(0.3, 2.0))
        weights = {"alpha": alpha, "beta": float(rng.uniform(0, 0.9)) * (n - 2) * alpha}
        slopes = {"slope": float(rng.uniform(0.5, 3.0))}
        economy = fundamental_value(n, **weights, **slopes)
        yield _market(rng, place, economy, weights, slopes)


def two_groups_markets(seed: int) -> Iterator[DrawnMarket]:
    """Draw symmetric economies of Example 2."""
    rng = np.random.default_rng(seed)
    for place in range(ECONOMIES):
        n = 2 * int(rng.integers(2, 6))
        weights = {"alpha": float(rng.uniform(0.3, 2)), "beta": float(rng.uniform(0, 2))}
        slopes = {"slope": float(rng.uniform(0.5, 3.0))}
        yield _market(rng, place, two_groups(n, **weights, **slopes), weights, slopes)


def heterogeneous_markets(seed: int) -> Iterator[DrawnMarket]:
    """Draw economies of Example 3 inside A4^N."""
    rng = np.random.default_rng(seed)
    for place in range(ECONOMIES):
        n, alpha = 2 * int(rng.integers(2, 6)), float(rng.uniform(0.3, 2.0))
        small, big = float(rng.uniform(1.5, 3.0)), float(rng.uniform(0.7, 1.4))
        share = float(rng.uniform(0, 0.9)) * big / small
        weights = {"alpha": alpha, "beta": share * (n - 2) * alpha}
        slopes = {"slope_small": small, "slope_big": big}
        yield _market(rng, place, heterogeneous(n, **weights, **slopes), weights, slopes)


def general_markets(seed: int) -> Iterator[DrawnMarket]:
    """Draw economies with any weights and slopes inside A2, A3 and A4^N, and with intercepts."""
    rng = np.random.default_rng(seed)
    for place in range(ECONOMIES):
        n = int(rng.integers(3, 8))
        own, slope = rng.uniform(0.8, 1.5, n), rng.uniform(0.7, 1.8, n)
        bound = min(slope.min() / slope.max(), (n - 2) / (2 * (n - 1))) * own.min()
        matrix = rng.uniform(0.0, 0.95, (n, n)) * bound
        np.fill_diagonal(matrix, own)
        economy = linear_quadratic(matrix, slope, rng.uniform(-1, 1, n))
        yield _market(rng, place, economy, {}, {})


def _market(
    rng: np.random.Generator,
    place: int,
    economy: LinearQuadratic,
    weights: dict[str, float],
    slopes: dict[str, float],
) -> DrawnMarket:
    sigma = 0.0 if place == 0 else float(rng.uniform(0.0, 1.0))
    types = rng.standard_normal((PROFILES, economy.n_traders))
    return DrawnMarket(economy, weights, slopes, sigma, types)
