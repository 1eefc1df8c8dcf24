"""Proposition 2: guarantees of sigma-VCG in every economy (Section 3, Appendix B).

The module `budget_claim` has the claim on the budget.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from deviator.economies import (
    AssumptionBounds,
    LinearQuadratic,
    assumption_bounds,
    linear_quadratic,
    walrasian_response,
)
from deviator.economies.efficiency_frontiers import c_2, d_2, d_3, deficit_frontiers
from deviator.mechanisms import Reports, SigmaVCG
from deviator.validation import Floats

from ..bounds.continuous import (
    frontier_slack,
    price_sensitivity,
    price_shift,
    proposition_2_inefficiency,
)
from ..checks.definitions import taxed_equilibrium
from ..checks.drawn import random_economy
from ..statement import Finding, Formula, gap, statement, worst
from .proposition_1 import worst_cases

ECONOMIES = 2000
PROFILES = 4
REPORTS = 41
"""Number of a trader's reports on the grid."""


class Market(NamedTuple):
    """An economy within A1 to A4^N, a tax and profiles of types in its set."""

    economy: LinearQuadratic
    sigma: float
    types: Floats  # (PROFILES, N)


def markets(seed: int, count: int = ECONOMIES, bounded_types: bool = True) -> Iterator[Market]:
    """Draw markets; the first has no tax."""
    rng = np.random.default_rng(seed)
    for draw in range(count):
        n = int(rng.integers(3, 11))
        economy = random_economy(rng, n, bounded_types=bounded_types)
        sigma = 0.0 if draw == 0 else float(np.exp(rng.normal(-1.0, 1.5)))
        low, high = (np.clip(end, -2.0, 2.0) for end in economy.type_set)
        yield Market(economy, sigma, low + (high - low) * rng.beta(0.5, 0.5, (PROFILES, n)))


def opposed_markets(ratios: tuple[float, ...], n_traders: int) -> Iterator[Market]:
    """Yield markets in which steep traders buy and flat ones sell, except for one of each.

    The tax raises the price there, and the flat buyer loses most: the worst case for (3.12).
    """
    for ratio in ratios:
        half = n_traders // 2
        slope = np.repeat([ratio, 1.0], half)
        quantity = np.repeat([1.0, -1.0], half)
        # Two traders swap sides: a flat one buys, and a steep one sells to clear the market.
        quantity[half], quantity[0] = 1.0, -1.0
        yield Market(linear_quadratic(np.eye(2 * half), slope), 1e-3, (slope * quantity)[None])


@statement(
    "Proposition 2: efficiency",
    "equation (3.12), Section 3; Appendix B, part 3",
    "In every economy within A1 to A4^N quantities of sigma-VCG are within D_3 sigma of the "
    "efficient ones, and not above qbar.",
)
def _check_efficiency(inefficiency: Formula = proposition_2_inefficiency) -> Finding:
    excess, share = [], []
    for market in (*markets(seed=21), *opposed_markets((1.05, 2.0, 10.0, 100.0), 60)):
        economy, sigma = market.economy, market.sigma
        quantity = SigmaVCG(economy, sigma).clear(Reports(market.types)).quantity
        efficient = economy.efficient_allocation(market.types)
        qbar = np.abs(efficient).max(axis=1)
        # Epsilon is linear in qbar, so the bound for qbar = 1 is scaled.
        bound = inefficiency(assumption_bounds(economy), sigma) * qbar
        distance = np.abs(quantity - efficient).max(axis=1)
        excess.append(float(((distance - bound) / qbar).max()))
        excess.append(float((np.abs(quantity).max(axis=1) / qbar).max()) - 1)
        if sigma > 0:
            share.append(float((distance / bound).max()))
    return Finding(
        max(0.0, worst(excess)),
        f"in {len(share) + 1} economies quantities are within (3.12) of efficient ones, at most "
        f"{max(share):.3f} of it, and never above qbar",
    )


@statement(
    "Proposition 2: individual rationality",
    "Section 3; Appendix B, part 1",
    "In sigma-VCG no trader is worse off than without trade, at any profile.",
)
def _check_individual_rationality(mechanism: Formula = SigmaVCG) -> Finding:
    losses, seen = [], 0
    for bounded in (True, False):
        for market in markets(seed=22, count=ECONOMIES // 2, bounded_types=bounded):
            outcome = mechanism(market.economy, market.sigma).clear(Reports(market.types))
            value = market.economy.utility(outcome.quantity, market.types)
            utility = value - outcome.transfer
            losses.append(float((-utility).max() / np.abs(value).max()))
            seen += utility.size
    return Finding(
        max(0.0, worst(losses)),
        f"no trader of {seen} loses (largest loss {max(0.0, worst(losses)):.2g} of the values)",
    )


@statement(
    "Proposition 2: incentive compatibility",
    "Section 3; Appendix B, part 1",
    "In sigma-VCG no report beats the truth at any profile, and quantities rise in the own type.",
)
def _check_incentive_compatibility(mechanism: Formula = SigmaVCG) -> Finding:
    rng = np.random.default_rng(23)
    gains, falls = [], []
    for bounded in (True, False):
        for market in markets(seed=23, count=ECONOMIES // 4, bounded_types=bounded):
            trader = int(rng.integers(market.economy.n_traders))
            gain, fall = _best_report(mechanism, market, trader)
            gains.append(gain)
            falls.append(fall)
    return Finding(
        max(0.0, worst(gains), worst(falls)),
        f"none of {REPORTS} reports gains in {len(gains)} markets (largest gain "
        f"{max(0.0, worst(gains)):.2g} of the values), and quantities rise in the own type",
    )


def _best_report(mechanism: Formula, market: Market, trader: int) -> tuple[float, float]:
    """Return the gain of the best report, and the largest fall of the quantity in the report."""
    economy, types = market.economy, market.types[:1]
    low, high = (float(np.clip(end[trader], -4.0, 4.0)) for end in economy.type_set)
    reports = np.repeat(types, REPORTS + 1, axis=0)
    reports[1:, trader] = np.linspace(low, high, REPORTS)
    outcome = mechanism(economy, market.sigma).clear(Reports(reports))
    value = economy.utility(outcome.quantity, np.repeat(types, REPORTS + 1, axis=0))[:, trader]
    utility = value - outcome.transfer[:, trader]
    fall = -float(np.diff(outcome.quantity[1:, trader]).min())
    return float((utility[1:] - utility[0]).max() / np.abs(value).max()), fall


def _shifts(market: Market) -> Floats:
    """Return |p^sigma - p^0| / qbar, from the equations (3.8)."""
    efficient, quantity = taxed_equilibrium(market.economy, 0.0, market.types)
    taxed = taxed_equilibrium(market.economy, market.sigma, market.types)[0]
    return np.asarray(np.abs(taxed - efficient) / np.abs(quantity).max(axis=1))


def _printed_price_shift(bounds: AssumptionBounds, sigma: float) -> float:
    """Return (B.9) as printed."""
    spread = bounds.steepest - bounds.flattest
    return sigma * bounds.largest_trade * spread / (2 * (sigma + bounds.steepest))


@statement(
    "Equation (B.9)",
    "Appendix B, part 3; with (B.10)",
    "|p^sigma - p^0| <= sigma qbar (m_bar - m_low) / (2 (sigma + m_bar)).",
    corrected="|p^sigma - p^0| <= sigma qbar (m_bar - m_low) / (2 (sigma + m_low)), as the "
    "fraction before it gives and (3.12) uses, and <= sigma qbar (B.10).",
)
def _check_price_shift(shift: Formula = price_shift) -> Finding:
    opposed = (
        market._replace(types=np.repeat([1.0, -1.0], 10)[None] * market.economy.slope, sigma=0.3)
        for market in opposed_markets((1.5, 3.0, 8.0), 20)
    )
    excess, printed, share = [], [], []
    for market in (*markets(seed=24), *opposed):
        moved, bounds = float(_shifts(market).max()), assumption_bounds(market.economy)
        size = market.sigma or 1.0
        excess.append((moved - shift(bounds, market.sigma)) / size)
        printed.append((moved - _printed_price_shift(bounds, market.sigma)) / size)
        if market.sigma > 0 and bounds.flattest < bounds.steepest:
            share.append(moved / price_shift(bounds, market.sigma))
    return Finding(
        max(0.0, worst(excess)),
        f"in {len(excess)} economies the price moves by at most {max(share):.3f} of the bound; it "
        f"exceeds the printed one in {sum(one > 1e-9 for one in printed)}, by up to "
        f"{worst(printed):.3g} sigma qbar",
        printed=max(0.0, worst(printed)),
    )


def _residual_slopes(market: Market) -> Floats:
    """Return dp/dq_i by differences of the equations (3.8), shape (N,)."""
    n = market.economy.n_traders
    moved = np.concatenate([market.types[:1], market.types[:1] + 0.25 * np.eye(n)])
    price, quantity = taxed_equilibrium(market.economy, market.sigma, moved)
    own = quantity[np.arange(1, n + 1), np.arange(n)] - quantity[0]
    return np.asarray((price[1:] - price[0]) / own)


@statement(
    "Equation (B.5)",
    "Appendix B, part 2",
    "With y_j = 1 / (sigma + slope_j), dp/dq_i = sum_j mu_ji y_j / ((mu_ii sum_j y_j - sum_j "
    "mu_ji y_j) y_i) <= (sigma + m_bar)/(m_o - phi_N) (m_o/(N-1) + phi_N), phi_N bounding the "
    "average effect of a type on the others (A4^N).",
    corrected="The equality stands; the inequality holds if phi_N bounds each effect of a type on "
    "another, since what it bounds is an average weighted by y_j, not the plain one.",
)
def _check_residual_slope(
    slope: Formula = lambda economy, sigma: walrasian_response(economy, sigma).residual_slope,
    bound: Formula = price_sensitivity,
) -> Finding:
    rng = np.random.default_rng(25)
    gaps, excess, printed = [], [], []
    for market in markets(seed=25):
        steepness = _residual_slopes(market)
        gaps.append(gap(slope(market.economy, market.sigma), steepness))
        allowed = price_sensitivity(assumption_bounds(market.economy), market.sigma)
        printed.append(float(steepness.max()) / allowed - 1)
        economy = random_economy(rng, market.economy.n_traders, kind="maximum")
        steepness = _residual_slopes(market._replace(economy=economy))
        repaired = bound(assumption_bounds(economy, kind="maximum"), market.sigma)
        excess.append(float(steepness.max()) / repaired - 1)
    return Finding(
        max(*gaps, *excess, 0.0),
        f"the formula agrees with differences in {len(gaps)} economies, {worst(gaps):.2g}; with "
        f"the maximum as phi_N no curve is steeper than the bound, with the average "
        f"{sum(one > 1e-9 for one in printed)} economies have one, by up to {worst(printed):.1%}",
        printed=max(0.0, worst(printed)),
    )


@statement(
    "Section 3: frontiers",
    "(2.7), (3.12), Section 3",
    "In the economy (A.1) sigma-VCG's deficit at s* is at least Proposition 1's and at most "
    "Proposition 2's at epsilon = D_3 sigma.",
)
def _check_frontiers(frontiers: Formula = deficit_frontiers) -> Finding:
    excess, shares = [], []
    for case in worst_cases(seed=27, draws=100):
        bounds = case.bounds
        epsilons = np.linspace(0.0, bounds.largest_trade / 3, 12)
        necessary, sufficient = frontiers(bounds, epsilons)
        unit = bounds.n_traders * bounds.steepest * bounds.largest_trade**2
        for index, epsilon in enumerate(epsilons):
            mechanism = SigmaVCG(case.economy, epsilon / d_3(bounds))
            lost = -float(mechanism.clear(Reports(case.types[None])).transfer.sum())
            excess += [(necessary[index] - max(lost, 0)) / unit, (lost - sufficient[index]) / unit]
        shares.append(necessary[0] / sufficient[0])
    return Finding(
        max(0.0, worst(excess)),
        f"in {len(shares)} economies the deficit of sigma-VCG at s* is between the frontiers, "
        f"which at epsilon = 0 are at a ratio of {min(shares):.3f} to {max(shares):.3f}",
    )


@statement(
    "Section 3: slack of the frontier",
    "Section 3, last but one page; (2.7), (3.12)",
    "In large economies with small pairwise interdependence C_2 is approximately 2 m_bar/m_low "
    "times larger than D_2^N/D_3.",
    tolerance=1e-8,
    corrected="It is 2 m_bar/m_low [1 + min{1, (m_bar - m_low)/(2 m_low)}] times D_2^N/D_3, with "
    "the bracket of D_3, which is 1 only where slopes are equal.",
)
def _check_slack(slack: Formula = frontier_slack, third: Formula = d_3) -> Finding:
    rng = np.random.default_rng(26)
    gaps, printed = [], []
    for _ in range(200):
        flat, qbar = rng.uniform(0.5, 2.0, 2)
        bounds = AssumptionBounds(10**9, 1.0, 0.0, flat, flat * rng.uniform(1.0, 5.0), qbar)
        ratio = c_2(bounds) * third(bounds) / d_2(bounds)
        gaps.append(gap(slack(bounds), ratio))
        printed.append(gap(2 * bounds.steepest / bounds.flattest, ratio))
    return Finding(
        worst(gaps),
        f"C_2 / (D_2/D_3) differs from the formula by {worst(gaps):.2g} in {len(gaps)} sets of "
        f"constants, and from 2 m_bar/m_low by up to {worst(printed):.0%} of it",
        printed=worst(printed),
    )
