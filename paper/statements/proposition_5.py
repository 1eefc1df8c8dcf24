"""Proposition 5: relative inefficiency, without slack (Section 7, Appendix F)."""

import numpy as np
from scipy.optimize import brentq

from deviator.economies import AssumptionBounds, assumption_bounds
from deviator.economies.assumption_bounds import sigma_n_from
from deviator.economies.efficiency_frontiers import worst_case_trade
from deviator.mechanisms import Reports, SigmaVCG
from deviator.validation import Floats

from ..bounds.continuous import (
    least_relative_inefficiency,
    most_transfer_relative,
    proposition_5_inefficiency,
)
from ..checks.drawn import random_economy
from ..checks.transfer_search import CELLS, Band, best_transfer
from ..statement import Finding, Formula, gap, statement, worst
from .proposition_1 import TightMarket, worst_case, worst_cases

SIZES = (10, 100, 1000, 10_000)
NEAREST_UNIT = 1e-3
"""First quantity of the grid as a share of the trader's own; below it the band is narrow."""


@statement(
    "Proposition 5: identity",
    "Section 7; Appendix F, first display",
    "With equal slopes sigma_N-VCG is sigma_N/m_bar-q-efficient, |q_i - q_i^0| = sigma_N/m_bar "
    "|q_i| exactly, and never in deficit.",
)
def _check_identity(inefficiency: Formula = proposition_5_inefficiency) -> Finding:
    rng = np.random.default_rng(51)
    gaps, deficits = [], []
    for _ in range(400):
        economy = random_economy(rng, int(rng.integers(3, 12)), equal_slopes=True)
        bounds = assumption_bounds(economy)
        types = rng.standard_normal((6, economy.n_traders))
        outcome = SigmaVCG(economy, sigma_n_from(bounds)).clear(Reports(types))
        distance = np.abs(outcome.quantity - economy.efficient_allocation(types))
        gaps.append(gap(distance, inefficiency(bounds) * np.abs(outcome.quantity)))
        volume = np.abs(outcome.price[:, None] * outcome.quantity).sum(axis=1)
        deficits.append(float((-outcome.transfer.sum(axis=1) / volume).max()))
    return Finding(
        max(*gaps, *deficits, 0.0),
        f"|q - q^0| is sigma_N/m_bar |q| for every trader in {len(gaps)} economies of equal slopes "
        f"(largest difference {worst(gaps):.2g}), and no market is in deficit",
    )


def _relative(inefficiency: float) -> Band:
    """Return the band |q - q^0| <= delta |q| around quantities that are not negative."""
    return lambda units: (units / (1 + inefficiency), units / (1 - inefficiency))


def _best_transfer(case: TightMarket, inefficiency: float) -> float:
    """Return the most that trader 0 pays at s*, in m_bar qbar^2, extrapolated in the grid."""
    trade = worst_case_trade(case.bounds)
    coarse, fine = (
        best_transfer(
            case.economy,
            case.types,
            np.geomspace(NEAREST_UNIT * trade, trade, cells + 1),
            _relative(inefficiency),
        ).transfer
        for cells in (CELLS, 2 * CELLS)
    )
    return (2 * fine - coarse) / (case.bounds.steepest * case.bounds.largest_trade**2)


@statement(
    "Proposition 5: tightness",
    "Section 7; Appendix F",
    "In the economy (A.1) every mechanism with |q_i - q_i^0| <= delta |q_i| and delta below "
    "p_q^max/m_bar = (sigma_N/m_bar)/(1 + sigma_N/m_bar) is in deficit at s*; so for any gamma < "
    "1 none is gamma sigma_N/m_bar-q-efficient in large economies.",
    tolerance=2e-3,
)
def _check_tightness(
    least: Formula = least_relative_inefficiency, most: Formula = most_transfer_relative
) -> Finding:
    rng = np.random.default_rng(52)
    gaps = []
    for n in (6, 8, 12, 20):
        slope, phi, trade = rng.uniform(0.5, 2.0), rng.uniform(0.0, 0.1), rng.uniform(0.5, 2.0)
        case = worst_case(AssumptionBounds(n, 1.0, phi, slope, slope, trade))
        bounds, unit = case.bounds, slope * trade**2
        stated = least(bounds)
        turning = brentq(lambda delta, case=case: _best_transfer(case, delta), 0.04, 0.6, xtol=1e-6)
        gaps.append(gap(turning, stated))
        for delta in (0.5 * stated, 1.5 * stated):
            wanted = most(bounds, worst_case_trade(bounds), delta) / unit
            gaps.append(abs(_best_transfer(case, delta) - wanted))
    ratios = [_ratio(size, least) for size in SIZES]
    # 1 - 1/(1 + sigma_N/m_bar) is below sigma_N/m_bar, here below 3/(N - 2).
    slow = [1 - ratio - 3 / (size - 2) for size, ratio in zip(SIZES, ratios, strict=True)]
    shares = ", ".join(f"{ratio:.4f} (N = {n})" for n, ratio in zip(SIZES, ratios, strict=True))
    return Finding(
        max(*gaps, *slow),
        f"the best transfer found turns positive at p_q^max/m_bar (largest difference "
        f"{worst(gaps):.2g}), which with phi_N = m_o/(2N) is this share of sigma_N/m_bar: {shares}",
    )


def _ratio(n_traders: int, least: Formula) -> float:
    bounds = AssumptionBounds(n_traders, 1.0, 0.5 / n_traders, 1.0, 1.0)
    return float(least(bounds) / proposition_5_inefficiency(bounds))


@statement(
    "Proposition 5: budget balance",
    "Section 7, Section 3",
    "In the economy (A.1) taxes at sigma_N pay for the discounts exactly.",
)
def _check_budget_balance(slope: Formula = sigma_n_from) -> Finding:
    rng = np.random.default_rng(53)
    gaps = []
    for case in worst_cases(seed=53, draws=100):
        types: Floats = rng.standard_normal((5, case.bounds.n_traders))
        outcome = SigmaVCG(case.economy, slope(case.bounds)).clear(Reports(types))
        volume = np.abs(outcome.transfer).sum(axis=1)
        gaps.append(float((np.abs(outcome.transfer.sum(axis=1)) / volume).max()))
    return Finding(worst(gaps), f"largest |sum of transfers| is {worst(gaps):.2g} of what is paid")
