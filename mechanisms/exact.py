"""Economies, bids and cleared markets in rational numbers, for certificates.

Every float is a rational number, so a market given in floats has an exact answer.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import final

import numpy as np

from deviator.economies import Factored, QuadraticEconomy
from deviator.numerics.rational import Rationals, rational, rational_inverse, rational_product


@final
@dataclass(frozen=True, eq=False)
class RationalEconomy:
    """A linear-quadratic economy in exact numbers, with the fields of `LinearQuadratic`."""

    weights: Rationals
    slope: Rationals
    intercept: Rationals
    own: Rationals | None = None  # the diagonal part of the weights of a `Factored` economy

    @classmethod
    def of(cls, economy: QuadraticEconomy) -> "RationalEconomy":
        """Return the exact value of an economy given in floats; W is written out."""
        slope, intercept = rational(economy.slope), rational(economy.intercept)
        if not isinstance(economy, Factored):
            return cls(rational(economy.weights), slope, intercept)
        own = rational(economy.own)
        rest = rational_product(rational(economy.loadings), rational(economy.statistics))
        return cls(np.diag(own) + rest, slope, intercept, own)

    @property
    def n_traders(self) -> int:
        """Number of traders N."""
        return len(self.slope)

    @cached_property
    def inverse_weights(self) -> Rationals | None:
        """W^-1, shape (N, N); None where W is singular."""
        return rational_inverse(self.weights)

    def value(self, types: Rationals) -> Rationals:
        """Return v = W s + c for types of shape (M, N)."""
        values: Rationals = rational_product(types, self.weights.T) + self.intercept
        return values


@final
@dataclass(frozen=True, eq=False)
class RationalBids:
    """Exact bids in M markets that differ in their levels only."""

    coefficients: Rationals  # (N, K - 1), the bids without their levels
    levels: Rationals  # (M, N)


@final
@dataclass(frozen=True, eq=False)
class RationalSolution:
    """Exact clearing of M markets that trade and share their slopes."""

    price: Rationals  # (M,)
    quantity: Rationals  # (M, N)
    residual_slope: Rationals  # (N,)
