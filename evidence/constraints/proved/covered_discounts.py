"""Whether a quadratic tax covers what traders get off the price: then transfers leave no deficit.

A trader who pays the area under the own residual curve, of slope k_i, and the tax sigma q^2 / 2,
pays p q_i + integral from 0 to q_i of (sigma - k_i) x dx. Quantities sum to 0, so transfers sum to
the integrals, none of which is negative where k_i never exceeds sigma.
"""

import numpy as np

from deviator.economies import (
    QuadraticEconomy,
    SmoothEconomy,
    assumption_bounds,
    sigma_n_from,
    walrasian_response,
)
from deviator.errors import RefusedError

from ...certificates.certificate import Condition

NAME = "the tax covers every trader's discount, sigma >= k_i"

ROUNDINGS = 8
"""A slope may exceed the tax by so many roundings of a sum of N terms."""


def covers_straight_discounts(economy: QuadraticEconomy, sigma: float) -> Condition:
    """Return whether sigma >= max_i k_i(sigma), up to rounding; O(N^2) steps, or O(N G).

    Parameters
    ----------
    economy : QuadraticEconomy
        In which every quantity rises with the own type at this tax.
    sigma : float
    """
    slopes = walrasian_response(economy, sigma).residual_slope
    steepest, rounding = float(slopes.max()), _rounding(economy.n_traders)
    holds = steepest - sigma <= rounding * (sigma + float(economy.slope.max()))
    return Condition(NAME, holds, f"the largest k_i is {steepest:.9g}, sigma {sigma:.9g}")


def covers_curved_discounts(economy: SmoothEconomy, sigma: float) -> Condition:
    """Return whether sigma exceeds a bound on all residual slopes, up to rounding.

    Let effects on others be at most phi and those on oneself at least m_o, and slopes of marginal
    utilities at most m_bar. Then (B.5), which rises in the former and falls in the latter, is at
    most (sigma + m_bar) X / (m_o - phi) with X = m_o / (N - 1) + phi. That is at most sigma from
    sigma_N on, (3.13) with the largest effect as phi_N.
    """
    try:
        least = sigma_n_from(assumption_bounds(economy, kind="maximum"))
    except RefusedError as error:
        return Condition(NAME, False, str(error))
    holds = sigma >= least * (1 - _rounding(economy.n_traders))
    return Condition(NAME, holds, f"so from sigma = {least:.9g} on, and sigma is {sigma:.9g}")


def _rounding(n_traders: int) -> float:
    return ROUNDINGS * n_traders * float(np.finfo(float).eps)
