"""Proposition 6: the deficit that no mechanism avoids where the good comes in units."""

from deviator.economies import AssumptionBounds

from ..bounds.discrete import proposition_6_deficit, proposition_7_deficit
from ..checks.unit_markets import half_markets
from ..statement import Finding, Formula, statement, worst


def printed_proposition_6(bounds: AssumptionBounds, unit_size: float) -> float:
    """Return delta of Proposition 6 as printed, at epsilon = 0."""
    n = bounds.n_traders
    distance = bounds.own_effect - bounds.interdependence
    area = 0.5 * ((n - 1) / n * bounds.largest_trade) ** 2 * bounds.steepest / distance
    return n * area * (bounds.reach + bounds.own_effect * unit_size)


@statement(
    "Proposition 6",
    "Proposition 6, Appendix G",
    "For every N > 2 there are economies in which no mechanism that satisfies MC, IR, IC and "
    "epsilon-Eff has a deficit below N [C_1 (m_o/(N-1) + phi) - C_2 epsilon + C_3 Delta], C_1 = "
    "((N-1)/N qbar - epsilon)^2 m_bar / (2 (m_o - phi)), C_3 = m_o C_1.",
    corrected="N [m_bar / (m_o - phi) (m_o max{q^2 / (2 (N-1)), Delta q / 2} + phi q^2 / 2) - C_2 "
    "epsilon] with q the trade less epsilon: C_3 squares a length, and the two private terms may "
    "not be added. For N odd with N - 1 in the place of the first N.",
)
def _check_lower_bound(deficit: Formula = proposition_6_deficit) -> Finding:
    gaps, printed, shares = [], [], []
    for market in half_markets(seed=73):
        unit, bounds = market.unit_size, market.bounds
        for lost in (0, 1, 3):
            least, bound = market.deficit(lost), deficit(bounds, lost * unit, unit)
            size = bounds.n_traders * bounds.steepest * market.trade**2
            gaps.append(max(bound - least, 0.0) / size)
            if not lost:
                shares.append(bound / least)
        ceiling = proposition_7_deficit(bounds, 0.0, 0.0, unit)
        printed.append(printed_proposition_6(bounds, unit) / ceiling - 1)
    first = next(half_markets(seed=73))
    as_printed = printed_proposition_6(first.bounds, first.unit_size)
    by_vcg = proposition_7_deficit(first.bounds, 0.0, 0.0, first.unit_size)
    bound = deficit(first.bounds, 0.0, first.unit_size)
    text = (
        f"at N = 4, qbar = 40/3, Delta = 1/2, phi = 0 printed: {as_printed:.1f}, while VCG leaves "
        f"at most {by_vcg:.1f} by Proposition 7; corrected: {bound:.1f} of {first.deficit(0):.1f} "
        f"computed; over {len(shares)} markets the corrected bound is {min(shares):.0%} to "
        f"{max(shares):.0%} of the least deficit, the printed one up to {max(printed) + 1:.1f} "
        "times what VCG can leave"
    )
    return Finding(worst(gaps), text, max(*printed, 0.0))
