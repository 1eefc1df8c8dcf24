"""Section 7: what sigma-VCG still guarantees under weaker assumptions (i), (ii) and (iii)."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from deviator.economies import (
    AssumptionBounds,
    LinearQuadratic,
    assumption_bounds,
    largest_interdependence,
    sigma_n_from,
    walrasian_response,
)
from deviator.economies.bounds import limit_of_a4n
from deviator.mechanisms import Reports, SigmaVCG, SmoothSigmaVCG
from deviator.validation import Floats

from ..bounds.continuous import price_sensitivity, proposition_2_inefficiency
from ..checks.altered_utilities import AlteredUtilities, range_at_no_trade
from ..checks.drawn import random_economy
from ..checks.local_effects import LocalEffects, local_interdependence
from ..statement import Finding, Formula, statement
from .budget_claim import one_flat_trader

REPORTS = 41
"""Reports of a trader on a grid."""

ALTERED = 150
"""Economies whose utilities are altered."""

LIMITED = 800
"""Economies drawn for variant (iii)."""

AVERAGE = 0.4
"""An average effect of a type on the seven others that satisfies the second bound of A4^N alone."""

WITH_AVERAGE = one_flat_trader(8, ratio=8.0, interdependence=AVERAGE)
"""All of it falls on the last trader, whose slope is an eighth of the others'."""

FILLS = (0.3, 0.9, 0.999)
"""Shares of the bound that phi_N fills."""

LIFT = 40.0
"""Added to marginal utilities, so that altered ones are positive for all reports."""

INFORMED = ((30, 1.0), (30, 1.4), (40, 1.2))
"""Numbers of traders, and the effect of trader 0's type on each of the others at one level."""

LARGEST = 1.4
"""qbar of the economies of local effects."""

SLOPES = 8
"""Rounds in which the tax and the local interdependence are made to agree."""


class Deviations(NamedTuple):
    """What a trader's reports lead to under altered utilities, the others honest."""

    gain: float  # of the best report
    slopes: Floats  # of altered marginal utilities there, over the economy's
    least: float  # altered marginal utility there


def _deviations(altered: AlteredUtilities, sigma: float, types: Floats) -> Deviations:
    """Return what reports of the trader of the largest trade lead to, at one profile (N,)."""
    mechanism = SigmaVCG(altered.economy, sigma)
    trader = int(np.abs(mechanism.clear(Reports(types[None])).quantity[0]).argmax())
    reports = np.tile(types, (REPORTS, 1))
    reports[1:, trader] = np.linspace(-4.0, 4.0, REPORTS - 1)
    outcome, truth = mechanism.clear(Reports(reports)), np.tile(types, (REPORTS, 1))
    utility = (altered.utility(outcome.quantity, truth) - outcome.transfer)[:, trader]
    marginal = altered.marginal_utility(outcome.quantity, truth)[:, trader]
    slopes = altered.slopes(outcome.quantity, truth)[:, trader]
    return Deviations(float((utility - utility[0]).max()), slopes, float(marginal.min()))


@statement(
    "Section 7: weaker assumptions (i)",
    "Section 7, weaker assumptions",
    "A2 and A3 may be qualified to hold only where mu_i(q_i, s) is between the least and the "
    "largest mu_j(0, s); this allows non-negative marginal utilities at any allocation.",
)
def _check_range(interval: Formula = range_at_no_trade) -> Finding:
    rng = np.random.default_rng(91)
    excess, slopes, least = [], [], []
    for _ in range(ALTERED):
        drawn = random_economy(rng, int(rng.integers(3, 8)), kind="maximum")
        economy = replace(drawn, intercept=drawn.intercept + LIFT)
        sigma = sigma_n_from(assumption_bounds(economy, kind="maximum"))
        altered, types = AlteredUtilities(economy, interval), rng.standard_normal(drawn.n_traders)
        outcome = SigmaVCG(economy, sigma).clear(Reports(types[None]))
        unit = float((economy.slope * outcome.quantity**2).max())
        net = altered.marginal_utility(outcome.quantity, types[None]) - sigma * outcome.quantity
        utility = altered.utility(outcome.quantity, types[None]) - outcome.transfer
        found = _deviations(altered, sigma, types)
        excess += [float(np.ptp(net)), found.gain / unit, -float(utility.min()) / unit]
        excess.append(-float(outcome.transfer.sum()) / unit)
        slopes.append(found.slopes)
        least.append(found.least)
    spread = np.concatenate(slopes)
    return Finding(
        max(*excess, -min(least), 0.0),
        f"in {ALTERED} economies whose marginal utilities flatten below the range and steepen "
        "above it, the sigma_N-VCG outcome of the unaltered utilities still clears the market and "
        f"leaves no deficit, no trader loses, and none of {REPORTS} reports gains, though they "
        f"lead to slopes of {spread.min():.1g} to {spread.max():.2g} times the economy's; least "
        f"marginal utility {min(least):.3g}",
    )


class LocalMarket(NamedTuple):
    """An economy of local effects, its local bounds, and a tax of slope sigma_N for them."""

    economy: LocalEffects
    bounds: AssumptionBounds
    sigma: float


def _local_markets(seed: int, local: Formula) -> Iterator[LocalMarket]:
    """Draw economies that break A4^N and A4, with bounds from allocations that are near efficient.

    Near means that marginal utilities differ by 2 sigma qbar at most, as they do in sigma-VCG.
    """
    rng = np.random.default_rng(seed)
    for n, effect in INFORMED:
        weights = np.eye(n)
        weights[1:, 0] = effect
        level = rng.permutation(np.linspace(-16.0, 16.0, n))
        economy = LocalEffects(weights, rng.uniform(-1.0, 1.0, n), level, width=1.0, sweep=12.0)
        whole = economy.bounds
        sigma = 0.5
        for _ in range(SLOPES):
            # (m_bar / m_low) phi, as slopes differ (Proposition 2).
            phi = local(economy, 2 * sigma * LARGEST) * whole.steepest / whole.flattest
            bounds = AssumptionBounds(
                n, whole.own_effect, phi, whole.flattest, whole.steepest, LARGEST, "maximum"
            )
            sigma = sigma_n_from(bounds)
        yield LocalMarket(economy, bounds, sigma)


@statement(
    "Section 7: weaker assumptions (ii)",
    "Section 7, weaker assumptions",
    "In large economies, where sigma-VCG allocations are nearly efficient, A4 and A4^N may be "
    "weakened to hold only at allocations at which all mu_i(q_i, s), i != j, are close.",
)
def _check_local(local: Formula = local_interdependence) -> Finding:
    rng = np.random.default_rng(92)
    excess, shares, effects = [], [], []
    for economy, bounds, sigma in _local_markets(92, local):
        rule = SmoothSigmaVCG(economy, sigma)
        types = 0.1 * rng.standard_normal((1, economy.n_traders))
        outcome, efficient = rule.clear(Reports(types)), economy.efficient_allocation(types)
        shares.append(float(outcome.residual_slope.max()) / price_sensitivity(bounds, sigma))
        distance = float(np.abs(outcome.quantity - efficient).max())
        unit = float((outcome.quantity**2).max())
        utility = economy.utility(outcome.quantity, types) - outcome.transfer
        gain = _gain_of_informed(rule, types, utility)
        excess += [shares[-1] - 1, float(np.abs(efficient).max()) - LARGEST]
        excess.append(distance / proposition_2_inefficiency(bounds, sigma) - 1)
        excess += [-float(outcome.transfer.sum()) / unit, -float(utility.min()) / unit, gain / unit]
        local_effect = bounds.interdependence * bounds.flattest / bounds.steepest
        effects.append(f"{economy.bounds.interdependence:.2g} and {local_effect:.2g}")
        excess.append(bounds.interdependence_limit - economy.bounds.interdependence)
    return Finding(
        max(*excess, 0.0),
        f"in economies of {', '.join(str(n) for n, _ in INFORMED)} traders, whose average effects "
        f"anywhere and where marginal utilities are close are {'; '.join(effects)}, so that A4^N "
        "fails, sigma-VCG at (3.13) for the local ones has no deficit, nobody loses, none of "
        f"{REPORTS} reports of the informed trader gains, quantities are within (3.12), and prices "
        f"move by {min(shares):.2f} to {max(shares):.2f} of the bound in (B.5)",
    )


def _gain_of_informed(rule: SmoothSigmaVCG, types: Floats, utility: Floats) -> float:
    """Return the largest gain of trader 0 from a report, and inf if its quantities ever fall."""
    reports = np.tile(np.linspace(-1.0, 1.0, REPORTS), (len(types), 1))
    outcome = rule.clear_deviations(Reports(types), 0, reports[..., None])
    if (np.diff(outcome.quantity, axis=1) <= 0).any():
        return np.inf
    worth = rule.economy.utility_of(0, outcome.quantity, types) - outcome.transfer
    return float((worth - utility[:, :1]).max())


def _limited(seed: int, interdependence: Formula) -> Iterator[LinearQuadratic]:
    """Draw economies of any slopes whose phi_N fills a share of the second bound of A4^N."""
    rng = np.random.default_rng(seed)
    for draw in range(LIMITED):
        drawn = random_economy(rng, int(rng.integers(3, 10)))
        n, own = drawn.n_traders, np.diag(drawn.own_type_effects)
        least = float(drawn.own_type_effects.min())
        phi = FILLS[draw % len(FILLS)] * limit_of_a4n(n, least, flatness=1.0)
        weights = own + (drawn.weights - own) * phi / interdependence(drawn)
        yield replace(drawn, weights=weights)


@statement(
    "Section 7: weaker assumptions (iii)",
    "Section 7, weaker assumptions; Section 2.1",
    "When in A4^N the average effect of a type on the others is replaced by the largest one, the "
    "scaling constant m_low/m_bar can be dropped.",
)
def _check_maximum(interdependence: Formula = largest_interdependence) -> Finding:
    excess, ratios = [], []
    for economy in _limited(93, interdependence):
        n, own = economy.n_traders, float(economy.own_type_effects.min())
        flattest, steepest = float(economy.slope.min()), float(economy.slope.max())
        phi = interdependence(economy)
        sigma = sigma_n_from(AssumptionBounds(n, own, phi, flattest, steepest, kind="maximum"))
        efficient = walrasian_response(economy, 0.0).own_effect * steepest / own
        excess.append(-float(efficient.min()))
        if excess[-1] < 0:
            taxed = walrasian_response(economy, sigma)
            excess.append(float(taxed.residual_slope.max()) / sigma - 1)
        ratios.append(phi / own * steepest / flattest)
    falling = float(walrasian_response(WITH_AVERAGE, 0.0).own_effect.min())
    return Finding(
        max(*excess, float(falling >= 0), 0.0),
        f"in {LIMITED} economies with phi_N, the largest effect, up to {max(ratios):.2g} times "
        "what m_low/m_bar would allow, quantities rise in the own types, and no residual curve is "
        f"steeper than the tax sigma_N; with the average in its place, {AVERAGE}, the "
        f"quantities of a steep trader may change by {falling:.3g} per unit of the own type",
    )
