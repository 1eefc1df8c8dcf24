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
    non_negative,
    per_trader,
    positive,
    read_only,
    trader_count,
)

from .constructors import even_count
from .distributions import NormalTypes
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
    """

    value_mean: Floats
    signal_mean: Floats
    value_signal_covariance: Floats
    signal_covariance: Floats
    name: str = "normal information"
    roles: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        signals = NormalTypes(self.signal_mean, self.signal_covariance)
        n = signals.n_traders
        value_mean = finite_array("value_mean", self.value_mean, (n,))
        cross = finite_array("value_signal_covariance", self.value_signal_covariance, (n, n))
        object.__setattr__(self, "value_mean", read_only(value_mean))
        object.__setattr__(self, "signal_mean", signals.mean)
        object.__setattr__(self, "value_signal_covariance", read_only(cross))
        object.__setattr__(self, "signal_covariance", signals.covariance)

    @property
    def n_traders(self) -> int:
        """Number of traders N."""
        return len(self.signal_mean)

    def weights(self) -> Floats:
        """Return the projection weights W of E[theta | s], equation (2.6), shape (N, N)."""
        cross = self.value_signal_covariance
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
    correlation = _correlation(rho)
    values = (1 - correlation) * np.eye(n) + correlation
    return _noisy_signals(values, noise, mean, "fundamental value")


def two_groups_information(
    n_traders: int, rho: float, noise: float, mean: ArrayLike = 0.0
) -> NormalInformation:
    """Return Example 5's model: values of variance 1, covariance rho inside each group only.

    `mean` is one number, or one per trader; the first half of the traders is group 1.
    """
    n = even_count(n_traders)
    correlation = _correlation(rho)
    group = np.kron(np.eye(2), np.ones((n // 2, n // 2)))
    values = (1 - correlation) * np.eye(n) + correlation * group
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
    noise, group_noise = (
        positive("var_noise_own", var_noise_own),
        non_negative("var_noise_group", var_noise_group),
    )
    odds = own / (1 - own)
    var_common = common * (2 * noise + n * group_noise) / (2 * n * (1 - own) * (1 - own - common))
    group = np.kron(np.eye(2), np.ones((n // 2, n // 2)))
    values = odds * noise * np.eye(n) + odds * group_noise * group + var_common
    signals = values + noise * np.eye(n) + group_noise * group
    roles = ("small",) * (n // 2) + ("big",) * (n // 2)
    zeros = np.zeros(n)
    return NormalInformation(zeros, zeros, values, signals, "heterogeneous", roles)


def _noisy_signals(values: Floats, noise: float, mean: ArrayLike, name: str) -> NormalInformation:
    n = len(values)
    signals = values + positive("noise", noise) * np.eye(n)
    means = per_trader("mean", mean, n)
    return NormalInformation(means, means, values, signals, name)


def _correlation(rho: float) -> float:
    number = finite_number("rho", rho)
    if not 0 <= number < 1:
        raise InvalidInputError(f"rho must be in [0, 1), got {number}")
    return number
