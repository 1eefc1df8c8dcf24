"""Distributions of the types: the only place where types are drawn."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, final

import numpy as np
from numpy.typing import ArrayLike
from typing_extensions import override

from deviator.errors import InvalidInputError
from deviator.memory import require_memory
from deviator.validation import (
    Floats,
    finite_array,
    finite_number,
    freeze,
    per_trader,
    positive,
    read_only,
    trader_count,
)

MATRICES_AT_ONCE = 4
"""Arrays of traders by traders held at once while an economy or law that writes one is made."""


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

    def matched_sample(self, rng: np.random.Generator, batch: int) -> Floats:
        """Draw profiles whose sample mean and covariance are the law's, where that is possible.

        Means of quadratic functions over such a sample, the gains of linear-quadratic markets
        among them, have no sampling error. Elsewhere it is an ordinary sample.
        """
        return self.sample(rng, batch)

    @property
    def n_traders(self) -> int:
        """Number of traders N."""
        return len(self.mean)

    @property
    def support(self) -> tuple[Floats, Floats]:
        """Least and largest value of each type, each of shape (N,); infinite by default."""
        return _everything(self.n_traders)

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
        mean = finite_array("mean", self.mean, (None,))
        n = trader_count(len(mean))
        covariance = finite_array("covariance", self.covariance, (n, n))
        check_symmetric("covariance", covariance)
        smallest = float(np.linalg.eigvalsh(covariance)[0])
        if smallest <= 0:
            raise InvalidInputError(
                f"covariance must be positive definite, its least eigenvalue is {smallest}"
            )
        freeze(self, mean=mean, covariance=covariance)

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
        return cls.exchangeable(n_traders, mean, deviation)

    @classmethod
    def exchangeable(
        cls, n_traders: int, mean: float = 0.0, deviation: float = 1.0, correlation: float = 0.0
    ) -> "NormalTypes":
        """Return types with a common mean and standard deviation, any two equally correlated.

        Parameters
        ----------
        n_traders : int
        mean, deviation : float
        correlation : float
            Above -1 / (N - 1) and below 1.

        Raises
        ------
        InvalidInputError
            If no law has this correlation, or an input is malformed.

        Examples
        --------
        >>> NormalTypes.exchangeable(3, deviation=2.0, correlation=0.25).covariance[0]
        array([4., 1., 1.])
        """
        n, common = trader_count(n_traders), finite_number("correlation", correlation)
        if not -1 / (n - 1) < common < 1:
            raise InvalidInputError(
                f"correlation must be above -1/(N-1) = {-1 / (n - 1):.6g} and below 1, got {common}"
            )
        variance = positive("deviation", deviation) ** 2
        covariance = variance * ((1 - common) * identity(n) + common)
        return cls(np.full(n, finite_number("mean", mean)), covariance)

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
        """Return profiles from standard Normal noise, in its place."""
        if self._root.ndim == 2:
            noise = noise @ self._root.T
        elif (self._root != 1).any():
            noise *= self._root
        if self.mean.any():
            noise += self.mean
        return noise

    @cached_property
    def _root(self) -> Floats:
        """The covariance's Cholesky factor; of independent types, their deviations."""
        if np.array_equal(self.covariance, np.diag(np.diagonal(self.covariance))):
            return self.deviation
        return np.asarray(np.linalg.cholesky(self.covariance), dtype=np.float64)


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
        low = finite_array("low", self.low, (None,))
        n = trader_count(len(low))
        high = finite_array("high", self.high, (n,))
        if (low >= high).any():
            raise InvalidInputError(f"low must be below high, got low={low} and high={high}")
        variance = (high - low) ** 2 / 12
        freeze(self, low=low, high=high, mean=(low + high) / 2, covariance=identity(n) * variance)

    @classmethod
    def common(cls, n_traders: int, low: float = 0.0, high: float = 1.0) -> "UniformBox":
        """Return types that are uniform on one common interval."""
        n = trader_count(n_traders)
        return cls(np.full(n, float(low)), np.full(n, float(high)))

    def sample(self, rng: np.random.Generator, batch: int) -> Floats:
        """Draw profiles, shape (batch, N)."""
        return rng.uniform(self.low, self.high, (batch, self.n_traders))

    @property
    @override
    def support(self) -> tuple[Floats, Floats]:
        return self.low, self.high


@final
@dataclass(frozen=True, eq=False)
class TruncatedNormal(TypeDistribution):
    """Independent Normal types, each cut to an interval.

    Parameters
    ----------
    center, spread : ndarray of float, shape (N,)
        Mean and standard deviation before the cut; `mean` and `covariance` are those after it.
    low, high : ndarray of float, shape (N,)
        Ends of the intervals, low below high; an end may be infinite.

    Raises
    ------
    InvalidInputError
        If shapes do not fit, an interval is empty, or a spread is not positive.

    Examples
    --------
    >>> TruncatedNormal.common(3, mean=0.0, deviation=1.0, low=0.0, high=np.inf).mean.round(4)
    array([0.7979, 0.7979, 0.7979])
    """

    center: Floats
    spread: Floats
    low: Floats
    high: Floats
    linear_regressions: ClassVar[bool] = True

    def __post_init__(self) -> None:
        center = finite_array("center", self.center, (None,))
        n = trader_count(len(center))
        spread = finite_array("spread", self.spread, (n,))
        if (spread <= 0).any():
            raise InvalidInputError(f"spread must be positive, got {spread.min()}")
        low, high = type_set("type", self.low, self.high, n)
        freeze(self, center=center, spread=spread, low=low, high=high)
        law = self._law()
        mean, variance = law.mean(), law.var()
        if not (np.isfinite(mean).all() and (variance > 0).all()):
            raise InvalidInputError(
                "the interval must hold a share of the Normal law that can be computed with, got "
                f"low={low} and high={high} around {center}; move the center into the interval"
            )
        freeze(self, mean=mean, covariance=identity(n) * variance)

    @classmethod
    def common(
        cls, n_traders: int, mean: float, deviation: float, low: float, high: float
    ) -> "TruncatedNormal":
        """Return types with one common law; mean and deviation are those before the cut."""
        n = trader_count(n_traders)
        center = np.full(n, finite_number("mean", mean))
        spread = np.full(n, positive("deviation", deviation))
        return cls(center, spread, np.full(n, float(low)), np.full(n, float(high)))

    @property
    @override
    def support(self) -> tuple[Floats, Floats]:
        return self.low, self.high

    @override
    def sample(self, rng: np.random.Generator, batch: int) -> Floats:
        drawn = self._law().ppf(rng.uniform(size=(batch, self.n_traders)))
        return np.clip(np.asarray(drawn, dtype=np.float64), self.low, self.high)

    def _law(self) -> Any:
        # Its import takes longer than all of deviator's, and few laws need it.
        from scipy.stats import truncnorm

        ends = (self.low - self.center) / self.spread, (self.high - self.center) / self.spread
        return truncnorm(*ends, loc=self.center, scale=self.spread)


def type_set(
    name: str, low: ArrayLike | None, high: ArrayLike | None, n_traders: int
) -> tuple[Floats, Floats]:
    """Return intervals of types, one per trader, from ends that may be missing or infinite.

    Errors call the intervals by `name`.

    Raises
    ------
    InvalidInputError
        If a shape does not fit, a number is NaN, or low is not below high.
    """
    everything = _everything(n_traders)
    ends = []
    for side, value, missing in (("low", low, everything[0]), ("high", high, everything[1])):
        end = missing if value is None else np.asarray(value, dtype=np.float64)
        known = np.where(np.isinf(end), 0.0, end)
        per_trader(f"{name}_{side}", known if end.ndim else float(known), n_traders)
        ends.append(read_only(np.broadcast_to(end, (n_traders,))))
    empty = np.flatnonzero(~(ends[0] < ends[1]))
    if len(empty):
        trader = int(empty[0])
        raise InvalidInputError(
            f"{name}_low must be below {name}_high, got {ends[0][trader]} and {ends[1][trader]} "
            f"for trader {trader}"
        )
    return ends[0], ends[1]


def identity(n_traders: int) -> Floats:
    """Return the identity matrix, shape (N, N), from which weights or covariances are made.

    Raises
    ------
    RefusedError
        If such arrays need more memory than there is.
    """
    require_memory(
        8.0 * MATRICES_AT_ONCE * n_traders**2,
        f"an economy, or law of types, of {n_traders} traders that is written out",
        "build a factored economy (deviator.economies.factored), and draw types with NumPy",
    )
    return np.eye(n_traders)


def _everything(n_traders: int) -> tuple[Floats, Floats]:
    return np.full(n_traders, -np.inf), np.full(n_traders, np.inf)


def check_symmetric(name: str, matrix: Floats) -> None:
    """Refuse a covariance that is not symmetric."""
    if not np.allclose(matrix, matrix.T, rtol=1e-12, atol=0):
        raise InvalidInputError(f"{name} must be symmetric; average it with its transpose")
