"""Examples 3, 6 and 7: the fundamental value with small traders (steep) and big ones (flat).

The first half of the traders is small, S; the other half big, B.

References
----------
Andreyanov and Sadzik (2021), equations (2.4), (4.21), (C.1) to (C.4), Examples 6 and 7.
"""

import numpy as np
from numpy.typing import ArrayLike

from deviator.economies.constructors import even_count
from deviator.validation import Floats, finite_array, non_negative, positive

from . import fundamental_value
from .two_groups import group_means


def group_weights(*, slope_small: float, slope_big: float, sigma: float = 0.0) -> Floats:
    """Return gamma_S and gamma_B, the weights of the groups' types in the price, shape (2,).

    gamma_G = (sigma + mu_-G) / (2 sigma + mu_B + mu_S), Example 6. The explicit transfers of
    Appendix C print mu_G in place of mu_-G.

    Examples
    --------
    >>> group_weights(slope_small=3.0, slope_big=1.0)
    array([0.25, 0.75])
    """
    tax = non_negative("sigma", sigma)
    small, big = positive("slope_small", slope_small), positive("slope_big", slope_big)
    return np.array([tax + big, tax + small]) / (2 * tax + small + big)


def price(
    types: ArrayLike,
    *,
    alpha: float,
    beta: float,
    slope_small: float,
    slope_big: float,
    sigma: float = 0.0,
) -> Floats:
    """Return the sigma-VCG price alpha (gamma_S mean(s^S) + gamma_B mean(s^B)) + beta mean(s).

    Parameters
    ----------
    types : array-like of float, shape (B, N)
    alpha, beta : float
        Weights on the own and on the average type.
    slope_small, slope_big : float
        mu_S and mu_B.
    sigma : float
        Slope of the tax.

    Returns
    -------
    ndarray of float, shape (B,)

    Examples
    --------
    >>> price([[4.0, 0.0, 0.0, 0.0]], alpha=1.0, beta=0.5, slope_small=3.0, slope_big=1.0)
    array([1.])
    """
    means = group_means(types)[:, [0, -1]]
    weights = group_weights(slope_small=slope_small, slope_big=slope_big, sigma=sigma)
    return np.asarray(alpha * (means @ weights) + beta * means.mean(axis=1))


def quantity(
    types: ArrayLike,
    *,
    alpha: float,
    beta: float,
    slope_small: float,
    slope_big: float,
    sigma: float = 0.0,
) -> Floats:
    """Return the sigma-VCG quantities (alpha s_i + beta mean(s) - p^sigma) / (mu_G + sigma).

    With sigma = 0 they are efficient, equation (2.4); the printed (2.4) has p^sigma where p^0
    belongs.
    """
    checked = finite_array("types", types, (None, None))
    settings = {"slope_small": slope_small, "slope_big": slope_big, "sigma": sigma}
    level = price(checked, alpha=alpha, beta=beta, **settings)[:, None]
    value = alpha * checked + beta * checked.mean(axis=1, keepdims=True)
    return np.asarray(
        (value - level) / _taxed_slopes(checked.shape[1], slope_small, slope_big, sigma)
    )


def sigma_n(
    n_traders: int, *, alpha: float, beta: float, slope_small: float, slope_big: float
) -> float:
    """Return the tax slope of Proposition 2, that of Example 4 for the steeper demand.

    Examples
    --------
    >>> round(sigma_n(10, alpha=1.0, beta=0.5, slope_small=2.0, slope_big=0.6), 12)
    0.4
    """
    steepest = max(slope_small, slope_big)
    return fundamental_value.sigma_n(even_count(n_traders), alpha=alpha, beta=beta, slope=steepest)


def residual_slope(
    n_traders: int,
    *,
    alpha: float,
    beta: float,
    slope_small: float,
    slope_big: float,
    sigma: float = 0.0,
) -> Floats:
    """Return k_i = (sigma + mu_G) (beta + 2 alpha gamma_G) / (alpha (N - 2 gamma_G)), shape (N,).

    The slope in the transfers of Example 6, Appendix C.

    Examples
    --------
    >>> residual_slope(4, alpha=1.0, beta=0.5, slope_small=3.0, slope_big=1.0).round(6)
    array([0.857143, 0.857143, 0.8     , 0.8     ])
    """
    n = even_count(n_traders)
    pair = group_weights(slope_small=slope_small, slope_big=slope_big, sigma=sigma)
    gamma = np.repeat(pair, n // 2)
    bend = _taxed_slopes(n, slope_small, slope_big, sigma)
    return np.asarray(bend * (beta + 2 * alpha * gamma) / (alpha * (n - 2 * gamma)))


def transfer(
    types: ArrayLike,
    *,
    alpha: float,
    beta: float,
    slope_small: float,
    slope_big: float,
    sigma: float = 0.0,
) -> Floats:
    """Return the sigma-VCG transfers p q_i + (sigma - k_i) q_i^2 / 2 of Example 6, Appendix C."""
    checked = finite_array("types", types, (None, None))
    settings = {
        "alpha": alpha,
        "beta": beta,
        "slope_small": slope_small,
        "slope_big": slope_big,
        "sigma": sigma,
    }
    bought = quantity(checked, **settings)
    discount = residual_slope(checked.shape[1], **settings)
    level = price(checked, **settings)[:, None]
    return np.asarray(level * bought + (sigma - discount) * bought**2 / 2)


def inverse_demand(
    own_type: ArrayLike,
    others: ArrayLike,
    other_group: ArrayLike,
    *,
    alpha: float,
    beta: float,
    own_slope: float,
    other_slope: float,
    sigma: float = 0.0,
) -> Floats:
    """Return the conditional inverse demand of Example 7, of a big or of a small trader.

    (alpha + beta) (s_i + (mu_G + sigma) / alpha sum_{j != i} q_j) + beta (mu_-G - mu_G) /
    (2 alpha) qbar^-G, with the average quantity of the other group; the paper's mu is mu_G here.

    Parameters
    ----------
    own_type, others, other_group : array-like of float, shape (B,)
        s_i; what all others receive together; and the other group's average quantity.
    own_slope, other_slope : float
        mu_G and mu_-G.

    Returns
    -------
    ndarray of float, shape (B,)

    Examples
    --------
    A small trader, then a big one, who see the same:

    >>> small = {"own_slope": 3.0, "other_slope": 1.0}
    >>> inverse_demand([0.0], [0.0], [1.0], alpha=1.0, beta=0.5, **small)
    array([-0.5])
    >>> inverse_demand([0.0], [0.0], [1.0], alpha=1.0, beta=0.5, own_slope=1.0, other_slope=3.0)
    array([0.5])
    """
    group = finite_array("other_group", other_group, (None,))
    demand = fundamental_value.inverse_demand(
        own_type, others, alpha=alpha, beta=beta, slope=own_slope, sigma=sigma
    )
    return demand + beta * (other_slope - own_slope) / (2 * alpha) * group


def _taxed_slopes(n: int, slope_small: float, slope_big: float, sigma: float) -> Floats:
    """Return mu_G + sigma for each trader, shape (N,)."""
    pair = [positive("slope_small", slope_small), positive("slope_big", slope_big)]
    return np.repeat(pair, n // 2) + non_negative("sigma", sigma)
