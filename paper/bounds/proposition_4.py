"""Taxes that balance the budget between two traders among many (Proposition 4).

In the economy (A.1) trader 1 buys q from trader 2, and the other N - 2 value the good at the price
and stay out. As trader 1's type falls the price falls; first only trader 2 takes up the units, then
all traders do. With g = (m_o + phi) / (m_o - phi) and k = X / (m_o - phi), both in units of m_bar,
the price falls by g per unit while two trade, and by k per unit when all do.

Trades q are positive, in units of the good. Errors are those of `continuous`.
"""

from collections.abc import Callable

import numpy as np
from scipy.integrate import quad

from deviator.economies.assumption_bounds import AssumptionBounds, check_bounds
from deviator.validation import positive


def balancing_half_spread(bounds: AssumptionBounds, trade: float) -> float:
    """Return the least half spread delta at which the two traders' transfers leave no deficit.

    The others enter when trade has fallen by h = delta / m_bar. With quantities in units of q and
    money in units of m_bar q^2, each of the two then pays
    h - g h^2 / 2 - g h (1 - h) - k (1 - h)^2 / 2. The half spread is of order sqrt(X), while
    sigma_N q is of order X. It is in money per unit.

    Examples
    --------
    With private values it is sqrt(N - 1) - 1 times sigma_N q, and larger from N = 6 on; here it is
    2 times 1 / 8.

    >>> bounds = AssumptionBounds(10, 1.0, 0.0, 1.0, 1.0)
    >>> balancing_half_spread(bounds, trade=1.0)
    0.25
    """
    two_trade, all_trade = price_falls(bounds)
    linear = two_trade - 1 - all_trade
    share = linear + np.sqrt(linear**2 + (two_trade - all_trade) * all_trade)
    share /= two_trade - all_trade
    return float(share * bounds.steepest * positive("trade", trade))


def balancing_entry_fee(bounds: AssumptionBounds, trade: float) -> float:
    """Return the least entry fee at which the two traders' transfers leave no deficit.

    It is m_bar q^2 (1 + phi / m_o) / 4 for every N: while the fee keeps the others out, the two
    stop trading at the x with m_bar x^2 = 2 fee, so that each pays m_bar q^2 / 2 less the rent
    m_o / (m_o - phi) (m_bar q^2 - 2 fee). Trades of up to q / sqrt(2) are then lost.

    Examples
    --------
    >>> balancing_entry_fee(AssumptionBounds(10, 1.0, 0.0, 1.0, 1.0), trade=2.0)
    1.0
    """
    check_bounds(bounds)
    _ = bounds.reach
    share = 0.25 * (1 + bounds.interdependence / bounds.own_effect)
    return share * bounds.steepest * positive("trade", trade) ** 2


def price_falls(bounds: AssumptionBounds) -> tuple[float, float]:
    """Return the fall of the price per unit: g while two trade and k when all do (E.3, E.4).

    In units of m_bar, for taxes without a slope.

    Examples
    --------
    >>> price_falls(AssumptionBounds(5, 1.0, 0.0, 1.0, 1.0))
    (1.0, 0.25)
    """
    check_bounds(bounds)
    distance = bounds.room
    return (bounds.own_effect + bounds.interdependence) / distance, bounds.reach / distance


def condition_6_29(bounds: AssumptionBounds, bend: Callable[[float], float], trade: float) -> float:
    """Return the left side of (6.29), which must not be negative in the limit of large N.

    With tau'' as a function of the quantity: the integral of the tax's slope in units of X, less
    m_bar q^2 / (2 (m_o - phi)).

    Examples
    --------
    A quadratic tax of slope sigma_N meets it with little to spare.

    >>> bounds = AssumptionBounds(100, 1.0, 0.0, 1.0, 1.0)
    >>> round(condition_6_29(bounds, lambda x: 1 / 98, trade=1.0), 6)
    0.005102
    """
    check_bounds(bounds)
    most = positive("trade", trade)
    # The double integral of tau'' is that of (q - x) tau''(x).
    collected = quad(lambda x: (most - x) * bend(x), 0.0, most)[0]
    return float(collected / bounds.reach - bounds.steepest * most**2 / (2 * bounds.room))
