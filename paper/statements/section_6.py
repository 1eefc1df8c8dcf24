"""The definition of tau-VCG, and the claims on its taxes (Section 6)."""

import numpy as np

from deviator.economies import QuadraticEconomy, check_assumptions, single_crossing_violation
from deviator.mechanisms import Reports, SigmaVCG, SpreadVCG, Tax, TaxVCG
from deviator.validation import Floats

from ..checks.monotonicity import TAX_WITNESS, falls_in_own_type, largest_fall
from ..checks.taxed_markets import crossing_markets, market_price, same_for_all, transfer_gap
from ..statement import Finding, Formula, gap, statement, worst


@statement(
    "Section 6: quadratic tax",
    "Section 6, Definitions 1 and 2",
    "The VCG mechanism with the tax sigma q^2 / 2 is sigma-VCG.",
    tolerance=1e-10,
)
def _check_quadratic(tax: Formula = lambda sigma: [[sigma, 2]]) -> Finding:
    gaps = []
    for economy, sigma, types in crossing_markets(seed=60, count=12):
        by_tax = TaxVCG(economy, tax(sigma)).clear(Reports(types[:10]))
        wanted = SigmaVCG(economy, sigma).clear(Reports(types[:10]))
        gaps += [
            gap(getattr(by_tax, name), getattr(wanted, name))
            for name in ("price", "quantity", "transfer")
        ]
    text = (
        "prices, quantities and transfers, by numerical clearing and quadrature, are those of "
        f"sigma-VCG in closed form, to {worst(gaps):.2g}"
    )
    return Finding(worst(gaps), text)


def tax_collected(tax: Tax, quantity: Floats) -> Floats:
    """Return tau(x) for quantities x >= 0."""
    return tax.amount(quantity)


@statement(
    "Section 6: definition of tau-VCG",
    "Section 6",
    "Transfers are those of an incentive compatible mechanism for u_i - tau, plus the tax.",
    tolerance=2e-5,
)
def _check_definition(collected: Formula = tax_collected) -> Finding:
    gaps = []
    for economy, size, types in crossing_markets(seed=61, count=2):
        rule = TaxVCG(economy, [[0.2 * size, 1], [0.1, 2], [0.3, 3]])
        outcome = rule.clear(Reports(types[:1]))
        of_utilities = outcome.transfer - collected(rule.tax, np.abs(outcome.quantity))
        price = same_for_all(market_price(rule))
        gaps.append(transfer_gap(rule, types[:1], of_utilities, price))
    text = (
        "transfers less the tax are the pivotal ones for utilities less the tax, integrals of "
        f"prices at pivotal types found by bisection, to {worst(gaps):.2g}"
    )
    return Finding(worst(gaps), text)


TAX_WITNESS_TYPES = {
    "the spread .3": np.array([[1.0, 0.0, 0.0, 0.0, -2.4]]),
    "the tax 5 q^3 / 3": np.array([[6.0, 6.0, -6.0, -6.0, -8.4]]),
}
"""Only traders 0 and 4 trade under the spread here; all but trader 4 do under the cubic tax."""

CUBIC = [[5.0, 3]]


def increases_with_convex_taxes(economy: QuadraticEconomy) -> bool:
    """Return whether single crossing holds, so that any convex tax leaves quantities monotone."""
    return single_crossing_violation(economy) is None


@statement(
    "Section 6: convex taxes",
    "Section 6",
    '"A VCG mechanism with taxes tau satisfies IR, IC, and MC for every choice of tax function '
    'tau", twice continuously differentiable, increasing and convex.',
    corrected="It does by its definition, from a mechanism for u_i - tau that satisfies them, but "
    "there may be none: under single crossing (w_ji < w_ii) there is for every such tau; within "
    "A4^N alone the efficient quantities for u_i - tau may fall in the own type, and then no "
    "transfers are incentive compatible.",
)
def _check_convex_taxes(condition: Formula = increases_with_convex_taxes) -> Finding:
    broken, excluded, cases = falls_in_own_type(
        condition,
        lambda economy, types: [
            (SpreadVCG(economy, 0.3), types),
            (TaxVCG(economy, CUBIC), 3 * types[:3]),
        ],
    )
    inside = check_assumptions(TAX_WITNESS)["A4N"].holds
    rules = SpreadVCG(TAX_WITNESS, 0.3), TaxVCG(TAX_WITNESS, CUBIC)
    falls_with = {
        name: largest_fall(rule, types)
        for rule, (name, types) in zip(rules, TAX_WITNESS_TYPES.items(), strict=True)
    }
    fall_texts = " and ".join(f"by {fall:.3g} with {name}" for name, fall in falls_with.items())
    text = (
        f"under single crossing quantities fell in the own type in {broken} of {cases} cases of a "
        f"spread or a cubic tax; without it, within A4^N, in {excluded}; with N = 5, slopes and "
        f"own effects of 1 and one other effect, w_51 = 1.4, trader 1's falls {fall_texts}, and no "
        "transfers are incentive compatible"
    )
    return Finding(broken / cases + float(not inside), text, min(falls_with.values()))
