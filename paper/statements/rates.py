"""The asymptotic claims of Propositions 1 and 2, and of the deadweight loss, in growing markets."""

from collections.abc import Iterable

import numpy as np

from deviator.economies import (
    AssumptionBounds,
    LinearQuadratic,
    assumption_bounds,
    sigma_n_from,
    walrasian_response,
)
from deviator.mechanisms import Reports, SigmaVCG
from deviator.validation import Floats

from ..bounds.continuous import (
    deadweight_loss,
    limit_of_deadweight_loss,
    proposition_1_inefficiency,
    proposition_2_inefficiency,
)
from ..checks.drawn import random_economy
from ..checks.large_markets import RATES, SIZES, even_market, mixed_market, repaired_slope
from ..checks.transfer_search import CELLS
from ..statement import Finding, Formula, gap, statement, worst
from .proposition_1 import best_transfers, worst_case

SEARCHED = (10, 100, 300)
"""Numbers of traders of the markets in which mechanisms are searched."""

BAND_INTERVALS = 3
"""Intervals of types over which the allowed inefficiency extends at least."""

HUGE = (10**5, 4 * 10**5)
"""Numbers of traders from which a limit is extrapolated, for series in 1 / sqrt(N)."""

ECONOMIES = 500

ALLOWED_CHANGE = 0.15
"""By how much a bounded ratio may still move the wrong way on the way to the largest market."""


def rate_of_efficiency(n_traders: int, phi: float) -> float:
    """Return 1 / N + phi_N."""
    return 1 / n_traders + phi


def rate_of_loss(n_traders: int, phi: float) -> float:
    """Return 1 / N + phi_N + N phi_N^2, the order of N (1 / N + phi_N)^2."""
    return 1 / n_traders + phi + n_traders * phi**2


def _range(numbers: Iterable[float]) -> str:
    ordered = sorted(numbers)
    return f"{ordered[0]:.3g} to {ordered[-1]:.3g}"


@statement(
    "Proposition 1: rate",
    "Section 2.3, first sentence of Proposition 1",
    "For appropriate C > 0, no robustly asymptotically C(1/N + phi_N)-efficient family of "
    "mechanisms exists.",
)
def _check_necessary_rate(rate: Formula = rate_of_efficiency) -> Finding:
    ratios, excess = [], []
    for phi in RATES.values():
        least = []
        for n in SIZES:
            bounds = even_market(n, phi(n)).bounds
            least.append(proposition_1_inefficiency(bounds) / rate(n, phi(n)))
        excess.append(1 - ALLOWED_CHANGE - least[-1] / max(least))
        ratios += least
    markets = [even_market(n, phi(n)).bounds for phi in RATES.values() for n in SEARCHED]
    paid = [_most_collected(bounds, proposition_1_inefficiency(bounds)) for bounds in markets]
    return Finding(
        max(*excess, *paid, 0.0),
        f"the inefficiency below which all mechanisms are in deficit is {_range(ratios)} qbar "
        f"times 1/N + phi_N, for phi_N = {', '.join(RATES)} and N = {SIZES[0]} to {SIZES[-1]}; "
        f"there the mechanism that collects most, by search at N = {SEARCHED[0]} to "
        f"{SEARCHED[-1]}, loses {-max(paid):.2g} m_bar qbar^2 X a trader or more",
    )


def _most_collected(bounds: AssumptionBounds, inefficiency: float) -> float:
    """Return the most that a mechanism collects of a trader at s*, in m_bar qbar^2 X."""
    # Within an interval of types the allocation is constant, so that the band must be wider.
    cells = max(CELLS, int(BAND_INTERVALS * bounds.largest_trade / inefficiency))
    transfers, violation = best_transfers(worst_case(bounds), inefficiency, cells)
    unit = bounds.steepest * bounds.largest_trade**2 * bounds.reach
    return float(transfers.mean() + violation) / unit


@statement(
    "Proposition 2: rate",
    "Section 3, first sentence of Proposition 2",
    "For appropriate D > 0 and slopes sigma_N, the family of sigma_N-VCG mechanisms is robustly "
    "asymptotically D(1/N + phi_N)-efficient.",
)
def _check_sufficient_rate(
    rate: Formula = rate_of_efficiency, slope: Formula = repaired_slope
) -> Finding:
    excess, bounded, seen = [], [], []
    for phi in RATES.values():
        for family in (even_market, mixed_market):
            ratios = []
            for n in SIZES:
                market, order = family(n, phi(n)), rate(n, phi(n))
                sigma = slope(market.bounds)
                # No residual curve is steeper than sigma: no profile has a deficit.
                steepest = walrasian_response(market.economy, sigma).residual_slope.max()
                excess += [float(steepest) / sigma - 1, -market.surplus(sigma)]
                ratios.append(proposition_2_inefficiency(market.bounds, sigma) / order)
                seen.append(market.distance(sigma) / order)
                excess.append(seen[-1] / ratios[-1] - 1)
            excess.append(ratios[-1] / min(ratios) - 1 - ALLOWED_CHANGE)
            bounded += ratios
    return Finding(
        max(*excess, 0.0),
        f"with (m_bar/m_low) phi_N for phi_N in (3.13), so that mixed slopes leave no deficit "
        f"either, quantities are within {_range(bounded)} qbar times 1/N + phi_N of efficient "
        f"ones, and up to {max(seen):.3g} away, for phi_N = {', '.join(RATES)} and N = {SIZES[0]} "
        f"to {SIZES[-1]}; no residual curve is steeper than the tax, and no market in deficit",
    )


@statement(
    "Section 3: deadweight loss",
    "Section 3, after Proposition 2",
    "|sum_i u_i(q_i^sigma_N) - sum_i u_i(q_i^0)| <= D_3^2 sigma_N^2 N m_bar / 2 = O(1/N + phi_N + "
    "N phi_N^2).",
)
def _check_loss(bound: Formula = deadweight_loss, rate: Formula = rate_of_loss) -> Finding:
    rng = np.random.default_rng(85)
    excess, shares, seen = [], [], []
    for _ in range(ECONOMIES):
        economy = random_economy(rng, int(rng.integers(3, 11)))
        types = rng.standard_normal((4, economy.n_traders))
        shares.append(_largest_share(economy, types, bound))
    for phi in RATES.values():
        ratios = []
        for n in SIZES:
            market = even_market(n, phi(n))
            sigma = sigma_n_from(market.bounds)
            lost = market.loss(sigma)
            shares.append(lost / bound(market.bounds, sigma))
            ratios.append(lost / rate(n, phi(n)))
        excess.append(ratios[-1] / min(ratios) - 1 - ALLOWED_CHANGE)
        seen += ratios
    return Finding(
        max(*excess, worst(shares) - 1, 0.0),
        f"in {len(shares)} economies at most {max(shares):.4f} of the bound is lost, most in the "
        f"economy (A.1) of N = {SIZES[-1]}; there the loss is {_range(seen)} times 1/N + "
        f"phi_N + N phi_N^2 for phi_N = {', '.join(RATES)} and N = {SIZES[0]} to {SIZES[-1]}",
    )


def _largest_share(economy: LinearQuadratic, types: Floats, bound: Formula) -> float:
    """Return the largest loss of sigma_N-VCG at profiles, over its bound with their own qbar."""
    bounds = assumption_bounds(economy)
    sigma = sigma_n_from(bounds)
    efficient = economy.efficient_allocation(types)
    taxed = SigmaVCG(economy, sigma).clear(Reports(types)).quantity
    lost = (economy.utility(efficient, types) - economy.utility(taxed, types)).sum(axis=1)
    # The bound is quadratic in qbar, so that for qbar = 1 is scaled.
    return float((lost / (bound(bounds, sigma) * np.abs(efficient).max(axis=1) ** 2)).max())


@statement(
    "Section 1: deadweight loss",
    "Section 1; Section 3, after Proposition 2",
    "The mechanisms also guarantee a vanishing deadweight loss, when pairwise interdependence is "
    "of order at most sqrt(1/N).",
    tolerance=2e-3,
    corrected="When it is of order smaller than sqrt(1/N), as Section 3 says: with phi_N = c / "
    "sqrt(N) the loss in the economy (A.1) tends to m_bar qbar^2 (c / m_o)^2 / 2.",
)
def _check_vanishing_loss(limit: Formula = limit_of_deadweight_loss) -> Finding:
    gaps, printed, rising = [], [], []
    for share in (0.1, 0.25, 0.5):
        first, last = (_loss(n, share / n**0.5) for n in HUGE)
        # The loss is a series in 1 / sqrt(N), and N grows by a factor of 4.
        gaps.append(gap(limit(even_market(4, 0.0).bounds, share), 2 * last - first))
        printed.append(last)
        below = [_loss(n, share / n**0.75) for n in HUGE]
        rising.append(below[1] / below[0] - 0.6)
    return Finding(
        max(*gaps, *rising),
        f"at phi_N = c/sqrt(N) with c = .1, .25 and .5 the loss tends to its limit, to "
        f"{worst(gaps):.2g} when extrapolated from N = {HUGE[0]} and {HUGE[1]}, where it is "
        f"{_range(printed)} with m_bar qbar^2 = .8; at phi_N = c/N^(3/4) it falls by 40% and more "
        "as N grows by 4",
        printed=worst(printed),
    )


def _loss(n_traders: int, phi: float) -> float:
    """Return the deadweight loss of sigma_N-VCG in the economy (A.1)."""
    market = even_market(n_traders, phi)
    return market.loss(sigma_n_from(market.bounds))
