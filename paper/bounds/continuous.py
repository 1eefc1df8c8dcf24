"""The constants of Lemma 1 and of Propositions 1, 2 and 5: deficits, inefficiencies, tax slopes.

The frontiers of Propositions 1 and 2 are in `deviator.economies.efficiency_frontiers`.

All of them are functions of the bounds in the assumptions (A1 to A4^N): the number of traders N,
the least own type effect m_o, the interdependence phi_N, the range [m_low, m_bar] of the slopes of
the marginal utilities, and the largest efficient trade qbar. The sum that most of them share is

    X = m_o / (N - 1) + phi_N,

the effect of a type on the others' marginal utilities and, through the market, on its own price.
Inefficiencies epsilon are in units of quantity, sigma is the slope of the quadratic tax; trades are
positive, the others at least 0.

Where a printed formula does not hold, the function is the corrected one and its docstring says so.
All of them raise InvalidInputError for a number out of range or what is not AssumptionBounds, and
RefusedError if phi_N is too large (A4^N).
"""

import numpy as np

from deviator.economies.assumption_bounds import AssumptionBounds, check_bounds, sigma_n_from
from deviator.economies.efficiency_frontiers import c_2, d_3, worst_case_trade
from deviator.errors import RefusedError
from deviator.validation import Floats, non_negative


def price_sensitivity(bounds: AssumptionBounds, sigma: float = 0.0) -> float:
    """Return the largest slope of a residual supply curve, (A.3) and (B.5).

    (sigma + m_bar) X / (m_o - phi_N); at sigma = 0 it is p_q^max. With mixed slopes and the average
    as phi_N the paper's claim that no residual curve is steeper is false: (B.5) weighs the effects
    of a type by 1 / (slope + sigma), and A4^N bounds their plain average. With the maximum as
    phi_N, or equal slopes, it is true.
    """
    check_bounds(bounds)
    markup = non_negative("sigma", sigma) + bounds.steepest
    return markup * bounds.reach / bounds.room


def harmless_interdependence(bounds: AssumptionBounds) -> float:
    """Return the largest average phi_N up to which (B.5) and BS hold as printed, m_o / (N - 1)^2.

    Up to it no residual curve is steeper than sigma_N at sigma_N, whatever the slopes. Above it
    there are economies within A4^N of mixed slopes and N >= 4 in deficit at sigma_N; with N = 3 it
    is the bound of A4^N itself, so that Proposition 2 stands as printed.

    Examples
    --------
    >>> bounds = AssumptionBounds(5, own_effect=1.0, interdependence=0.1, flattest=1, steepest=2)
    >>> harmless_interdependence(bounds)
    0.0625
    """
    check_bounds(bounds)
    return bounds.own_effect / (bounds.n_traders - 1) ** 2


def proposition_1_inefficiency(bounds: AssumptionBounds) -> float:
    """Return the inefficiency below which every mechanism runs a deficit: the root of (2.7)."""
    # a (trade - epsilon)^2 = C_2 epsilon; the smaller root, in a form without cancellation.
    a, trade = price_sensitivity(bounds) / 2, worst_case_trade(bounds)
    half = a * trade + c_2(bounds) / 2
    return a * trade**2 / (half + float(np.sqrt(half**2 - (a * trade) ** 2)))


def most_transfer(bounds: AssumptionBounds, trade: float, inefficiency: float) -> float:
    """Return the most that a mechanism collects from a trader in the worst-case economy (A.1).

    The second to last line of Appendix A,
    epsilon m_bar (q - epsilon / 2) - (q - epsilon)^2 p_q^max / 2, at a profile where the price is
    0, for an efficient trade of q and an allocation within epsilon <= q of the efficient one.
    """
    rents = 0.5 * (trade - inefficiency) ** 2 * price_sensitivity(bounds)
    return inefficiency * bounds.steepest * (trade - 0.5 * inefficiency) - rents


def proposition_2_inefficiency(bounds: AssumptionBounds, sigma: float) -> float:
    """Return the largest inefficiency of sigma-VCG, epsilon = D_3 sigma (3.12)."""
    return d_3(bounds) * non_negative("sigma", sigma)


def deadweight_loss(bounds: AssumptionBounds, sigma: float) -> float:
    """Return the largest deadweight loss of sigma-VCG, (D_3 sigma)^2 N m_bar / 2 (Section 3).

    In units of money per market, by Lemma 1 and (3.12).
    """
    distance = proposition_2_inefficiency(bounds, sigma)
    return distance**2 * bounds.n_traders * bounds.steepest / 2


def limit_of_deadweight_loss(bounds: AssumptionBounds, share: float) -> float:
    """Return the deadweight loss of sigma_N-VCG in (A.1) as N grows, where phi_N = share / sqrt(N).

    m_bar qbar^2 (share / m_o)^2 / 2, if all traders trade qbar: phi_N of order sqrt(1/N) leaves a
    loss, which vanishes if and only if phi_N is of smaller order.
    """
    check_bounds(bounds)
    unit = bounds.steepest * bounds.largest_trade**2
    return unit * (non_negative("share", share) / bounds.own_effect) ** 2 / 2


def frontier_slack(bounds: AssumptionBounds) -> float:
    """Return C_2 / (D_2^N / D_3) in large economies of little interdependence.

    2 m_bar/m_low [1 + min{1, (m_bar - m_low) / (2 m_low)}]: the ratio of
    the deficit that an inefficiency may save by Proposition 1 to what sigma-VCG saves by
    Proposition 2. Section 3 prints it without the bracket, which is 1 if slopes are equal.
    """
    check_bounds(bounds)
    ratio = bounds.steepest / bounds.flattest
    return 2 * ratio * (1 + min(1.0, (ratio - 1) / 2))


def price_shift(bounds: AssumptionBounds, sigma: float) -> float:
    """Return the largest |p^sigma - p^0|: the smaller one of (B.9), corrected, and (B.10).

    sigma qbar min{1, (m_bar - m_low) / (2 (sigma + m_low))}; (B.9) prints m_bar in the denominator.
    """
    check_bounds(bounds)
    slope = non_negative("sigma", sigma)
    share = (bounds.steepest - bounds.flattest) / (2 * (slope + bounds.flattest))
    return slope * bounds.largest_trade * min(1.0, share)


def utility_loss(bounds: AssumptionBounds, marginal_utility: float, inefficiency: float) -> float:
    """Return the largest |u_i(q_i) - u_i(q_i^0)|, Lemma 1: m epsilon + m_bar epsilon^2 / 2.

    m is the largest |mu_i(0, s)|. The printed bound lacks the second term.
    """
    check_bounds(bounds)
    return marginal_utility * inefficiency + bounds.steepest * inefficiency**2 / 2


def welfare_loss(bounds: AssumptionBounds, distance: Floats) -> tuple[Floats, Floats]:
    """Return the least and largest loss of total utility, Lemma 1, each of shape (...,).

    m_low / 2 and m_bar / 2 times sum_i (q_i - q_i^0)^2, for the distances q - q^0, (..., N), of
    market-clearing allocations. The printed lower bound, epsilon^2 N m_low / 2, equals the first
    one only if every trader is exactly epsilon away.
    """
    check_bounds(bounds)
    squares = (distance**2).sum(axis=-1) / 2
    return np.asarray(bounds.flattest * squares), np.asarray(bounds.steepest * squares)


def proposition_5_inefficiency(bounds: AssumptionBounds) -> float:
    """Return the relative inefficiency of sigma_N-VCG where slopes are equal: sigma_N / m_bar.

    |q_i^sigma - q_i^0| = (sigma / m_bar) |q_i^sigma| at every profile. Slopes that differ (A2')
    are refused, here and in `least_relative_inefficiency`.
    """
    _require_equal_slopes(bounds)
    return sigma_n_from(bounds) / bounds.steepest


def least_relative_inefficiency(bounds: AssumptionBounds) -> float:
    """Return the relative inefficiency below which every mechanism runs a deficit (Appendix F).

    p_q^max / m_bar, in the economy (A.1). It is sigma_N / (m_bar + sigma_N), so its ratio to
    `proposition_5_inefficiency` is 1 / (1 + sigma_N / m_bar) and tends to 1.
    """
    _require_equal_slopes(bounds)
    return price_sensitivity(bounds) / bounds.steepest


def most_transfer_relative(bounds: AssumptionBounds, trade: float, inefficiency: float) -> float:
    """Return the most that a mechanism collects from a trader, Appendix F, in the economy (A.1).

    q^2 (delta m_bar - p_q^max) / (2 (1 + delta)), at a profile where the price is 0, for an
    efficient trade q and an allocation with |q_1 - q_1^0| <= delta |q_1|. It is the last line as
    printed, with m_bar q^2 (delta / (1 + delta))^2 / 2 for its O(delta^2).
    """
    check_bounds(bounds)
    gain = inefficiency * bounds.steepest - price_sensitivity(bounds)
    return trade**2 * gain / (2 * (1 + inefficiency))


def _require_equal_slopes(bounds: AssumptionBounds) -> None:
    check_bounds(bounds)
    if bounds.flattest != bounds.steepest:
        raise RefusedError(
            "Proposition 5 needs marginal utilities of one slope (assumption A2'), got slopes from "
            f"{bounds.flattest:.6g} to {bounds.steepest:.6g}; use the bounds of Proposition 2"
        )
