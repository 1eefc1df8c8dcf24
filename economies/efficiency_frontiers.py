"""The frontiers of budget deficit against inefficiency that Propositions 1 and 2 draw.

Both are functions of the bounds in the assumptions, with X = m_o / (N - 1) + phi_N as in
`AssumptionBounds`. Inefficiencies epsilon are distances from the efficient allocation, in units of
quantity; sigma is the slope of the quadratic tax. All raise InvalidInputError for a number out of
range or what is not AssumptionBounds, and RefusedError if phi_N is too large (A4^N). Where the
printed formula does not hold, the function is the corrected one and its docstring says so.
"""

import numpy as np

from deviator.errors import InvalidInputError
from deviator.validation import Floats, non_negative

from .assumption_bounds import AssumptionBounds, check_bounds


def c_1(bounds: AssumptionBounds, inefficiency: float) -> float:
    """Return C_1^N of Proposition 1: ((N - 1)/N qbar - epsilon)^2 m_bar / (2 (m_o - phi_N))."""
    trade = worst_case_trade(bounds) - non_negative("inefficiency", inefficiency)
    return 0.5 * trade**2 * bounds.steepest / bounds.room


def c_2(bounds: AssumptionBounds) -> float:
    """Return C_2 of Proposition 1: qbar m_bar."""
    check_bounds(bounds)
    return bounds.largest_trade * bounds.steepest


def worst_case_trade(bounds: AssumptionBounds) -> float:
    """Return each trader's trade at the profile s* of Appendix A: (N - 1)/N qbar."""
    check_bounds(bounds)
    return (bounds.n_traders - 1) / bounds.n_traders * bounds.largest_trade


def worst_case_traders(bounds: AssumptionBounds) -> int:
    """Return the number of traders who trade at s*: all if N is even, all but one if it is odd.

    Appendix A takes N even, so that half of the traders buy.

    Examples
    --------
    >>> worst_case_traders(AssumptionBounds(5, 1.0, 0.0, flattest=1, steepest=1))
    4
    """
    check_bounds(bounds)
    return bounds.n_traders - bounds.n_traders % 2


def proposition_1_deficit(bounds: AssumptionBounds, inefficiency: float) -> float:
    """Return the least deficit of any mechanism of an inefficiency up to qbar / 3, equation (2.7).

    delta = N [C_1^N X - C_2 epsilon] where N is even: in the worst-case economy (A.1) MC, IR, IC
    and epsilon-Eff imply a sum of transfers of -delta or less at some profile. A negative delta
    says nothing.

    If N is odd, N - 1 replaces the first N; with N itself, as printed, the claim is false. At s*
    let one trader have type 0, and let (N - 1)/2 traders buy and as many sell. The price is 0 as
    in Appendix A. As a trader who trades gives up units, each of the other N - 1 takes 1/(N - 1)
    of them and stays within qbar, and the price falls at the rate p_q^max: the bound on this
    trader's transfer is that of Appendix A. The trader of type 0 pays at most u_i(q_i) <= 0, by
    IR.

    Examples
    --------
    >>> bounds = AssumptionBounds(4, own_effect=1.0, interdependence=0.0, flattest=1, steepest=1)
    >>> round(proposition_1_deficit(bounds, 0.0), 9)
    0.375
    """
    check_bounds(bounds)
    epsilon = non_negative("inefficiency", inefficiency)
    if epsilon > bounds.largest_trade / 3:
        raise InvalidInputError(
            f"inefficiency must be at most a third of the largest trade (Proposition 1), "
            f"{bounds.largest_trade / 3:.6g}, got {epsilon}"
        )
    each = c_1(bounds, epsilon) * bounds.reach - c_2(bounds) * epsilon
    return worst_case_traders(bounds) * each


def d_1(bounds: AssumptionBounds) -> float:
    """Return D_1^N of Proposition 2: qbar^2 m_bar / (2 (m_o - phi_N))."""
    check_bounds(bounds)
    return 0.5 * bounds.largest_trade**2 * bounds.steepest / bounds.room


def d_2(bounds: AssumptionBounds) -> float:
    """Return D_2^N of Proposition 2: qbar^2 [1 - X / (m_o - phi_N)] / 2."""
    check_bounds(bounds)
    return 0.5 * bounds.largest_trade**2 * (1 - bounds.reach / bounds.room)


def d_3(bounds: AssumptionBounds) -> float:
    """Return D_3 of (3.12): qbar [1 + min{1, (m_bar - m_low) / (2 m_low)}] / m_low."""
    check_bounds(bounds)
    spread = (bounds.steepest - bounds.flattest) / (2 * bounds.flattest)
    return bounds.largest_trade / bounds.flattest * (1 + min(1.0, spread))


def proposition_2_deficit(bounds: AssumptionBounds, sigma: float) -> float:
    """Return the largest deficit of sigma-VCG, N [D_1^N X - D_2^N sigma]_+.

    With mixed slopes it holds for the maximum as phi_N, not for the average, see
    `price_sensitivity`.
    """
    tax = d_2(bounds) * non_negative("sigma", sigma)
    return bounds.n_traders * max(0.0, d_1(bounds) * bounds.reach - tax)


def deficit_frontiers(bounds: AssumptionBounds, inefficiencies: Floats) -> tuple[Floats, Floats]:
    """Return the deficits against inefficiencies of Propositions 1 and 2, all of shape (M,).

    First the least deficit of any mechanism in the worst economy, equation (2.7), at least 0; then
    the largest deficit of sigma-VCG with sigma = epsilon / D_3 in any economy.

    Examples
    --------
    >>> bounds = AssumptionBounds(10, own_effect=1.0, interdependence=0.0, flattest=1, steepest=1)
    >>> necessary, sufficient = deficit_frontiers(bounds, np.array([0.0, 0.04]))
    >>> necessary.round(3), sufficient.round(3)
    (array([0.45 , 0.011]), array([0.556, 0.378]))
    """
    epsilons = [float(epsilon) for epsilon in inefficiencies]
    necessary = [max(0.0, proposition_1_deficit(bounds, epsilon)) for epsilon in epsilons]
    slopes = [epsilon / d_3(bounds) for epsilon in epsilons]
    sufficient = [proposition_2_deficit(bounds, sigma) for sigma in slopes]
    return np.array(necessary), np.array(sufficient)
