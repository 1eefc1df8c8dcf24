"""The law of the types where none is stated: standard Normal, cut to the sets of types."""

from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
from typing_extensions import override

from deviator.errors import InvalidInputError
from deviator.validation import Floats, finite_array, freeze, trader_count

from .distributions import NormalTypes, TruncatedNormal, TypeDistribution, identity

WRITTEN_OUT = 2000
"""Among more traders than that a law of independent types does not write out its covariance."""


@final
@dataclass(frozen=True, eq=False)
class IndependentNormal(TypeDistribution):
    """Independent Normal types, for any number of traders: no covariance is held.

    Parameters
    ----------
    mean, spread : ndarray of float, shape (N,)
        Means and standard deviations.

    Raises
    ------
    InvalidInputError
        If the shapes do not fit or a spread is not positive.

    Examples
    --------
    >>> law = IndependentNormal(np.zeros(100_000), np.ones(100_000))
    >>> law.sample(np.random.default_rng(0), 2).shape
    (2, 100000)
    """

    mean: Floats
    spread: Floats
    linear_regressions: ClassVar[bool] = True

    def __post_init__(self) -> None:
        mean = finite_array("mean", self.mean, (None,))
        spread = finite_array("spread", self.spread, (trader_count(len(mean)),))
        if (spread <= 0).any():
            raise InvalidInputError(f"spread must be positive, got {spread.min()}")
        freeze(self, mean=mean, spread=spread)

    @property
    def covariance(self) -> Floats:  # type: ignore[override]
        """The covariance written out, shape (N, N); RefusedError if there is no memory for it."""
        return identity(self.n_traders) * self.spread**2

    @property
    @override
    def deviation(self) -> Floats:
        return self.spread

    @override
    def sample(self, rng: np.random.Generator, batch: int) -> Floats:
        return self.mean + self.spread * rng.standard_normal((batch, self.n_traders))


def standard_types(n_traders: int) -> TypeDistribution:
    """Return independent standard Normal types, the default distribution."""
    if n_traders <= WRITTEN_OUT:
        return NormalTypes.independent(n_traders)
    return IndependentNormal(np.zeros(n_traders), np.ones(n_traders))


def bounded_types(low: Floats, high: Floats) -> TypeDistribution:
    """Return the law of types in a set where none is stated.

    Standard Normal where the set is unbounded. Where it has both ends, a Normal law around its
    middle whose standard deviation is half its width, cut to it; with one end, the standard Normal
    law cut to it, moved to the end where it lies outside.
    """
    if np.isinf(low).all() and np.isinf(high).all():
        return standard_types(len(low))
    both = np.isfinite(low) & np.isfinite(high)
    ends = np.where(both, low, 0.0), np.where(both, high, 0.0)
    center = np.where(both, (ends[0] + ends[1]) / 2, np.clip(0.0, low, high))
    spread = np.where(both, (ends[1] - ends[0]) / 2, 1.0)
    return TruncatedNormal(center, spread, low, high)
