"""The constants of Propositions 6 and 7: deficits and inefficiencies if the good comes in units.

As in `continuous`, they are functions of the bounds in the assumptions, here with A2^d: marginal
utilities of successive units of size Delta differ by Delta times a slope in [m_low, m_bar].
X = m_o / (N - 1) + phi_N. The largest trade qbar bounds efficient trade and, in Proposition 7,
trade in the taxed market. Units Delta are in (0, 1], deficits in units of money per market; errors
are those of `continuous`.

Both propositions are false as printed, and the functions are the corrected ones.

*Proposition 6.* Its C_3 squares a length, and its terms in X and Delta must not be added. In the
economy (A.1), let N/2 traders buy n units each and the others sell n each; buyers value their last
unit at 0, and sellers the next unit that they would sell. As a buyer's type falls, the other N - 1
traders take over the buyer's units one by one, each at a step of m_bar Delta; with interdependence
the others' values fall as well. The k-th unit that the buyer gives up (k = 0, 1, ...) is therefore
priced at -m_bar Delta / (m_o - phi) [m_o (floor(k / (N-1)) + 1) + phi k], and the k-th unit of a
seller at m_bar Delta / (m_o - phi) [m_o floor(k / (N-1)) + phi (k + 1)]. On average over traders a
market of n units each loses

    Delta^2 m_bar / (m_o - phi) sum_{k<n} [m_o (floor(k / (N-1)) + 1/2) + phi (k + 1/2)],

which is at least m_bar / (m_o - phi) [m_o max{q^2 / (2(N-1)), Delta q / 2} + phi q^2 / 2] with
q = n Delta. An epsilon-efficient mechanism prices n - epsilon/Delta units in this way, and saves at
most m_bar qbar epsilon on these and on the other units.

If N is odd, one more trader values the first unit that it would sell at 0 and does not trade. It
takes over or gives up units like the others, and pays nothing, by IR: N - 1 traders lose in place
of N.

*Proposition 7, efficiency.* If a trader gets d_i more than is efficient, some other gets d_k less.
No exchange of units between them pays: at the efficient allocation mu_i(next) <= mu_k(last), at the
taxed one the reverse holds, less the difference T of their taxes. With A2^d,
m_low (d_i + d_k - 2 Delta) <= T <= 2 (sigma qbar + delta), and d_k >= Delta. So
d_i <= Delta + 2 (sigma qbar + delta) / m_low. The printed bound lacks Delta.

*Proposition 7, budget.* Like that of Proposition 2, the bound needs equal slopes, or the largest
effect on another trader as phi.
"""

from math import ceil, floor

from deviator.economies.assumption_bounds import AssumptionBounds, check_bounds
from deviator.economies.efficiency_frontiers import c_2, worst_case_traders
from deviator.errors import InvalidInputError
from deviator.validation import non_negative, positive

WHOLE_UNITS_TOLERANCE = 1e-9
"""Lengths within this distance of a whole number of units, in units, count as whole."""


def unit_size_of(value: object) -> float:
    """Return `value` as a unit size Delta in (0, 1]."""
    unit = positive("unit_size", value)
    if unit > 1:
        raise InvalidInputError(
            f"unit_size (Delta of Appendix G) must be at most 1, got {unit}; use larger units"
        )
    return unit


def proposition_6_trade(bounds: AssumptionBounds, unit_size: float) -> float:
    """Return the largest trade at which A1 holds while one trader gives up all of its units.

    Each of the others takes over a share of 1 / (N - 1), and stays within qbar.

    Examples
    --------
    >>> bounds = AssumptionBounds(4, 1.0, 0.0, 1.0, 1.0, largest_trade=8.0)
    >>> proposition_6_trade(bounds, 0.5)
    6.0
    """
    check_bounds(bounds)
    unit, n = unit_size_of(unit_size), bounds.n_traders
    units = floor(bounds.largest_trade / unit + WHOLE_UNITS_TOLERANCE)
    # The largest whole t with t + ceil(t / (n - 1)) <= units.
    return units * (n - 1) // n * unit


def proposition_6_deficit(bounds: AssumptionBounds, inefficiency: float, unit_size: float) -> float:
    """Return a deficit that no mechanism avoids in every economy: delta of Proposition 6.

    Corrected: the larger of the two terms, not their sum, and linear in the length of trade; for
    N - 1 traders if N is odd. The inefficiency is rounded up to whole units (footnote 34). If the
    deficit is negative, the proposition says nothing.

    Examples
    --------
    >>> bounds = AssumptionBounds(4, 1.0, 0.0, 1.0, 1.0, largest_trade=40 / 3)
    >>> round(proposition_6_deficit(bounds, 0.0, 0.5), 9)
    60.166666667
    """
    check_bounds(bounds)
    n, unit = bounds.n_traders, unit_size_of(unit_size)
    lost = ceil(non_negative("inefficiency", inefficiency) / unit - WHOLE_UNITS_TOLERANCE) * unit
    trade = max(proposition_6_trade(bounds, unit) - lost, 0.0)
    private = max(trade**2 / (2 * (n - 1)), unit * trade / 2)
    rents = bounds.own_effect * private + bounds.interdependence * (trade**2 / 2)
    price = bounds.steepest / bounds.room * rents
    return worst_case_traders(bounds) * (price - c_2(bounds) * lost)


def proposition_7_deficit(
    bounds: AssumptionBounds, sigma: float, half_spread: float, unit_size: float
) -> float:
    """Return the largest deficit of the mechanism with a slope and a spread, (G.3).

    Holds for equal slopes, or with phi the largest effect on another trader.

    Examples
    --------
    >>> bounds = AssumptionBounds(4, 1.0, 0.0, 1.0, 1.0, largest_trade=40 / 3)
    >>> round(proposition_7_deficit(bounds, 0.0, 0.0, 0.5), 9)
    149.62962963
    """
    slope_part, unit_part = deficit_parts(bounds, sigma, half_spread, unit_size)
    return bounds.n_traders * (max(slope_part, 0.0) + max(unit_part, 0.0))


def deficit_parts(
    bounds: AssumptionBounds, sigma: float, half_spread: float, unit_size: float
) -> tuple[float, float]:
    """Return the two terms of (G.3): D_1 X - D_2 sigma and Delta (...) - D_5 delta."""
    check_bounds(bounds)
    slope, spread = non_negative("sigma", sigma), non_negative("half_spread", half_spread)
    unit, most = unit_size_of(unit_size), bounds.largest_trade
    distance = bounds.room
    sensitivity = bounds.reach / distance
    triangle = most * (most + unit) / 2
    first = triangle * (bounds.steepest * sensitivity - (1 - sensitivity) * slope)
    step = (bounds.steepest + slope) * bounds.own_effect / distance
    return first, most * (unit * step - spread)


def proposition_7_inefficiency(
    bounds: AssumptionBounds, sigma: float, half_spread: float, unit_size: float
) -> float:
    """Return the largest distance of quantities from efficient ones: epsilon of Proposition 7.

    Corrected: Delta + 2 (sigma qbar + delta) / m_low; the printed bound lacks Delta.

    Examples
    --------
    >>> bounds = AssumptionBounds(4, 1.0, 0.0, 1.0, 1.0, largest_trade=2.0)
    >>> proposition_7_inefficiency(bounds, sigma=0.02, half_spread=0.0, unit_size=0.5)
    0.58
    """
    check_bounds(bounds)
    slope, spread = non_negative("sigma", sigma), non_negative("half_spread", half_spread)
    taxed = slope * bounds.largest_trade + spread
    return unit_size_of(unit_size) + 2 * taxed / bounds.flattest
