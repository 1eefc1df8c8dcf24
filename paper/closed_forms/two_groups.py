"""Examples 2, 5 and 7: values alpha_G s_i + beta_G mean(s^G) in two groups of equal size.

The first half of the traders is group 1. The paper solves the symmetric case, alpha_1 = alpha_2
and beta_1 = beta_2; price, quantity and transfer here are right without it.

References
----------
Andreyanov and Sadzik (2021), equations (2.3), (4.18) to (4.20), Example 7 and Appendix C; Rostek
and Weretka (2012), Proposition 2, for the double auction.
"""

import numpy as np
from numpy.typing import ArrayLike

from deviator.economies.constructors import even_count
from deviator.economies.information import correlation
from deviator.errors import RefusedError
from deviator.validation import Floats, finite_array, positive

from .fundamental_value import projection_weights, taxed_slope


def price(types: ArrayLike, *, alpha: ArrayLike, beta: ArrayLike) -> Floats:
    """Return the sigma-VCG price, the average of (alpha_G + beta_G) mean(s^G) over both groups.

    In the symmetric case (alpha + beta) mean(s), as in Example 5. The tax slope does not matter.

    Parameters
    ----------
    types : array-like of float, shape (B, N)
    alpha, beta : float or pair of float
        Weights on the own type and on the group's average type, one number or one per group.

    Returns
    -------
    ndarray of float, shape (B,)

    Examples
    --------
    >>> price([[1.0, 3.0, 0.0, 0.0]], alpha=[1.0, 2.0], beta=0.5)
    array([1.5])
    """
    means = group_means(types)[:, [0, -1]]
    return np.asarray((means * (_pair(alpha) + _pair(beta))).mean(axis=1))


def quantity(
    types: ArrayLike, *, alpha: ArrayLike, beta: ArrayLike, slope: float, sigma: float = 0.0
) -> Floats:
    """Return the sigma-VCG quantities (alpha_G s_i + beta_G mean(s^G) - p) / (mu + sigma).

    With sigma = 0 they are efficient, equation (2.3). The printed (2.3) has (alpha_G + beta_G)
    mean(s) in place of the price, and does not clear the market where the groups differ.

    Examples
    --------
    >>> quantity([[1.0, 3.0, 0.0, 0.0]], alpha=1.0, beta=0.5, slope=2.0)
    array([[ 0.25,  1.25, -0.75, -0.75]])
    """
    checked, means = finite_array("types", types, (None, None)), group_means(types)
    own, group = (np.repeat(_pair(weight), checked.shape[1] // 2) for weight in (alpha, beta))
    value = own * checked + group * means
    return (value - price(checked, alpha=alpha, beta=beta)[:, None]) / taxed_slope(slope, sigma)


def sigma_n(n_traders: int, *, alpha: float, beta: float, slope: float) -> float:
    """Return the tax slope mu (alpha + beta) / ((N - 2) alpha) of Example 5, symmetric groups.

    Examples
    --------
    >>> round(sigma_n(10, alpha=1.0, beta=0.7, slope=1.0), 12)
    0.2125
    """
    if alpha <= 0:
        raise RefusedError(f"sigma_N exists only where alpha > 0, got {alpha}; state sigma instead")
    return positive("slope", slope) * (alpha + beta) / ((even_count(n_traders) - 2) * alpha)


def residual_slope(
    n_traders: int, *, alpha: ArrayLike, beta: ArrayLike, slope: float, sigma: float = 0.0
) -> Floats:
    """Return (alpha_G + beta_G) (mu + sigma) / ((N - 1) alpha_G + beta_G) per trader, shape (N,).

    The slopes k_i of residual demand, equation (B.5). At sigma_N of symmetric groups they are
    sigma_N.

    Examples
    --------
    >>> residual_slope(4, alpha=1.0, beta=0.6, slope=1.8)
    array([0.8, 0.8, 0.8, 0.8])
    """
    n = even_count(n_traders)
    own, group = (np.repeat(_pair(weight), n // 2) for weight in (alpha, beta))
    return np.asarray((own + group) * taxed_slope(slope, sigma) / ((n - 1) * own + group))


def transfer(
    types: ArrayLike, *, alpha: ArrayLike, beta: ArrayLike, slope: float, sigma: float = 0.0
) -> Floats:
    """Return the sigma-VCG transfers p q_i + (sigma - k_i) q_i^2 / 2, equation (3.10).

    At sigma_N of symmetric groups they are p q_i, and the budget balances (Example 5).
    """
    bought = quantity(types, alpha=alpha, beta=beta, slope=slope, sigma=sigma)
    n = bought.shape[1]
    discount = residual_slope(n, alpha=alpha, beta=beta, slope=slope, sigma=sigma)
    level = price(types, alpha=alpha, beta=beta)[:, None]
    return np.asarray(level * bought + (sigma - discount) * bought**2 / 2)


def inverse_demand(
    own_type: ArrayLike,
    others: ArrayLike,
    group_others: ArrayLike,
    *,
    n_traders: int,
    alpha: float,
    beta: float,
    slope: float,
    sigma: float = 0.0,
) -> Floats:
    """Return the conditional inverse demand of Example 7, symmetric groups.

    (alpha + beta) s_i + (mu + sigma) / alpha ((alpha + beta (N - 2) / N) sum_{j != i} q_j +
    beta qbar^own), where qbar^own is the sum over the own group's other members divided by N / 2.
    As the average over these N / 2 - 1 members, or over the whole group, it does not hold.

    Parameters
    ----------
    own_type, others, group_others : array-like of float, shape (B,)
        s_i; what all others, and what the own group's other members, receive together.

    Returns
    -------
    ndarray of float, shape (B,)

    Examples
    --------
    >>> inverse_demand([1.0], [1.0], [2.0], n_traders=4, alpha=1.0, beta=1.0, slope=1.0)
    array([4.5])
    """
    signal = finite_array("own_type", own_type, (None,))
    total = finite_array("others", others, signal.shape)
    group = finite_array("group_others", group_others, signal.shape)
    n = even_count(n_traders)
    reading = (alpha + beta * (n - 2) / n) * total + beta * group / (n / 2)
    return (alpha + beta) * signal + taxed_slope(slope, sigma) / alpha * reading


def justified_weights(n_traders: int, *, rho: float, noise: float) -> tuple[float, float]:
    """Return the weights alpha and beta that Normal beliefs give rise to, equation (4.18).

    Those of the fundamental value among N / 2 traders, since values correlate within groups only.
    The printed (4.18) lacks a "+ zeta"; see `fundamental_value.justified_weights`.

    Examples
    --------
    >>> justified_weights(8, rho=0.5, noise=0.5)
    (0.5, 0.3333333333333333)
    """
    return projection_weights(even_count(n_traders) // 2, rho, noise)


def equilibrium_constants(n_traders: int, *, rho: float, noise: float) -> tuple[float, float]:
    """Return c_s and c_p of the double auction's linear equilibrium (4.19), from Appendix C.

    They are the weights of E[theta_i | s_i, p] on the signal and the price.

    c_p is below (N - 2) / (N - 1), so that demand decreases and the equilibrium exists.

    Examples
    --------
    As the number of traders grows they approach (2 - rho) / (2 - rho + 2 zeta) and
    2 zeta / (2 - rho + 2 zeta):

    >>> [round(constant, 6) for constant in equilibrium_constants(10**8, rho=0.5, noise=0.75)]
    [0.5, 0.5]
    """
    n, zeta = even_count(n_traders), positive("noise", noise)
    shared = (n - 2) / (2 * (n - 1)) * correlation(rho)
    on_signal = (1 - shared) / (1 - shared + zeta)
    on_price = n * shared / (1 + (n - 1) * shared) * zeta / (1 - shared + zeta)
    return on_signal, on_price


def equilibrium_price(types: ArrayLike, *, rho: float, noise: float) -> Floats:
    """Return the double auction's equilibrium price c_s / (1 - c_p) mean(s), (4.19), shape (B,)."""
    checked = finite_array("types", types, (None, None))
    on_signal, on_price = equilibrium_constants(checked.shape[1], rho=rho, noise=noise)
    return np.asarray(on_signal / (1 - on_price) * checked.mean(axis=1))


def equilibrium_quantity(types: ArrayLike, *, rho: float, noise: float, slope: float) -> Floats:
    """Return the double auction's equilibrium quantities, equation (4.19), shape (B, N)."""
    checked = finite_array("types", types, (None, None))
    steepness = _equilibrium_steepness(checked.shape[1], rho, noise) / positive("slope", slope)
    return np.asarray(steepness * (checked - checked.mean(axis=1, keepdims=True)))


def expected_utility(
    n_traders: int, *, rho: float, noise: float, slope: float, sigma: float
) -> float:
    """Return a trader's expected utility, before transfers, under the sigma-VCG allocation.

    E[q_i (theta_i - mu q_i / 2)] under the beliefs of Example 5. The two shocks of v_i - p, within
    the group and between the groups, are independent.

    Examples
    --------
    >>> round(expected_utility(8, rho=0.5, noise=0.5, slope=1.0, sigma=0.0), 6)
    0.223958
    """
    n = even_count(n_traders)
    alpha, beta = justified_weights(n, rho=rho, noise=noise)
    within, between = _signal_variances(n, rho, noise)
    markup = alpha**2 * within + (alpha + beta) ** 2 * between
    trade = 1 / taxed_slope(slope, sigma)
    return (trade - slope * trade**2 / 2) * markup


def equilibrium_expected_utility(
    n_traders: int, *, rho: float, noise: float, slope: float
) -> float:
    """Return a trader's expected utility, before transfers, in the double auction's equilibrium.

    Examples
    --------
    >>> round(equilibrium_expected_utility(8, rho=0.5, noise=0.5, slope=1.0), 6)
    0.202098
    """
    n = even_count(n_traders)
    within, between = _signal_variances(n, rho, noise)
    with_value = 1 - (1 + (n / 2 - 1) * rho) / n
    trade = _equilibrium_steepness(n, rho, noise)
    return (trade * with_value - trade**2 * (within + between) / 2) / positive("slope", slope)


def limit_expected_utility(*, rho: float, noise: float, slope: float) -> float:
    """Return the large-N limit of the sigma_N-VCG's expected utility, the efficient one, (4.20).

    (rho / 4 + (1 - rho)^2 / (2 (1 - rho + zeta))) / mu.

    Examples
    --------
    >>> round(limit_expected_utility(rho=0.5, noise=0.5, slope=1.0), 12)
    0.25
    """
    within = (1 - correlation(rho)) ** 2 / (2 * (1 - rho + positive("noise", noise)))
    return (rho / 4 + within) / positive("slope", slope)


def limit_equilibrium_utility(*, rho: float, noise: float, slope: float) -> float:
    """Return the large-N limit of the double auction's expected utility, (4.20).

    (2 - rho)^2 / (4 (2 - rho + 2 zeta)) / mu: trade across the groups is not realized.

    Examples
    --------
    >>> round(limit_equilibrium_utility(rho=0.5, noise=0.5, slope=1.0), 12)
    0.225
    """
    signal = 2 - correlation(rho)
    return signal**2 / (4 * (signal + 2 * positive("noise", noise))) / positive("slope", slope)


def group_means(types: ArrayLike) -> Floats:
    """Return the average type of each trader's group, shape (B, N)."""
    checked = finite_array("types", types, (None, None))
    half = even_count(checked.shape[1]) // 2
    return np.repeat(checked.reshape(len(checked), 2, half).mean(axis=2), half, axis=1)


def _signal_variances(n: int, rho: float, noise: float) -> tuple[float, float]:
    """Return the variances of s_i - mean(s^G) and of mean(s^G) - mean(s)."""
    idiosyncratic = 1 - rho + noise
    return idiosyncratic * (1 - 2 / n), (rho + 2 * idiosyncratic / n) / 2


def _equilibrium_steepness(n: int, rho: float, noise: float) -> float:
    """Return mu dq_i / ds_i of (4.19), the price aside."""
    on_signal, on_price = equilibrium_constants(n, rho=rho, noise=noise)
    return on_signal * ((n - 2) / (n - 1) - on_price) / (1 - on_price)


def _pair(weight: ArrayLike) -> Floats:
    return finite_array("weights of the groups", np.broadcast_to(weight, (2,)), (2,))
