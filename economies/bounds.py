"""Slopes of the quadratic tax that leave no deficit."""

import numpy as np
from scipy.optimize import brentq

from deviator.errors import RefusedError
from deviator.validation import Floats

from .factored import Factored
from .linear_quadratic import LinearQuadratic
from .quadratic import QuadraticEconomy, checked_quadratic
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
    InvalidInputError
        If the economy is not linear-quadratic; `assumption_bounds` and `sigma_n_from` take others.
    RefusedError
        If assumption A3 or A4^N fails, with the trader by whom. The paper defines sigma_N under
        both parts of A4^N: also where only m_low / m_bar is too small, so that (3.13) is still a
        positive number, nothing is known to hold at it.

    Examples
    --------
    >>> from deviator.economies import fundamental_value
    >>> round(sigma_n(fundamental_value(10, alpha=1.0, beta=0.5, slope=1.0)), 12)
    0.2
    """
    check_effects(checked_quadratic(economy))
    phi, trader = largest_average_effect(economy)
    limit = interdependence_limit(economy)
    if phi >= limit:
        raise RefusedError(
            f"sigma_N exists only where phi_N < {limit:.6g} (assumption A4^N), got phi_N = "
            f"{phi:.6g}, by the type of trader {trader}; use sigma_budget, or state sigma as a "
            "number"
        )
    own, steepest = float(economy.own_type_effects.min()), float(economy.slope.max())
    return sigma_n_formula(economy.n_traders, own, phi, steepest)


def sigma_n_formula(
    n_traders: int, own_effect: float, interdependence: float, steepest: float
) -> float:
    """Return m_bar X / (m_o - phi_N - X) with X = m_o / (N - 1) + phi_N, equation (3.13)."""
    reach = own_effect / (n_traders - 1) + interdependence
    return steepest * reach / (own_effect - interdependence - reach)


def limit_of_a4n(n_traders: int, own_effect: float, flatness: float) -> float:
    """Return what A4^N asks phi_N to be below, where flatness is m_low / m_bar."""
    return min(flatness, (n_traders - 2) / (2 * (n_traders - 1))) * own_effect


def interdependence_limit(economy: QuadraticEconomy) -> float:
    """Return what A4^N asks phi_N to be below, min{m_low / m_bar, (N-2) / (2 (N-1))} m_o."""
    flatness = float(economy.slope.min() / economy.slope.max())
    return limit_of_a4n(economy.n_traders, float(economy.own_type_effects.min()), flatness)


def largest_average_effect(economy: QuadraticEconomy) -> tuple[float, int]:
    """Return phi_N, the largest average effect of one type on the others, and whose type it is."""
    column_sums = economy.weighted_traders(np.ones(economy.n_traders))
    on_others = column_sums - economy.own_type_effects
    trader = int(on_others.argmax())
    return float(on_others[trader]) / (economy.n_traders - 1), trader


def pairwise_interdependence(economy: QuadraticEconomy) -> float:
    """Return phi_N, the largest average effect of one type on the others (assumption A4)."""
    return largest_average_effect(checked_quadratic(economy))[0]


def check_effects(economy: QuadraticEconomy) -> None:
    """Refuse own type effects that are not positive (A3) and negative effects on others (A4)."""
    own = economy.own_type_effects
    if (own <= 0).any():
        trader = int(own.argmin())
        raise RefusedError(
            f"own type effects must be positive (assumption A3), got {own[trader]:.6g} for trader "
            f"{trader}; give that trader a type that matters"
        )
    negative = negative_effect(economy)
    if negative is not None:
        effect, affected, trader = negative
        raise RefusedError(
            f"type effects must not be negative (assumption A4), got {effect:.6g} for that of "
            f"trader {trader} on trader {affected}; the paper's bounds are for effects of one sign"
        )


def negative_effect(economy: QuadraticEconomy) -> tuple[float, int, int] | None:
    """Return the least type effect, the trader affected, and whose type it is, if it is negative.

    None where no effect is.
    """
    if has_non_negative_factors(economy):
        return None
    least = 0.0, 0, 0
    for traders, effects in economy.blocks_of_effects():
        place = int(effects.argmin())
        if effects.flat[place] < least[0]:
            affected, trader = divmod(place, economy.n_traders)
            least = float(effects.flat[place]), traders.start + affected, trader
    return least if least[0] < 0 else None


def has_non_negative_factors(economy: QuadraticEconomy) -> bool:
    """Return whether all numbers that W is made of are seen not to be negative."""
    if isinstance(economy, LinearQuadratic):
        return bool((economy.weights >= 0).all())
    return isinstance(economy, Factored) and all(
        (factor >= 0).all() for factor in (economy.own, economy.loadings, economy.statistics)
    )


def sigma_budget(economy: QuadraticEconomy) -> float:
    """Return the smallest tax slope with sigma >= max_i k_i(sigma).

    There each trader's tax covers the trader's own discount, t_i >= p q_i, so the sum of transfers
    is never negative, in any linear-quadratic economy.

    Parameters
    ----------
    economy : QuadraticEconomy

    Raises
    ------
    InvalidInputError
        If the economy is not linear-quadratic.
    RefusedError
        If no such slope exists.

    Examples
    --------
    >>> from deviator.economies import two_groups
    >>> economy = two_groups(10, alpha=1.0, beta=0.7, slope=1.0)
    >>> abs(sigma_budget(economy) - sigma_n(economy)) < 1e-12
    True
    """
    checked_quadratic(economy)

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
