"""Examples 1, 4 and 7: every value is alpha s_i + beta mean(s), all slopes are mu.

References
----------
Andreyanov and Sadzik (2021), equations (2.2), (4.14) to (4.17), Example 7 and Appendix C.
"""

import numpy as np
from numpy.typing import ArrayLike

from deviator.economies.information import correlation
from deviator.errors import RefusedError
from deviator.validation import Floats, finite_array, non_negative, positive, trader_count


def price(types: ArrayLike, *, alpha: float, beta: float) -> Floats:
    """Return the sigma-VCG price (alpha + beta) mean(s), equation (4.14).

    The tax slope does not matter to it.

    Parameters
    ----------
    types : array-like of float, shape (B, N)
    alpha, beta : float
        Weights on the own and on the average type.

    Returns
    -------
    ndarray of float, shape (B,)
        In units of money per unit of the good.

    Examples
    --------
    >>> price([[1.0, 0.0, 2.0]], alpha=1.0, beta=0.5)
    array([1.5])
    """
    average = finite_array("types", types, (None, None)).mean(axis=1)
    return np.asarray((alpha + beta) * average)


def quantity(types: ArrayLike, *, alpha: float, slope: float, sigma: float = 0.0) -> Floats:
    """Return the sigma-VCG quantities alpha (s_i - mean(s)) / (mu + sigma), equation (4.14).

    With sigma = 0 they are efficient, equation (2.2).

    Parameters
    ----------
    types : array-like of float, shape (B, N)
    alpha : float
        Weight on the own type.
    slope, sigma : float
        mu and the slope of the tax.

    Examples
    --------
    >>> quantity([[1.0, 0.0, 2.0]], alpha=1.0, slope=2.0)
    array([[ 0. , -0.5,  0.5]])
    """
    checked = finite_array("types", types, (None, None))
    idiosyncratic = checked - checked.mean(axis=1, keepdims=True)
    return np.asarray(alpha / taxed_slope(slope, sigma) * idiosyncratic)


def sigma_n(n_traders: int, *, alpha: float, beta: float, slope: float) -> float:
    """Return the tax slope mu (alpha + beta) / ((N - 2) alpha - beta), equation (4.15).

    Raises
    ------
    RefusedError
        If (N - 2) alpha <= beta: assumption A4^N fails.

    Examples
    --------
    >>> round(sigma_n(10, alpha=1.0, beta=0.5, slope=1.0), 12)
    0.2
    """
    room = (trader_count(n_traders) - 2) * alpha - beta
    if room <= 0:
        raise RefusedError(
            f"sigma_N exists only where (N - 2) alpha > beta (assumption A4^N), got a difference "
            f"of {room:.6g}; add traders"
        )
    return positive("slope", slope) * (alpha + beta) / room


def residual_slope(
    n_traders: int, *, alpha: float, beta: float, slope: float, sigma: float = 0.0
) -> float:
    """Return the slope k = (alpha + beta) (mu + sigma) / ((N - 1) alpha) of residual demand.

    Equation (B.5) for (4.14). At sigma_N it is sigma_N.

    Examples
    --------
    >>> round(residual_slope(10, alpha=1.0, beta=0.5, slope=1.0, sigma=0.2), 12)
    0.2
    """
    return (alpha + beta) * taxed_slope(slope, sigma) / ((trader_count(n_traders) - 1) * alpha)


def transfer(
    types: ArrayLike, *, alpha: float, beta: float, slope: float, sigma: float = 0.0
) -> Floats:
    """Return the sigma-VCG transfers p q_i + (sigma - k) q_i^2 / 2, equation (3.10).

    At sigma_N they are p q_i, equation (4.16), and the budget balances.

    Examples
    --------
    >>> transfer([[1.0, 0.0, 2.0]], alpha=1.0, beta=0.5, slope=2.0)
    array([[ 0.    , -0.9375,  0.5625]])
    """
    bought = quantity(types, alpha=alpha, slope=slope, sigma=sigma)
    discount = residual_slope(bought.shape[1], alpha=alpha, beta=beta, slope=slope, sigma=sigma)
    level = price(types, alpha=alpha, beta=beta)[:, None]
    return level * bought + (sigma - discount) * bought**2 / 2


def inverse_demand(
    own_type: ArrayLike,
    to_clear: ArrayLike,
    *,
    alpha: float,
    beta: float,
    slope: float,
    sigma: float = 0.0,
) -> Floats:
    """Return the conditional inverse demand of Example 7, which reads the total quantity only.

    d_i(s_i)(q_-i) = (alpha + beta) (s_i + (mu + sigma) / alpha sum_{j != i} q_j).

    Parameters
    ----------
    own_type, to_clear : array-like of float, shape (B,)
        s_i, and the quantity that all others receive together.

    Returns
    -------
    ndarray of float, shape (B,)

    Examples
    --------
    >>> inverse_demand([1.0], [0.5], alpha=1.0, beta=0.5, slope=2.0)
    array([3.])
    """
    signal = finite_array("own_type", own_type, (None,))
    total = finite_array("to_clear", to_clear, signal.shape)
    return (alpha + beta) * (signal + taxed_slope(slope, sigma) / alpha * total)


def equilibrium_inverse_demand(
    own_type: ArrayLike, to_clear: ArrayLike, *, alpha: float, beta: float, slope: float, n: int
) -> Floats:
    """Return the inverse demand submitted to the double auction in its linear equilibrium.

    (alpha + beta) (s_i + mu (N - 1) / (alpha (N - 2) - beta) sum_{j != i} q_j), Appendix C: the
    conditional inverse demand of the sigma_N-DCDA. Arguments are those of `inverse_demand`, and
    n the number of traders.

    Examples
    --------
    >>> equilibrium_inverse_demand([1.0], [0.5], alpha=1.0, beta=0.5, slope=1.0, n=10)
    array([2.4])
    """
    signal = finite_array("own_type", own_type, (None,))
    total = finite_array("to_clear", to_clear, signal.shape)
    steepness = positive("slope", slope) * (n - 1) / (alpha * (n - 2) - beta)
    return (alpha + beta) * (signal + steepness * total)


def justified_weights(n_traders: int, *, rho: float, noise: float) -> tuple[float, float]:
    """Return the weights alpha and beta that Normal beliefs give rise to, equation (4.17).

    Values have variance 1 and covariance rho, signals noise of variance zeta: alpha =
    (1 - rho) / (1 - rho + zeta), beta = N rho zeta / ((1 - rho + zeta) (1 + (N - 1) rho + zeta)).
    The printed (4.17) lacks the last "+ zeta"; Appendix C has it.

    Parameters
    ----------
    n_traders : int
    rho : float
        In [0, 1).
    noise : float
        zeta, positive.

    Examples
    --------
    >>> justified_weights(4, rho=0.5, noise=0.5)
    (0.5, 0.3333333333333333)
    """
    return projection_weights(trader_count(n_traders), rho, noise)


def projection_weights(size: int, rho: float, noise: float) -> tuple[float, float]:
    """Return the weights of a value on the own signal and on the average of `size` signals."""
    shared, zeta = correlation(rho), positive("noise", noise)
    idiosyncratic = 1 - shared + zeta
    common = size * shared * zeta / (idiosyncratic * (1 + (size - 1) * shared + zeta))
    return (1 - shared) / idiosyncratic, common


def taxed_slope(slope: float, sigma: float) -> float:
    """Return mu + sigma, the slope of taxed marginal utilities."""
    return positive("slope", slope) + non_negative("sigma", sigma)


def unique_in_example_1(n_traders: int, alpha: float, beta: float) -> bool:
    """Return whether truth is the only equilibrium in Example 1: (N - 2) beta < N alpha.

    Examples
    --------
    >>> unique_in_example_1(4, alpha=1.0, beta=1.9)
    True
    """
    return (n_traders - 2) * beta < n_traders * alpha
