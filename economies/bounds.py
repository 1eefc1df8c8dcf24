"""Slopes of the quadratic tax that leave no deficit."""

import numpy as np
from scipy.optimize import brentq

from deviator.errors import RefusedError
from deviator.validation import Floats

from .quadratic import QuadraticEconomy
from .walrasian import walrasian_response


def sigma_n(economy: QuadraticEconomy) -> float:
    """Return the paper's tax slope sigma_N, equation (3.13).

    The budget is never in deficit at this slope when all slopes mu_i are equal. With mixed
    slopes the paper's claim is false as printed; use `sigma_budget` there.

    Parameters
    ----------
    economy : QuadraticEconomy

    Raises
    ------
    RefusedError
        If assumption A4^N fails, so that sigma_N does not exist.

    Examples
    --------
    >>> from deviator.economies import fundamental_value
    >>> round(sigma_n(fundamental_value(10, alpha=1.0, beta=0.5, slope=1.0)), 12)
    0.2
    """
    n = economy.n_traders
    own = float(economy.own_type_effects.min())
    pairwise = pairwise_interdependence(economy)
    reach = own / (n - 1) + pairwise
    if own <= 0 or own - pairwise - reach <= 0:
        raise RefusedError(
            f"sigma_N exists only where phi_N < m_o (N-2)/(2(N-1)) (assumption A4^N), got "
            f"phi_N = {pairwise:.6g} and m_o = {own:.6g}; state sigma as a number instead"
        )
    return float(economy.slope.max()) * reach / (own - pairwise - reach)


def pairwise_interdependence(economy: QuadraticEconomy) -> float:
    """Return phi_N, the largest average effect of one type on the others (assumption A4)."""
    column_sums = economy.weighted_traders(np.ones(economy.n_traders))
    return float((column_sums - economy.own_type_effects).max()) / (economy.n_traders - 1)


def sigma_budget(economy: QuadraticEconomy) -> float:
    """Return the smallest tax slope with sigma >= max_i k_i(sigma).

    There each trader's tax covers his own discount, t_i >= p q_i, so the sum of transfers is
    never negative, in any linear-quadratic economy.

    Parameters
    ----------
    economy : QuadraticEconomy

    Raises
    ------
    RefusedError
        If no such slope exists.

    Examples
    --------
    >>> from deviator.economies import two_groups
    >>> economy = two_groups(10, alpha=1.0, beta=0.7, slope=1.0)
    >>> abs(sigma_budget(economy) - sigma_n(economy)) < 1e-12
    True
    """

    def slack(sigma: float) -> float:
        return sigma - float(_residual_slopes(economy, sigma).max())

    if slack(0.0) >= 0:
        return 0.0
    grid = float(economy.slope.max()) * np.concatenate([[0.0], np.geomspace(1e-6, 1e9, 600)])
    above = next((place for place, sigma in enumerate(grid) if slack(float(sigma)) >= 0), None)
    if above is None:
        raise RefusedError(
            "sigma_budget needs a slope with sigma >= max k_i(sigma), and none exists up to "
            f"{grid[-1]:.3g}; interdependence is too strong, state sigma as a number instead"
        )
    low, high = float(grid[above - 1]), float(grid[above])
    return float(brentq(slack, low, high, xtol=1e-300, rtol=4 * np.finfo(float).eps))


def _residual_slopes(economy: QuadraticEconomy, sigma: float) -> Floats:
    response = walrasian_response(economy, sigma)
    own = response.own_effect
    return np.where(own > 0, response.price_effect / np.where(own > 0, own, 1.0), np.inf)
