"""Normal information structures: values theta and signals s, jointly Normal.

A trader's utility theta_i q_i - (mu_i / 2) q_i^2 becomes, given all signals, the
linear-quadratic utility with weights E[theta_i | s] = c_i + sum_j w_ij s_j, equation (2.6).
The printed (4.17) and (4.18) lack a "+ zeta"; the weights here are computed by projection.
"""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike

from deviator.errors import InvalidInputError
from deviator.validation import (
    Floats,
    finite_array,
    finite_number,
    freeze,
    non_negative,
    per_trader,
    positive,
    trader_count,
)

from .constructors import even_count
from .distributions import NormalTypes, check_symmetric
from .linear_quadratic import LinearQuadratic


@final
@dataclass(frozen=True, eq=False)
class NormalInformation:
    """Jointly Normal values and signals.

    Parameters
    ----------
    value_mean, signal_mean : ndarray of float, shape (N,)
    value_signal_covariance : ndarray of float, shape (N, N)
        Cov(theta_i, s_j), row i the value.
    signal_covariance : ndarray of float, shape (N, N)
        Positive definite.
    name : str
        Name of the model, given to its economy.
    roles : tuple of str
        Roles of the traders, given to its economy.
    value_covariance : ndarray of float, shape (N, N), optional
        Cov(theta), where the joint law of values and signals is known. Expected utilities and
        equilibria do not depend on it; `sample` does.

    Raises
    ------
    InvalidInputError
        If shapes do not fit, the signals' covariance is not positive definite, or no joint law has
        these covariances.
    """

    value_mean: Floats
    signal_mean: Floats
    value_signal_covariance: Floats
    signal_covariance: Floats
    name: str = "normal information"
    roles: tuple[str, ...] = ()
    value_covariance: Floats | None = None

    def __post_init__(self) -> None:
        signals = NormalTypes(self.signal_mean, self.signal_covariance)
        n = signals.n_traders
        value_mean = finite_array("value_mean", self.value_mean, (n,))
        cross = finite_array("value_signal_covariance", self.value_signal_covariance, (n, n))
        freeze(self, value_mean=value_mean, value_signal_covariance=cross)
        freeze(self, signal_mean=signals.mean, signal_covariance=signals.covariance)
        if self.value_covariance is not None:
            values = finite_array("value_covariance", self.value_covariance, (n, n))
            freeze(self, value_covariance=values)
            _check_joint_law(values, self._unexplained(values))

    @property
    def n_traders(self) -> int:
        """Number of traders N."""
        return len(self.signal_mean)

    def weights(self) -> Floats:
        """Return the projection weights W of E[theta | s], equation (2.6), shape (N, N).

        Where all traders are alike, so are the weights, to the last digit.
        """
        cross = self.value_signal_covariance
        shared = _exchangeable(cross), _exchangeable(self.signal_covariance)
        if shared[0] is not None and shared[1] is not None:
            return _exchangeable_weights(self.n_traders, shared[0], shared[1])
        return np.asarray(np.linalg.solve(self.signal_covariance, cross.T).T, dtype=np.float64)

    def economy(self, slope: ArrayLike) -> LinearQuadratic:
        """Return the linear-quadratic economy of the expected utilities given all signals.

        Parameters
        ----------
        slope : float or array-like of float, shape (N,)
            Slopes of the marginal utilities.
        """
        weights = self.weights()
        intercept = self.value_mean - weights @ self.signal_mean
        slopes = per_trader("slope", slope, self.n_traders)
        return LinearQuadratic(weights, slopes, intercept, name=self.name, roles=self.roles)

    def types(self) -> NormalTypes:
        """Return the distribution of the signals, which are the types."""
        return NormalTypes(self.signal_mean, self.signal_covariance)

    def sample(self, rng: np.random.Generator, batch: int) -> tuple[Floats, Floats]:
        """Draw values and signals jointly, each of shape (batch, N).

        Raises
        ------
        InvalidInputError
            If the joint law is not known.
        """
        if self.value_covariance is None:
            raise InvalidInputError(
                "value_covariance must be known to draw values, got None; signals alone are drawn "
                "by types()"
            )
        signals = self.types().sample(rng, batch)
        expected = self.value_mean + (signals - self.signal_mean) @ self.weights().T
        size, directions = np.linalg.eigh(self._unexplained(self.value_covariance))
        root = directions * np.sqrt(np.maximum(size, 0.0))
        return expected + rng.standard_normal((batch, self.n_traders)) @ root.T, signals

    def _unexplained(self, value_covariance: Floats) -> Floats:
        """Return Cov(theta | s)."""
        return value_covariance - self.weights() @ self.value_signal_covariance.T


def normal_information(
    value_mean: ArrayLike,
    signal_mean: ArrayLike,
    value_signal_covariance: ArrayLike,
    signal_covariance: ArrayLike,
    value_covariance: ArrayLike | None = None,
    name: str = "normal information",
) -> NormalInformation:
    """Return jointly Normal values and signals from plain numbers.

    Parameters
    ----------
    value_mean, signal_mean : float or array-like of float, shape (N,)
        One number for all traders, or one each.
    value_signal_covariance, signal_covariance : array-like of float, shape (N, N)
        Cov(theta_i, s_j) and Cov(s).
    value_covariance : array-like of float, shape (N, N), optional
        Cov(theta).
    name : str
        Name given to the economy.

    Raises
    ------
    InvalidInputError
        As in `NormalInformation`.

    Examples
    --------
    Independent values of variance 1, seen with noise of variance 1:

    >>> information = normal_information(0.0, 0.0, np.eye(3), 2 * np.eye(3), np.eye(3))
    >>> information.weights()[0]
    array([0.5, 0. , 0. ])
    """
    signals = finite_array("signal_covariance", signal_covariance, (None, None))
    n = trader_count(len(signals))
    return NormalInformation(
        per_trader("value_mean", value_mean, n),
        per_trader("signal_mean", signal_mean, n),
        finite_array("value_signal_covariance", value_signal_covariance, (n, n)),
        signals,
        name,
        value_covariance=value_covariance,  # type: ignore[arg-type]
    )


def fundamental_value_information(
    n_traders: int, rho: float, noise: float, mean: float = 0.0
) -> NormalInformation:
    """Return Example 4's model: values of variance 1 and covariance rho, signals with noise.

    Parameters
    ----------
    n_traders : int
    rho : float
        Covariance of any two values, in [0, 1).
    noise : float
        Variance zeta of the signals' noise, positive.
    mean : float
        Common mean of the values and signals.

    Examples
    --------
    The weights of (4.17) with its missing term, for N = 4, rho = zeta = 1/2:

    >>> fundamental_value_information(4, 0.5, 0.5).weights()[0].round(12)
    array([0.58333333, 0.08333333, 0.08333333, 0.08333333])
    """
    n = trader_count(n_traders)
    shared = correlation(rho)
    values = (1 - shared) * np.eye(n) + shared
    return _noisy_signals(values, noise, mean, "fundamental value")


def two_groups_information(
    n_traders: int, rho: float, noise: float, mean: ArrayLike = 0.0
) -> NormalInformation:
    """Return Example 5's model: values of variance 1, covariance rho inside each group only.

    `mean` is one number, or one per trader; the first half of the traders is group 1.
    """
    n = even_count(n_traders)
    shared = correlation(rho)
    values = (1 - shared) * np.eye(n) + shared * _same_half(n)
    return _noisy_signals(values, noise, mean, "two groups")


def heterogeneous_information(
    n_traders: int, alpha: float, beta: float, var_noise_own: float, var_noise_group: float
) -> NormalInformation:
    """Return a model of Example 6's continuum that justifies the weights alpha and beta, (4.21).

    Parameters
    ----------
    n_traders : int
        Even; the first half is small.
    alpha, beta : float
        Weights on the own type and on the average type; positive, alpha + beta < 1.
    var_noise_own, var_noise_group : float
        Variances of the idiosyncratic noise (positive) and of the group noise.

    Raises
    ------
    InvalidInputError
        If alpha + beta is not below 1, or an input is malformed.
    """
    n = even_count(n_traders)
    own, common = positive("alpha", alpha), non_negative("beta", beta)
    if own + common >= 1:
        raise InvalidInputError(f"alpha + beta must be below 1 for (4.21), got {own + common}")
    noise = positive("var_noise_own", var_noise_own)
    group_noise = non_negative("var_noise_group", var_noise_group)
    odds = own / (1 - own)
    var_common = common * (2 * noise + n * group_noise) / (2 * n * (1 - own) * (1 - own - common))
    group = _same_half(n)
    values = odds * noise * np.eye(n) + odds * group_noise * group + var_common
    signals = values + noise * np.eye(n) + group_noise * group
    roles = ("small",) * (n // 2) + ("big",) * (n // 2)
    zeros = np.zeros(n)
    return NormalInformation(zeros, zeros, values, signals, "heterogeneous", roles, values)


def _exchangeable(matrix: Floats) -> tuple[float, float] | None:
    """Return x and y of a matrix x I + y 11', None where it is not one."""
    common = float(matrix[0, 1])
    own = float(matrix[0, 0]) - common
    alike = np.array_equal(matrix, matrix[0, 0] * np.eye(len(matrix)) + common * _others(matrix))
    return (own, common) if alike else None


def _others(matrix: Floats) -> Floats:
    return np.asarray(1 - np.eye(len(matrix)))


def _exchangeable_weights(
    n_traders: int, cross: tuple[float, float], signal: tuple[float, float]
) -> Floats:
    """Return (c I + d 11') (a I + b 11')^-1 = (c / a) I + (a d - b c) / (a (a + N b)) 11'."""
    (c, d), (a, b) = cross, signal
    common = (a * d - b * c) / (a * (a + n_traders * b))
    return np.asarray(c / a * np.eye(n_traders) + common)


def _same_half(n_traders: int) -> Floats:
    """Return 1 where two traders are of the same group, else 0, shape (N, N)."""
    half = np.repeat([0, 1], n_traders // 2)
    return np.asarray(half == half[:, None], dtype=np.float64)


def _noisy_signals(values: Floats, noise: float, mean: ArrayLike, name: str) -> NormalInformation:
    n = len(values)
    signals = values + positive("noise", noise) * np.eye(n)
    means = per_trader("mean", mean, n)
    return NormalInformation(means, means, values, signals, name, value_covariance=values)


def _check_joint_law(values: Floats, unexplained: Floats) -> None:
    """Check that values have a covariance, and one left when signals are known."""
    check_symmetric("value_covariance", values)
    rounding = len(values) * 1e-12 * float(np.abs(np.diagonal(values)).max())
    least = float(np.linalg.eigvalsh((unexplained + unexplained.T) / 2)[0])
    if least < -rounding:
        raise InvalidInputError(
            "the joint covariance of values and signals must be positive semidefinite, given the "
            f"signals that of the values has the eigenvalue {least:.6g}; raise value_covariance"
        )


def correlation(rho: float) -> float:
    """Return a covariance of values of variance 1, in [0, 1)."""
    number = finite_number("rho", rho)
    if not 0 <= number < 1:
        raise InvalidInputError(f"rho must be in [0, 1), got {number}")
    return number
