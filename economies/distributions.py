"""Distributions of the types: the only place where types are drawn."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
from numpy.typing import ArrayLike

from deviator.errors import InvalidInputError
from deviator.validation import Floats, finite_array, positive, read_only, trader_count


class TypeDistribution(ABC):
    """A joint law of the traders' types with known first two moments.

    Attributes
    ----------
    mean : ndarray of float, shape (N,)
    covariance : ndarray of float, shape (N, N)
    linear_regressions : bool
        Whether, given one type, the means of the others are linear in it and their covariance
        does not depend on it: so under Normal or independent types. Own-type answers rest on it.
    """

    mean: Floats
    covariance: Floats
    linear_regressions: ClassVar[bool] = False

    @abstractmethod
    def sample(self, rng: np.random.Generator, batch: int) -> Floats:
        """Draw `batch` independent profiles, shape (batch, N)."""

    @abstractmethod
    def matched_sample(self, rng: np.random.Generator, batch: int) -> Floats:
        """Draw profiles whose sample mean and covariance are the law's, where that is possible.

        Means of quadratic functions over such a sample, the gains of linear-quadratic markets
        among them, have no sampling error. Elsewhere it is an ordinary sample.
        """

    @property
    def n_traders(self) -> int:
        """Number of traders N."""
        return len(self.mean)

    @property
    def deviation(self) -> Floats:
        """Standard deviation of each type, shape (N,)."""
        return np.sqrt(np.diagonal(self.covariance))


@final
@dataclass(frozen=True, eq=False)
class NormalTypes(TypeDistribution):
    """Jointly Normal types.

    Parameters
    ----------
    mean : ndarray of float, shape (N,)
    covariance : ndarray of float, shape (N, N)
        Symmetric and positive definite.

    Raises
    ------
    InvalidInputError
        If the shapes do not fit or the covariance is not positive definite.
    """

    mean: Floats
    covariance: Floats
    linear_regressions: ClassVar[bool] = True

    def __post_init__(self) -> None:
        mean = read_only(finite_array("mean", self.mean, (None,)))
        n = trader_count(len(mean))
        covariance = finite_array("covariance", self.covariance, (n, n))
        _check_covariance(covariance)
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "covariance", read_only(covariance))

    @classmethod
    def independent(
        cls, n_traders: int, mean: float = 0.0, deviation: float = 1.0
    ) -> "NormalTypes":
        """Return independent types with a common mean and standard deviation.

        Examples
        --------
        >>> NormalTypes.independent(3).sample(np.random.default_rng(0), 2).shape
        (2, 3)
        """
        n = trader_count(n_traders)
        variance = positive("deviation", deviation) ** 2
        return cls(np.full(n, float(mean)), variance * np.eye(n))

    def sample(self, rng: np.random.Generator, batch: int) -> Floats:
        """Draw profiles, shape (batch, N)."""
        return self._spread(rng.standard_normal((batch, self.n_traders)))

    def matched_sample(self, rng: np.random.Generator, batch: int) -> Floats:
        """Draw profiles whose sample mean and covariance are the law's, for batch > N.

        Quadratic resampling (Barraquand 1995): the noise is centered and whitened.
        """
        noise = rng.standard_normal((batch, self.n_traders))
        if batch <= self.n_traders:
            return self._spread(noise)
        noise = noise - noise.mean(axis=0)
        root = np.linalg.cholesky(noise.T @ noise / batch)
        return self._spread(np.linalg.solve(root, noise.T).T)

    def _spread(self, noise: Floats) -> Floats:
        """Return profiles from standard Normal noise."""
        if np.array_equal(self.covariance, np.diag(np.diagonal(self.covariance))):
            return self.mean + noise * self.deviation
        return self.mean + noise @ np.linalg.cholesky(self.covariance).T


@final
@dataclass(frozen=True, eq=False)
class UniformBox(TypeDistribution):
    """Independent types, each uniform on an interval.

    Parameters
    ----------
    low, high : ndarray of float, shape (N,)
        Ends of the intervals, low below high.

    Examples
    --------
    >>> UniformBox([0, 0, 0], [1, 1, 2]).mean
    array([0.5, 0.5, 1. ])
    """

    low: Floats
    high: Floats
    linear_regressions: ClassVar[bool] = True

    def __post_init__(self) -> None:
        low = read_only(finite_array("low", self.low, (None,)))
        n = trader_count(len(low))
        high = read_only(finite_array("high", self.high, (n,)))
        if (low >= high).any():
            raise InvalidInputError(f"low must be below high, got low={low} and high={high}")
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)
        object.__setattr__(self, "mean", read_only((low + high) / 2))
        object.__setattr__(self, "covariance", read_only(np.diag((high - low) ** 2 / 12)))

    @classmethod
    def common(cls, n_traders: int, low: float = 0.0, high: float = 1.0) -> "UniformBox":
        """Return types that are uniform on one common interval."""
        n = trader_count(n_traders)
        return cls(np.full(n, float(low)), np.full(n, float(high)))

    def sample(self, rng: np.random.Generator, batch: int) -> Floats:
        """Draw profiles, shape (batch, N)."""
        return rng.uniform(self.low, self.high, (batch, self.n_traders))

    def matched_sample(self, rng: np.random.Generator, batch: int) -> Floats:
        """Draw an ordinary sample: matching moments would leave the box."""
        return self.sample(rng, batch)


def standard_types(n_traders: int) -> NormalTypes:
    """Return independent standard Normal types, the default distribution."""
    return NormalTypes.independent(n_traders)


def _check_covariance(covariance: ArrayLike) -> None:
    matrix = np.asarray(covariance)
    if not np.allclose(matrix, matrix.T, rtol=1e-12, atol=0):
        raise InvalidInputError("covariance must be symmetric; average it with its transpose")
    smallest = float(np.linalg.eigvalsh(matrix)[0])
    if smallest <= 0:
        raise InvalidInputError(
            f"covariance must be positive definite, its least eigenvalue is {smallest}"
        )
