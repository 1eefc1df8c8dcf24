"""Laws of types as data."""

from typing import Literal

import numpy as np

from deviator.economies import NormalTypes, TruncatedNormal, TypeDistribution, UniformBox
from deviator.errors import InvalidInputError
from deviator.validation import per_trader

from .settings import Finite, Spec

Law = Literal["normal", "uniform", "truncated-normal"]

Numbers = Finite | list[Finite]
"""One number for all traders, or one each."""


class TypesSpec(Spec):
    """A law of types: a number holds for all traders, a list has one for each.

    Normal types have a mean, a deviation and a correlation of any two; truncated Normal ones are
    independent, and cut to an interval; uniform ones are independent on an interval.
    """

    law: Law = "normal"
    mean: Numbers = 0.0
    deviation: Numbers = 1.0
    correlation: Finite = 0.0
    low: Numbers = 0.0
    high: Numbers = 1.0

    def build_law(self, n_traders: int) -> TypeDistribution:
        """Return the distribution."""
        mean, deviation, low, high = (
            per_trader(name, getattr(self, name), n_traders)
            for name in ("mean", "deviation", "low", "high")
        )
        if self.law == "uniform":
            return UniformBox(low, high)
        if self.law == "truncated-normal":
            return TruncatedNormal(mean, deviation, low, high)
        standard = NormalTypes.exchangeable(n_traders, correlation=self.correlation)
        if (deviation <= 0).any():
            raise InvalidInputError(f"deviation must be positive, got {deviation.min()}")
        return NormalTypes(mean, standard.covariance * np.outer(deviation, deviation))
