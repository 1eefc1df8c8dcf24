"""Proposition 4: taxes that balance the budget in large markets are at least quadratic (App. E)."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from deviator.economies import AssumptionBounds, LinearQuadratic, assumption_bounds, sigma_n, tight
from deviator.mechanisms import (
    EntryFeeVCG,
    Mechanism,
    PowerTax,
    Reports,
    SigmaVCG,
    SpreadVCG,
    SumTax,
    Tax,
    TaxVCG,
)
from deviator.validation import Floats

from ..bounds.continuous import price_sensitivity
from ..bounds.proposition_4 import balancing_entry_fee, balancing_half_spread, condition_6_29
from ..statement import Finding, Formula, gap, statement, worst

SIZES = (6, 12, 24, 48, 96, 192)
"""Numbers of traders."""

FEE_SIZES = (6, 12, 24)

SMALL_FEES = (0.003, 0.03, 0.1)
"""Entry fees in units of m_bar q^2; at 1/2 and above the two traders do not trade."""

LARGE = 200
"""A market that counts as large."""

GROWING = (50, 200)
"""Numbers of traders between which the precision of (6.29) must grow."""

EXPONENTS = (2.0, 3.0)
"""Exponents of the power taxes whose least coefficient is compared with the root of (6.29)."""

MARGIN = 1.1
"""Allowed excess of the least coefficient over the root, in units of X/(m_o - phi)."""


class Pair(NamedTuple):
    """The economy (A.1); without taxes trader 1 buys q units from 2 and the others stay out."""

    economy: LinearQuadratic
    trade: float

    @property
    def bounds(self) -> AssumptionBounds:
        """The economy's bounds in the assumptions."""
        return assumption_bounds(self.economy)

    def types(self, tax: float = 0.0, buyers: int = 1) -> Floats:
        """Return the profile s* at which the two trade q, given the marginal tax at q.

        With more buyers as many others sell q each; buyers come first.
        """
        own, cross = self.economy.weights[0, :2]
        types = np.zeros((1, self.economy.n_traders))
        types[0, :buyers] = (self.economy.slope[0] * self.trade + tax) / (own - cross)
        types[0, buyers : 2 * buyers] = -types[0, 0]
        return types

    def budget(self, rule: Mechanism, tax: float = 0.0) -> float:
        """Return the sum of the two traders' transfers at s*, in units of m_bar q^2."""
        types = self.types(tax)
        paid = [
            rule.clear_deviations(Reports(types), trader, types[:, [trader], None]).transfer
            for trader in (0, 1)
        ]
        return float(np.sum(paid) / (self.economy.slope[0] * self.trade**2))


def pairs(common: float, sizes: tuple[int, ...] = SIZES) -> Iterator[Pair]:
    """Yield pairs in growing markets; phi = common / N, m_o = 1.2, m_bar = 0.8, q = 1.5."""
    for n in sizes:
        yield Pair(tight(n, own_effect=1.2, cross_effect=common / n, slope=0.8), trade=1.5)


@statement(
    "Proposition 4: condition (6.29)",
    "(6.29), Appendix E",
    "In large markets, a tax that violates (6.29) leaves a deficit between some two traders.",
    tolerance=1e-8,
)
def _check_condition(condition: Formula = condition_6_29) -> Finding:
    exact, excess, precision = [], [], []
    wrong, signs = 0, ""
    for common in (0.0, 0.5):
        for exponent in EXPONENTS:
            offs = {}
            for pair in pairs(common, sizes=GROWING):
                bounds = pair.bounds
                offs[bounds.n_traders] = off = _off_root(condition, pair, exponent)
                order = bounds.reach / (bounds.own_effect - bounds.interdependence)
                excess.append(abs(off) - MARGIN * order)
            first, last = (abs(offs[n]) for n in GROWING)
            # N grows by a factor of 4, and so should the precision; a factor of 3 is required.
            excess.append(last - first / 3)
            precision.append(
                f"{first:.2g} to {last:.2g} (exponent {exponent:g}, phi = {common:g}/N)"
            )
        exact += [_off_quadratic(condition, pair) for pair in pairs(common, sizes=GROWING)]
        (large,) = pairs(common, sizes=(LARGE,))
        disagree, signs = _wrong_signs(condition, large)
        wrong += disagree
    # Interdependence of a fixed size, within A4^N.
    exact += [_off_quadratic(condition, Pair(tight(n, 1.2, 0.5, 0.8), 1.5)) for n in (12, 48)]
    text = (
        f"the least coefficient of a power tax without a deficit between two traders exceeds the "
        f"root of (6.29) by at most {MARGIN} X/(m_o - phi) of it, from N = {GROWING[0]} to "
        f"{GROWING[1]} by {', '.join(precision)}; with m_bar + sigma for m_bar it is exact for "
        f"quadratic taxes, to {worst(exact):.2g}, also at phi = .5; at N = {LARGE} the budget is "
        f"negative for just those taxes that violate it ({signs})"
    )
    return Finding(max(wrong, worst(exact), worst(excess), 0.0), text)


@statement(
    "Proposition 4: quadratic taxes",
    "Section 6, footnotes 25 and 26",
    "The minimal slope that is required for budget surplus, when (6.29) binds at every quantity, "
    "converges to p_q^max, and so to the minimal slope sigma_N of sigma-VCG: their ratios "
    "converge to 1.",
)
def _check_quadratic(slope: Formula = sigma_n, sensitivity: Formula = price_sensitivity) -> Finding:
    gaps, ratios = [], []
    for common in (0.0, 0.5):
        for pair in pairs(common):
            least, steepest = _least_slope(pair), sensitivity(pair.bounds)
            gaps.append(gap([slope(pair.economy)], [least]))
            # Footnote 26, with the least slope for sigma_N.
            gaps.append(gap([(least / pair.bounds.steepest + 1) * steepest], [least]))
            ratios.append(least / steepest - 1)
    last = max(ratios[len(SIZES) - 1 :: len(SIZES)])
    text = (
        f"the least slope that leaves no deficit between two of N = 6 to {SIZES[-1]} traders is "
        f"sigma_N and (sigma_N + m_bar) / m_bar times p_q^max, to {worst(gaps):.2g}; sigma_N / "
        f"p_q^max - 1 (footnotes 25 and 26) is down to {last:.2g}"
    )
    return Finding(worst([*gaps, last - 0.02, 0.0]), text)


def _least_slope(pair: Pair) -> float:
    """Return the slope of the quadratic tax at which the two traders' transfers sum to 0."""

    def budget(sigma: float) -> float:
        return pair.budget(SigmaVCG(pair.economy, sigma), sigma * pair.trade)

    return float(brentq(budget, 0.0, 50.0, xtol=1e-14, rtol=1e-13))


@statement(
    "Proposition 4: spread",
    "Section 6, Appendix E",
    "A bid-ask spread balances the budget only at distortions of a larger order than sigma_N's.",
)
def _check_spread(half_spread: Formula = balancing_half_spread) -> Finding:
    gaps, ratios = [], {}
    for common in (0.0, 0.5):
        for pair in pairs(common):

            def budget(delta: float, pair: Pair = pair) -> float:
                return pair.budget(SpreadVCG(pair.economy, delta), delta)

            size = float(pair.economy.slope[0]) * pair.trade
            least = brentq(budget, 1e-6 * size, size, xtol=1e-14, rtol=1e-13)
            gaps.append(gap([half_spread(pair.bounds, pair.trade)], [least]))
            ratios[pair.economy.n_traders] = least / (sigma_n(pair.economy) * pair.trade)
            if not common:
                # With private values, sqrt(N - 1) - 1.
                gaps.append(
                    gap([ratios[pair.economy.n_traders] + 1], [np.sqrt(len(pair.types()[0]) - 1)])
                )
    multiples = ", ".join(f"{ratio:.2f} at N = {n}" for n, ratio in ratios.items())
    text = (
        "the least half spread that leaves no deficit between two traders is of order sqrt(X), to "
        f"{worst(gaps):.2g}; it distorts their trade by a multiple of what sigma_N does, "
        f"sqrt(N - 1) - 1 with private values; with phi = 1/(2N) {multiples}"
    )
    return Finding(worst(gaps), text)


@statement(
    "Proposition 4: entry fee",
    "Section 6, Appendix E",
    "Entry fees perform strictly worse: small ones are dwarfed by the fall in prices before "
    "others enter.",
)
def _check_entry_fee(fee: Formula = balancing_entry_fee) -> Finding:
    gaps, small = [], []
    for common in (0.0, 0.3):
        for pair in pairs(common, sizes=FEE_SIZES):
            unit = float(pair.economy.slope[0]) * pair.trade**2

            def budget(share: float, pair: Pair = pair, unit: float = unit) -> float:
                return pair.budget(EntryFeeVCG(pair.economy, share * unit))

            small += [budget(share) for share in SMALL_FEES]
            least = unit * brentq(budget, SMALL_FEES[-1], 0.45, xtol=1e-13, rtol=1e-12)
            gaps.append(gap([fee(pair.bounds, pair.trade)], [least]))
    text = (
        "the least fee that leaves no deficit between two traders is m_bar q^2 (1 + phi/m_o) / 4 "
        f"in markets of {FEE_SIZES[0]} to {FEE_SIZES[-1]}, to {worst(gaps):.2g}: it does not "
        "vanish, and trades of up to .71 q are lost; smaller fees leave deficits of "
        f"{-max(small):.2g} m_bar q^2 and more"
    )
    return Finding(worst([*gaps, max(*small, 0.0)]), text)


def taxes(bounds: AssumptionBounds, sigma: float) -> dict[str, Tax]:
    """Return taxes of a large market, some below the quadratic one of slope sigma_N."""
    small = bounds.reach**0.75
    return {
        "half of sigma_N": PowerTax(0.5 * sigma, 2.0),
        "a spread of order X^(3/4)": PowerTax(small, 1.0),
        "half of sigma_N and a spread": SumTax((PowerTax(0.5 * sigma, 2.0), PowerTax(small, 1.0))),
        "a cubic tax": PowerTax(0.4 * sigma, 3.0),
        "sigma_N and a tenth": PowerTax(1.1 * sigma, 2.0),
        "twice sigma_N": PowerTax(2.0 * sigma, 2.0),
        "a cubic tax of more than sigma_N": PowerTax(3.0 * sigma, 3.0),
    }


def left_side(condition: Formula, bounds: AssumptionBounds, tax: Tax, trade: float) -> float:
    """Return the left side of (6.29) under a tax, by a formula, in money."""
    return float(condition(bounds, lambda x: float(tax.bend(np.array(x))), trade))


def _wrong_signs(condition: Formula, pair: Pair) -> tuple[int, str]:
    """Return how often (6.29) and the budget of a large market disagree, and their values."""
    wrong, numbers = 0, []
    for name, tax in taxes(pair.bounds, sigma_n(pair.economy)).items():
        left = left_side(condition, pair.bounds, tax, pair.trade)
        budget = _taxed_budget(pair, tax)
        wrong += (left < 0) != (budget < 0)
        numbers.append(f"{name}: {left:.2g} and {budget:.2g}")
    return wrong, "; ".join(numbers)


def _taxed_budget(pair: Pair, tax: Tax) -> float:
    return pair.budget(TaxVCG(pair.economy, tax), float(tax.marginal(np.array(pair.trade))))


def _off_root(condition: Formula, pair: Pair, exponent: float) -> float:
    """Return by how much the least coefficient of a power tax exceeds the root of (6.29).

    In units of the root. At the least coefficient the two traders' transfers sum to 0.
    """

    def left(coefficient: float) -> float:
        return left_side(condition, pair.bounds, PowerTax(coefficient, exponent), pair.trade)

    def budget(coefficient: float) -> float:
        return _taxed_budget(pair, PowerTax(coefficient, exponent))

    asked = brentq(left, 0.0, 50.0, xtol=1e-14, rtol=1e-13)
    if exponent == 2:
        return float(_least_slope(pair) / asked - 1)
    least = brentq(budget, 0.3 * asked, 3.0 * asked, xtol=1e-5 * asked, rtol=1e-5)
    return float(least / asked - 1)


def _off_quadratic(condition: Formula, pair: Pair) -> float:
    """Return the left side of (6.29) at the least slope, with the slopes of taxed utilities.

    A quadratic tax turns slopes m_bar into m_bar + sigma in (E.3) and (E.4), and with these the
    condition is exact at any N and phi.
    """
    bounds, sigma = pair.bounds, _least_slope(pair)
    slope = bounds.steepest + sigma
    taxed = replace(bounds, flattest=slope, steepest=slope)
    asked = taxed.steepest * pair.trade**2 / (2 * (bounds.own_effect - bounds.interdependence))
    return abs(left_side(condition, taxed, PowerTax(sigma, 2.0), pair.trade)) / asked
