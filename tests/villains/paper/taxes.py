"""Wrong formulas that the statements on taxes and discrete units must catch."""

import numpy as np
from scipy.integrate import quad

from deviator.economies import sigma_n
from deviator.mechanisms import DiscreteVCG, EntryFeeVCG, SpreadVCG
from deviator.paper.bounds.continuous import price_sensitivity
from deviator.paper.bounds.discrete import (
    deficit_parts,
    proposition_6_deficit,
    proposition_6_trade,
    proposition_7_deficit,
)
from deviator.paper.bounds.proposition_4 import balancing_half_spread
from deviator.paper.checks.taxed_markets import marginal_utility
from deviator.paper.statements.discrete_units import forward_differences, forward_value
from deviator.paper.statements.propositions_6_and_7 import printed_part


def half_the_spread(economy, half_spread, types):
    return SpreadVCG(economy, half_spread / 2).allocate(types)


def at_the_middle(middle, half_spread, side):
    return middle


def half_the_fee(economy, fee, types):
    return EntryFeeVCG(economy, fee / 2).allocate(types)


def without_own_slope(economy, trader):
    price = marginal_utility(economy, trader)
    return lambda profiles, units: price(profiles, np.zeros_like(units))


def added_terms(bounds, inefficiency, unit):
    """Proposition 6 with the terms in X and Delta added, lengths not squared."""
    n, own, phi = bounds.n_traders, bounds.own_effect, bounds.interdependence
    trade = proposition_6_trade(bounds, unit)
    price = bounds.steepest / (own - phi)
    gain = price * (trade**2 * bounds.reach / 2 + own * unit * trade / 2)
    return n * (gain - bounds.largest_trade * bounds.steepest * inefficiency)


def without_units(bounds, sigma, half_spread, unit):
    return bounds.n_traders * max(deficit_parts(bounds, sigma, half_spread, unit)[0], 0.0)


def printed_inefficiency(bounds, sigma, half_spread, unit):
    return (2 * sigma * bounds.largest_trade + 3 * half_spread) / bounds.flattest


def wider_spread(economy, unit, sigma, half_spread):
    return DiscreteVCG(economy, unit, sigma, half_spread + 0.05)


def altered_6_29(
    reach=lambda bounds: bounds.reach,
    distance=lambda bounds: bounds.own_effect - bounds.interdependence,
    factor=1.0,
):
    """(6.29) with another X, another m_o - phi or another second term."""

    def condition(bounds, bend, trade):
        collected = quad(lambda x: (trade - x) * bend(x), 0.0, trade)[0]
        asked = factor * bounds.steepest * trade**2 / (2 * distance(bounds))
        return collected / reach(bounds) - asked

    return condition


VILLAINS = {
    "Example 8: allocation": {"allocation": half_the_spread},
    "Example 8: transfers": {"price": at_the_middle},
    "Example 9: allocation": {"allocation": half_the_fee},
    "Example 9: transfers": {"unit_price": without_own_slope},
    "Section 6: quadratic tax": {"tax": lambda sigma: [[2 * sigma, 2]]},
    "Section 6: definition of tau-VCG": {"collected": lambda tax, x: x * tax.marginal(x)},
    "Section 6: convex taxes": {"condition": lambda economy: True},
    "Example 9: incentives": {"condition": lambda economy: True},
    "Proposition 4: condition (6.29)": {
        "condition": altered_6_29(reach=lambda b: b.own_effect / (b.n_traders - 1))
    },
    "Proposition 4: quadratic taxes": {"slope": lambda economy: 1.01 * sigma_n(economy)},
    "Proposition 4: spread": {
        "half_spread": lambda bounds, trade: (
            bounds.reach**0.5 * balancing_half_spread(bounds, trade)
        )
    },
    "Proposition 4: entry fee": {"fee": lambda bounds, trade: bounds.steepest * trade**2 / 4},
    "Appendix G: allocation (G.1)": {"condition": forward_differences},
    "Appendix G: transfers (G.2)": {"worth": forward_value},
    "Appendix G: limit": {"rule": wider_spread},
    "Appendix G: limit of the bounds": {"lower": added_terms},
    "Proposition 6": {"deficit": added_terms},
    "Proposition 7: constraints": {"charged": lambda transfer, quantity: 1.5 * transfer},
    "Proposition 7: budget": {"deficit": without_units},
    "Proposition 7: efficiency": {"inefficiency": printed_inefficiency},
    "Footnote 19": {"part": printed_part},
    "Footnote 33": {"part": printed_part},
}


def all_traders_lose(bounds, inefficiency, unit):
    """Proposition 6 with N in the place of N - 1 where N is odd."""
    n = bounds.n_traders
    return n / (n - n % 2) * proposition_6_deficit(bounds, inefficiency, unit)


MORE_VILLAINS = [
    ("Proposition 6", {"deficit": all_traders_lose}),
    ("Appendix G: limit of the bounds", {"upper": lambda b, *tax: 0.99 * proposition_7_deficit(b, *tax)}),
    ("Proposition 4: condition (6.29)", {"condition": altered_6_29(distance=lambda b: b.own_effect)}),
    ("Proposition 4: quadratic taxes", {"sensitivity": lambda bounds: 1.01 * price_sensitivity(bounds)}),
    ("Proposition 4: condition (6.29)", {"condition": altered_6_29(factor=1.09)}),
    ("Proposition 4: condition (6.29)", {"condition": altered_6_29(factor=0.6)}),
]  # fmt: skip
