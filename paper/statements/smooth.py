"""Definitions 1 and 2 and Appendix B, part 1, in economies that are not linear-quadratic.

Allocations are compared with bisection, transfers with splines through prices at many reports,
derivatives with finite differences, and incentives with a dense search over reports.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import root

from deviator.economies import (
    Saturating,
    SmoothEconomy,
    VaryingEffects,
    own_response,
    taxed_allocation,
)
from deviator.mechanisms import Reports, SmoothSigmaVCG, sigma_vcg
from deviator.validation import Floats

from ..checks.taxed_demand import residual_price_curve, taxed_equilibrium
from ..statement import Finding, Formula, gap, statement

ECONOMIES = 8
PROFILES = 4
STARTS = 12
"""Number of starts per market in the search for a second equilibrium."""

CURVE = 181
"""Number of reports between which a residual price curve is interpolated."""

REPORTS = 301
"""Number of reports in the dense search, over twelve standard deviations."""

STEP = 2e-3
"""Step of the finite differences in types."""


class _Drawn(NamedTuple):
    economy: SmoothEconomy
    sigma: float
    types: Floats


def residual_slope(steepness: Floats, effects: Floats, trader: int) -> Floats:
    """Return the first line of (B.5): the slope of a trader's residual curve, shape (B,).

    Given y_j = 1 / (sigma - mu_jq), (B.4), and the effects mu_ji of the trader's type on all j,
    each of shape (B, N).
    """
    moved = (effects * steepness).sum(axis=1) / steepness.sum(axis=1)
    return np.asarray(moved / ((effects[:, trader] - moved) * steepness[:, trader]))


def second_residual_slope(steepness: Floats, effects: Floats, trader: int) -> Floats:
    """Return the second line of (B.5), as printed; parameters are those of `residual_slope`."""
    others = np.arange(effects.shape[1]) != trader
    own, total = effects[:, trader], steepness.sum(axis=1)
    moved = (effects * steepness)[:, others].sum(axis=1)
    room = own * steepness[:, others].sum(axis=1) - moved
    return np.asarray(own / room + (moved / total) / (room / total * steepness[:, trader]))


@statement(
    "Definition 1: uniqueness, smooth economies",
    "Section 3, equation (3.8)",
    "At most one allocation and price satisfy mu_i(q_i, s) = p + sigma q_i and sum q_i = 0.",
    tolerance=1e-8,
)
def _check_uniqueness(tax: Formula = lambda sigma, quantity: sigma * quantity) -> Finding:
    largest, searches = 0.0, 0
    for drawn in _markets(0):
        for profile in drawn.types[:2]:
            solutions = _solutions(drawn, profile, tax)
            searches += len(solutions)
            size = np.abs(solutions).max()
            largest = max(largest, float(np.ptp(solutions, axis=0).max() / size))
    return Finding(
        largest,
        f"{searches} searches from random starts end at one point in each of {2 * ECONOMIES} "
        f"markets, to {largest:.2g}",
    )


def _solutions(drawn: _Drawn, profile: Floats, tax: Formula) -> Floats:
    """Return the (q, p) at which searches from random starts end, shape (S, N + 1)."""
    economy, sigma, _ = drawn

    def equations(point: Floats) -> Floats:
        quantity, price = point[None, :-1], point[-1]
        net = economy.marginal_utility(quantity, profile[None]) - tax(sigma, quantity)
        return np.append(net[0] - price, quantity.sum())

    rng = np.random.default_rng(5)
    starts = 3 * rng.standard_normal((STARTS, len(profile) + 1))
    ends = [root(equations, start, tol=1e-13) for start in starts]
    solved = [end.x for end in ends if np.abs(end.fun).max() < 1e-10]
    return np.array(solved)


@statement(
    "Definition 1: market clearing, smooth economies",
    "Section 3, equation (3.8)",
    "The sigma-VCG allocation and price exist, clear the market, and are the Walrasian ones of "
    "the taxed utilities.",
    tolerance=1e-10,
)
def _check_market_clearing(allocation: Formula = taxed_allocation) -> Finding:
    largest = excess = 0.0
    for economy, sigma, types in _markets(1):
        price, quantity = allocation(economy, sigma, types)
        by_bisection = taxed_equilibrium(economy, sigma, types)
        for got, want in zip((price, quantity), by_bisection, strict=True):
            largest = max(largest, gap(got, want))
        excess = max(excess, float(np.abs(quantity.sum(axis=1)).max() / np.abs(quantity).max()))
    return Finding(
        max(largest, excess),
        f"prices and quantities of {ECONOMIES * PROFILES} markets are those of bisection to "
        f"{largest:.2g}, and quantities sum to 0 within {excess:.2g}",
    )


@statement(
    "Definition 2: monotone allocation, smooth economies",
    "Appendix B, equations (B.2) and (B.3)",
    "Under A2, A3 and A4^N each quantity rises in the own type, at the stated rates.",
    tolerance=1e-8,
)
def _check_responses(response: Formula = own_response) -> Finding:
    largest, least = 0.0, np.inf
    for economy, sigma, types in _markets(2):
        quantity = taxed_equilibrium(economy, sigma, types)[1]
        for trader in range(economy.n_traders):
            traders = np.full(len(types), trader)
            got = response(economy, sigma, traders, quantity, types)
            price_effect, own_effect = _differences(economy, sigma, types, trader)
            largest = max(
                largest, gap(got.price_effect, price_effect), gap(got.own_effect, own_effect)
            )
            least = min(least, float(own_effect.min()))
    return Finding(
        largest if least > 0 else np.inf,
        f"derivatives agree with finite differences to {largest:.2g}, least dq_i/ds_i is "
        f"{least:.4g}",
    )


@statement(
    "Definition 2: residual slope, smooth economies",
    "Appendix B, equation (B.5)",
    "The residual price moves with the own quantity at the rate of both lines of (B.5).",
    tolerance=1e-8,
)
def _check_slopes(
    first: Formula = residual_slope, second: Formula = second_residual_slope
) -> Finding:
    largest = 0.0
    for economy, sigma, types in _markets(3):
        quantity = taxed_equilibrium(economy, sigma, types)[1]
        steepness = 1 / (sigma - economy.quantity_slopes(quantity, types))
        effects = economy.type_effects(quantity, types)
        for trader in range(economy.n_traders):
            price_effect, own_effect = _differences(economy, sigma, types, trader)
            for formula in (first, second):
                got = formula(steepness, effects[:, :, trader], trader)
                largest = max(largest, gap(got, price_effect / own_effect))
    return Finding(largest, f"both lines agree with finite differences to {largest:.2g}")


def _differences(
    economy: SmoothEconomy, sigma: float, types: Floats, trader: int
) -> tuple[Floats, Floats]:
    """Return dp/ds_i and dq_i/ds_i by fourth-order differences of Definition 1, each (B,)."""
    shift = STEP * np.eye(economy.n_traders)[trader]
    moved = np.concatenate([types + steps * shift for steps in (1, -1, 2, -2)])
    price, quantity = taxed_equilibrium(economy, sigma, moved)
    weights = np.array([8.0, -8.0, -1.0, 1.0]) / (12 * STEP)
    price_effect, own_effect = (
        weights @ values.reshape(4, -1) for values in (price, quantity[:, trader])
    )
    return price_effect, own_effect


@statement(
    "Definition 2: transfers, smooth economies",
    "Section 3, equations (3.10) and (3.11)",
    "Transfers are the integral of p^sigma(s_i(x), s_-i) from 0 to q_i, and sigma q_i^2 / 2.",
    tolerance=1e-7,
)
def _check_transfers(rule: Formula = sigma_vcg) -> Finding:
    largest = 0.0
    for economy, sigma, types in _markets(4):
        outcome = rule(economy, sigma).clear(Reports(types[:1]))
        quantity, profile = outcome.quantity[0], types[0]
        size = np.abs(outcome.transfer).max()
        for trader in (0, economy.n_traders - 1):
            own = quantity[trader]
            # By A2 and A4^N the reports reach beyond the one at which the trader does not trade.
            reach = 1.1 * abs(own) / _least_own_response(economy, sigma)
            reports = profile[trader] + np.linspace(-reach * (own > 0), reach * (own < 0), CURVE)
            curve = residual_price_curve(economy, sigma, profile, trader, reports)
            want = curve.integrate(0.0, own) + sigma * own**2 / 2
            largest = max(largest, float(abs(outcome.transfer[0, trader] - want) / size))
    return Finding(
        largest,
        f"transfers of {2 * ECONOMIES} traders are the integrals under curves through {CURVE} "
        f"residual prices to {largest:.2g}",
    )


def _least_own_response(economy: SmoothEconomy, sigma: float) -> float:
    """Return a lower bound of dq_i/ds_i, by (B.2), (B.3), A2, A3 and A4^N."""
    bounds, n = economy.bounds, economy.n_traders
    share = (sigma + bounds.flattest) / (sigma + bounds.steepest)
    room = (1 - 1 / n) * (bounds.own_effect * share - bounds.interdependence)
    return float(room / (sigma + bounds.steepest))


@statement(
    "Definition 2: bounded types, smooth economies",
    "Section 3, equations (3.10) and (3.11)",
    "Units that no type leads to cost the price under the nearest type, and the tax.",
    tolerance=1e-7,
)
def _check_bounded_transfers(rule: Formula = SmoothSigmaVCG) -> Finding:
    largest, clipped = 0.0, 0
    for economy, sigma, types in _markets(6, one_sided=True):
        outcome = rule(economy, sigma).clear(Reports(types[:1]))
        for trader in (0, economy.n_traders - 1):
            low, high = (float(end[trader]) for end in economy.type_set)
            reports = np.linspace(low, high, CURVE)
            curve = residual_price_curve(economy, sigma, types[0], trader, reports)
            own = float(outcome.quantity[0, trader])
            want = _integral_with_constant_ends(curve, own) + sigma * own**2 / 2
            size = np.abs(outcome.transfer).max()
            largest = max(largest, float(abs(outcome.transfer[0, trader] - want) / size))
            clipped += bool(np.clip(0.0, curve.x[0], curve.x[-1]))
    return Finding(
        largest if clipped else np.inf,
        f"transfers of {2 * ECONOMIES} traders, of whom {clipped} trade one way under every "
        f"report, are (3.10) to {largest:.2g}",
    )


def _integral_with_constant_ends(curve: Any, end: float) -> float:
    """Return the integral from 0 of a curve that is constant beyond its ends."""
    least = float(np.clip(0.0, curve.x[0], curve.x[-1]))
    return float(curve.integrate(least, end) + least * curve(least))


@statement(
    "Definition 2: incentives, smooth economies",
    "Appendix B, 1",
    "Truth is a best response at every profile (IC), and nobody loses by trading (IR).",
    tolerance=1e-10,
)
def _check_incentives(rule: Formula = sigma_vcg) -> Finding:
    gain = loss = -np.inf
    for economy, sigma, types in _markets(7):
        mechanism = rule(economy, sigma)
        best = economy.efficient_allocation(types)
        surplus = float(economy.utility(best, types).sum(axis=1).mean())
        for trader in (0, economy.n_traders - 1):
            reports = np.tile(np.linspace(-6, 6, REPORTS), (len(types), 1))
            reports[:, 0] = types[:, trader]
            utility = _reported_utilities(mechanism, economy, types, trader, reports)
            gain = max(gain, float((utility - utility[:, :1]).max()) / surplus)
            loss = max(loss, float(-utility[:, 0].min()) / surplus)
    return Finding(
        max(gain, loss, 0.0),
        f"the best of {REPORTS - 1} misreports gains {max(gain, 0.0):.2g} of the surplus in "
        f"{2 * ECONOMIES * PROFILES} searches, and the least honest utility is {-loss:.2g} of it",
    )


def _reported_utilities(
    mechanism: Any, economy: SmoothEconomy, types: Floats, trader: int, reports: Floats
) -> Floats:
    """Return a trader's utility under each of its reports (B, M), the others honest."""
    outcome = mechanism.clear_deviations(Reports(types), trader, reports[..., None])
    quantity = np.zeros((*reports.shape, economy.n_traders))
    quantity[..., trader] = outcome.quantity
    truth = np.repeat(types, reports.shape[1], axis=0)
    worth = economy.utility(quantity.reshape(truth.shape), truth)[:, trader]
    return np.asarray(worth.reshape(reports.shape) - outcome.transfer)


def _markets(seed: int, *, one_sided: bool = False) -> Iterator[_Drawn]:
    """Draw economies of both families within A2, A3 and A4^N, a tax, and profiles of types.

    One-sided ones have bounded types: trader 0's are so high that it buys, and the last trader's
    so low that it sells, whatever they report.
    """
    rng = np.random.default_rng(seed)
    for draw in range(ECONOMIES):
        n = int(rng.integers(3, 6))
        family = (_saturating, _varying)[draw % 2]
        ends = _one_sided_types(rng, n) if one_sided else (None, None)
        economy = family(rng, n, *ends)
        types = rng.standard_normal((PROFILES, n))
        if one_sided:
            types = rng.uniform(*economy.type_set, (PROFILES, n))
        yield _Drawn(economy, 0.0 if draw < 2 else float(rng.uniform(0.1, 1.0)), types)


def _one_sided_types(rng: np.random.Generator, n: int) -> tuple[Floats, Floats]:
    middle = np.zeros(n)
    middle[[0, -1]] = 3.0, -3.0
    return middle - rng.uniform(0.3, 0.8, n), middle + rng.uniform(0.3, 0.8, n)


def _saturating(
    rng: np.random.Generator, n: int, low: Floats | None, high: Floats | None
) -> Saturating:
    flat = rng.uniform(0.8, 1.0, n)
    steep = flat + rng.uniform(0.1, 0.6, n)
    weights = _weights(rng, n, 0.9 * min(flat.min() / steep.max(), (n - 2) / (2 * (n - 1))))
    scale, intercept = rng.uniform(0.3, 2.0, n), rng.normal(size=n)
    return Saturating(weights, flat, steep, scale, intercept, low, high)


def _varying(
    rng: np.random.Generator, n: int, low: Floats | None, high: Floats | None
) -> VaryingEffects:
    bend = float(rng.uniform(-0.25, 0.35))
    scales = float(rng.uniform(0.5, 1.0)), float(rng.uniform(1.0, 2.0))
    slope, intercept = rng.uniform(1.0, 1.3, n), rng.normal(size=n)
    # Half of the bound of A4^N on linear effects, as bends widen effects and slopes.
    weights = _weights(rng, n, 0.4 * (n - 2) / (2 * (n - 1)))
    return VaryingEffects(weights, slope, bend, *scales, intercept, low, high)


def _weights(rng: np.random.Generator, n: int, largest: float) -> Floats:
    """Return W of unit diagonal with average effects on others up to `largest`."""
    weights = rng.uniform(size=(n, n))
    np.fill_diagonal(weights, 0.0)
    weights *= rng.uniform(0.3, 1.0) * largest * (n - 1) / weights.sum(axis=0).max()
    np.fill_diagonal(weights, 1.0)
    return weights
