"""Slopes of the quadratic tax that leave no deficit."""

from typing import TypeVar

import numpy as np
from flint import fmpq
from scipy.optimize import brentq

from deviator.errors import RefusedError
from deviator.numerics.rational import Rationals, exact_number, exactly, rounded_up
from deviator.validation import Floats

from .factored import Factored
from .linear_quadratic import LinearQuadratic
from .quadratic import QuadraticEconomy, checked_quadratic
from .walrasian import walrasian_response

Number = TypeVar("Number", float, fmpq)

EXACT_TRADERS = 60
"""Up to how many traders slopes are rounded up in exact numbers."""

MOST_DOUBLINGS = 40


def sigma_n(economy: QuadraticEconomy) -> float:
    """Return the paper's tax slope sigma_N, equation (3.13).

    The budget is never in deficit at this slope when all slopes mu_i are equal. With mixed
    slopes the paper's claim is false as printed; use `sigma_budget` there. Up to `EXACT_TRADERS`
    traders it is computed in exact numbers and rounded up, so that what holds at sigma_N holds at
    the number returned.

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
    if economy.n_traders > EXACT_TRADERS:
        return sigma_n_formula(economy.n_traders, own, phi, steepest)
    effects, sums = _exact_effects(economy)
    average = (sums - effects).max() / (economy.n_traders - 1)
    exact = sigma_n_formula(economy.n_traders, effects.min(), average, exact_number(steepest))
    return rounded_up(exact)


def sigma_n_formula(
    n_traders: int, own_effect: Number, interdependence: Number, steepest: Number
) -> Number:
    """Return m_bar X / (m_o - phi_N - X) with X = m_o / (N - 1) + phi_N, equation (3.13).

    A float, or an exact number where all are exact.
    """
    reach = own_effect / (n_traders - 1) + interdependence
    return steepest * reach / (own_effect - interdependence - reach)


def largest_inefficiency(flattest: float, steepest: float, sigma: float) -> float:
    """Return how far sigma-VCG is from the first best, of its largest trade, equation (3.12).

    sigma [1 + min{1, (m_bar - m_low) / (2 m_low)}] / m_low, given m_low and m_bar.

    Examples
    --------
    >>> largest_inefficiency(flattest=2.0, steepest=2.0, sigma=0.5)
    0.25
    """
    return sigma * (1 + min(1.0, (steepest - flattest) / (2 * flattest))) / flattest


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


def _exact_weights(economy: QuadraticEconomy) -> Rationals:
    """Return W in FLINT's exact numbers; that of a factored economy is not rounded to floats."""
    if not isinstance(economy, Factored):
        return exactly(economy.weights)
    common = exactly(economy.loadings) @ exactly(economy.statistics)
    weights: Rationals = np.diag(exactly(economy.own)) + common
    return weights


def _exact_effects(economy: QuadraticEconomy) -> tuple[Rationals, Rationals]:
    """Return each type's effect on its own trader and on all traders together, as fractions."""
    weights = _exact_weights(economy)
    return np.diagonal(weights), weights.sum(axis=0)


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
    is never negative, in any linear-quadratic economy. Up to `EXACT_TRADERS` traders the number
    returned is rounded up until this is so in exact numbers.

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
        return _raised(economy, 0.0)
    grid = float(economy.slope.max()) * np.concatenate([[0.0], np.geomspace(1e-6, 1e9, 600)])
    above = next((place for place, sigma in enumerate(grid) if slack(float(sigma)) >= 0), None)
    if above is None:
        raise RefusedError(
            "sigma_budget needs a slope with sigma >= max k_i(sigma), and none exists up to "
            f"{grid[-1]:.3g}; interdependence is too strong, state sigma as a number instead"
        )
    low, high = float(grid[above - 1]), float(grid[above])
    root = float(brentq(slack, low, high, xtol=1e-300, rtol=4 * np.finfo(float).eps))
    return _raised(economy, root)


def _raised(economy: QuadraticEconomy, sigma: float) -> float:
    """Return a tax slope, raised by its last digits until sigma >= max_i k_i(sigma) is exact."""
    if economy.n_traders > EXACT_TRADERS:
        return sigma
    effects = _exact_weights(economy)
    step = np.spacing(max(sigma, np.finfo(float).eps * float(economy.slope.max())))
    raised = sigma + step * np.concatenate([[0.0], 2.0 ** np.arange(MOST_DOUBLINGS)])
    covering = (float(each) for each in raised if _covers(effects, economy.slope, float(each)))
    return next(covering, sigma)


def _covers(weights: Rationals, slope: Floats, sigma: float) -> bool:
    """Return whether sigma >= k_i(sigma) for all traders, in exact numbers; see (B.5)."""
    tax = exact_number(sigma)
    steepness = 1 / (exactly(slope) + tax)
    price_effect = (steepness @ weights) / steepness.sum()
    own_effect = steepness * (np.diagonal(weights) - price_effect)
    return bool((own_effect > 0).all() and (tax * own_effect >= price_effect).all())


def _residual_slopes(economy: QuadraticEconomy, sigma: float) -> Floats:
    response = walrasian_response(economy, sigma)
    own = response.own_effect
    return np.where(own > 0, response.price_effect / np.where(own > 0, own, 1.0), np.inf)
