"""Proposition 2's budget claim: false as printed if slopes differ, and the claim that holds."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh
from scipy.optimize import brentq, minimize_scalar

from deviator.economies import (
    AssumptionBounds,
    LinearQuadratic,
    assumption_bounds,
    linear_quadratic,
    sigma_n_from,
    tight,
    walrasian_response,
)
from deviator.economies.efficiency_frontiers import proposition_2_deficit
from deviator.errors import RefusedError
from deviator.mechanisms import Reports, SigmaVCG
from deviator.mechanisms.exact import RationalBids
from deviator.numerics.rational import rational
from deviator.validation import Floats

from ..bounds.continuous import harmless_interdependence
from ..checks.drawn import random_economy
from ..statement import Finding, Formula, gap, statement, worst

ECONOMIES = 2000
SIZES = (3, 4, 5, 6, 8, 10, 12, 30)
"""Numbers of traders in the search for deficits."""

FILL = 0.9999
"""Share of the bound of A4^N that the search fills."""

MARGIN = 0.02
"""Relative distance from the largest harmless phi_N of the economies on both sides of it."""


class Loss(NamedTuple):
    """The market of the largest deficit, given an economy and a tax."""

    deficit: float  # share of the gains from trade; negative where there is a surplus
    types: Floats  # (N,)


def worst_market(economy: LinearQuadratic, sigma: float) -> Loss:
    """Return the profile of the largest deficit relative to the gains from trade.

    Transfers sum to sum_i (sigma - k_i) q_i^2 / 2 and utilities to sum_i (slope_i / 2 + sigma)
    q_i^2. Their ratio is smallest at a generalized eigenvector, on the quantities that sum to 0;
    the deficit there is computed with the mechanism.
    """
    n = economy.n_traders
    surplus = (sigma - walrasian_response(economy, sigma).residual_slope) / 2
    gains = economy.slope / 2 + sigma
    basis = np.linalg.svd(np.ones((1, n)))[2][1:].T
    vectors = eigh(basis.T * surplus @ basis, basis.T * gains @ basis)[1]
    quantity = basis @ vectors[:, 0]
    wanted = (economy.slope + sigma) * quantity - economy.intercept
    types = np.linalg.lstsq(economy.weights, wanted, rcond=None)[0]
    return Loss(relative_deficit(economy, sigma, types), types)


def relative_deficit(economy: LinearQuadratic, sigma: float, types: Floats) -> float:
    """Return minus the sum of the mechanism's transfers as a share of the gains from trade."""
    outcome = SigmaVCG(economy, sigma).clear(Reports(types[None]))
    gains = economy.utility(outcome.quantity, types[None]).sum()
    return float(-outcome.transfer.sum() / gains)


def one_flat_trader(n_traders: int, ratio: float, interdependence: float) -> LinearQuadratic:
    """Return the economy in which the average of interdependence misleads most.

    All but the last trader have slopes `ratio`, the last one 1; the others' types matter to the
    last trader alone, whose weight in the price is larger than in the average. Own effects are 1.
    """
    weights = np.eye(n_traders)
    weights[-1, :-1] = (n_traders - 1) * interdependence
    slope = np.append(np.full(n_traders - 1, ratio), 1.0)
    return linear_quadratic(weights, slope, name="one flat trader")


def worst_ratio(n_traders: int, sigma_n: Formula = sigma_n_from) -> tuple[float, float]:
    """Return the ratio of slopes at which sigma_N leaves the largest deficit, and that deficit."""

    def surplus(logarithm: float) -> float:
        ratio = float(np.exp(logarithm))
        size = (n_traders - 2) / (2 * (n_traders - 1))
        economy = one_flat_trader(n_traders, ratio, FILL * min(1 / ratio, size))
        return -worst_market(economy, sigma_n(assumption_bounds(economy))).deficit

    ends = (0.01, float(np.log(20.0)))
    grid = np.linspace(*ends, 25)
    best = int(np.argmin([surplus(float(logarithm)) for logarithm in grid]))
    near = (float(grid[max(best - 1, 0)]), float(grid[min(best + 1, 24)]))
    minimum = minimize_scalar(surplus, bounds=near, method="bounded")
    return float(np.exp(minimum.x)), -float(minimum.fun)


def _repaired_bounds(economy: LinearQuadratic) -> AssumptionBounds:
    """Return the bounds with the maximum as phi_N; with the average if slopes are equal."""
    equal = float(np.ptp(economy.slope)) == 0
    return assumption_bounds(economy, kind="average" if equal else "maximum")


def _economies(seed: int) -> Iterator[LinearQuadratic]:
    """Draw economies of the repaired claim: equal slopes, or a bounded maximum."""
    rng = np.random.default_rng(seed)
    for _ in range(ECONOMIES // 2):
        n = int(rng.integers(3, 13))
        yield random_economy(rng, n, equal_slopes=True)
        yield random_economy(rng, n, kind="maximum")


@statement(
    "Proposition 2: budget",
    "Section 3; Appendix B, part 2, (B.5) to (B.7)",
    "In every economy within A2, A3 and A4^N, phi_N bounding the average effect of a type on the "
    "others, sigma-VCG satisfies BS as long as sigma >= sigma_N.",
    corrected="So where slopes are equal, or where phi_N bounds every effect of a type on another "
    "trader; with mixed slopes and the average there are economies in deficit at sigma_N from N = "
    "4 on.",
)
def _check_budget(sigma_n: Formula = sigma_n_from) -> Finding:
    rng = np.random.default_rng(31)
    held = []
    for economy in _economies(seed=31):
        sigma = sigma_n(_repaired_bounds(economy))
        held += [worst_market(economy, sigma * factor).deficit for factor in (1.0, 1.5)]
    drawn = []
    for _ in range(ECONOMIES):
        economy = random_economy(rng, int(rng.integers(3, 13)))
        drawn.append(worst_market(economy, sigma_n_from(assumption_bounds(economy))).deficit)
    searched = {n: worst_ratio(n)[1] for n in SIZES}
    deficits = {n: share for n, share in searched.items() if share > 1e-9}
    shares = ", ".join(f"{share:.2%} (N = {n})" for n, share in deficits.items())
    return Finding(
        max(0.0, worst(held)),
        f"no deficit in {len(held)} economies and slopes of the repaired claim; as printed, "
        f"{sum(share > 1e-9 for share in drawn)} of {ECONOMIES} drawn economies lose money, and "
        f"a search from N = {SIZES[0]} on finds deficits of these shares of the gains from trade: "
        f"{shares}",
        printed=max(*searched.values(), *drawn),
    )


@statement(
    "Proposition 2: deficit",
    "(3.12), delta; Appendix B, (B.7)",
    "In every economy within A1 to A4^N, phi_N bounding the average effect of a type on the "
    "others, the deficit is at most N [D_1^N (m_o/(N-1) + phi_N) - D_2^N sigma]_+.",
    corrected="So where slopes are equal, or where phi_N bounds every effect of a type on another "
    "trader; with mixed slopes and the average deficits exceed it.",
)
def _check_deficit(deficit: Formula = proposition_2_deficit) -> Finding:
    rng = np.random.default_rng(32)
    excess, printed, share = [], [], []
    for index, economy in enumerate(_economies(seed=32)):
        bounds = _repaired_bounds(economy)
        sigma = rng.choice([0.0, 0.3, 0.8, 1.0]) * sigma_n_from(bounds)
        types = worst_market(economy, sigma).types
        beyond, part = _deficit_beyond(economy, sigma, bounds, types, deficit)
        excess.append(beyond)
        share.append(part)
        if index % 4 == 0:
            economy = random_economy(rng, economy.n_traders)
            bounds = assumption_bounds(economy)
            sigma = sigma_n_from(bounds)
            types = worst_market(economy, sigma).types
            printed.append(_deficit_beyond(economy, sigma, bounds, types, proposition_2_deficit)[0])
    case, types = tight(6, 1.0, 0.2, 1.0), np.repeat([1.0, -1.0], 3)
    beyond, part = _deficit_beyond(case, 0.0, assumption_bounds(case), types, deficit)
    excess.append(beyond)
    share.append(part)
    return Finding(
        max(0.0, worst(excess)),
        f"in {len(excess)} economies deficits are within the bound, up to {max(share):.4f} of it "
        f"(attained in the economy (A.1)); with the average as phi_N "
        f"{sum(one > 1e-9 for one in printed)} of {len(printed)} economies exceed it",
        printed=max(0.0, worst(printed)),
    )


def exact_sigma_n(n_traders: int, interdependence: Fraction, steepest: Fraction) -> Fraction:
    """Return (3.13) in rational numbers, m_o = 1."""
    reach = Fraction(1, n_traders - 1) + interdependence
    return steepest * reach / (1 - interdependence - reach)


class Counterexample(NamedTuple):
    """An economy with own effects of 1, and a profile."""

    weights: list[list[Fraction]]
    slope: list[Fraction]
    types: list[Fraction]
    total: Fraction  # the sum of transfers at sigma_N


def counterexamples() -> Iterator[Counterexample]:
    """Yield exact counterexamples: one of the fewest traders, and a more even one."""
    half, part = Fraction(1, 2), Fraction(7, 20)
    small = [[Fraction(i == j) for j in range(4)] for i in range(4)]
    small[3] = [half, half, half, Fraction(1)]
    types = [Fraction(x) for x in (10, -10, 0, 0)]
    yield Counterexample(small, [Fraction(x) for x in (4, 4, 4, 1)], types, Fraction(-6, 19))
    even = [[Fraction(i == j) for j in range(8)] for i in range(8)]
    for i in range(4, 8):
        even[i][:4] = [part] * 4
    types = [Fraction(x) for x in (7, -7, 7, -7, 0, 0, 0, 0)]
    slope = [Fraction(x) for x in (4, 4, 4, 4, 1, 1, 1, 1)]
    yield Counterexample(even, slope, types, Fraction(-60, 151))


def _dot(left: list[Fraction], right: list[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(left, right, strict=True)), Fraction(0))


def _exact_total(example: Counterexample, sigma: Fraction) -> Fraction:
    """Return the sum of transfers in rational numbers, from (3.8), (3.10) and (3.11)."""
    n = len(example.slope)
    steepness = [1 / (slope + sigma) for slope in example.slope]

    def clear(types: list[Fraction]) -> tuple[Fraction, list[Fraction]]:
        value = [_dot(row, types) for row in example.weights]
        price = _dot(steepness, value) / _dot(steepness, [Fraction(1)] * n)
        return price, [y * (v - price) for y, v in zip(steepness, value, strict=True)]

    price, quantity = clear(example.types)
    total = Fraction(0)
    for i in range(n):
        up = [s + (i == j) for j, s in enumerate(example.types)]
        rate = clear(up)[1][i] - quantity[i]
        pivotal = [s - (i == j) * quantity[i] / rate for j, s in enumerate(example.types)]
        first = clear(pivotal)[0]
        # The residual price is a straight line from the pivotal type of unit 0 to the truth.
        total += quantity[i] * (price + first) / 2 + sigma * quantity[i] ** 2 / 2
    return total


@statement(
    "Proposition 2: counterexample",
    "mixed slopes; docs/proposition-2.md",
    "Not in the paper: there are economies within A4^N, of N = 4 and of N = 8, and profiles at "
    "which transfers at sigma_N sum to -6/19 and -60/151.",
    tolerance=0.0,
)
def _check_counterexamples(sigma_n: Formula = exact_sigma_n) -> Finding:
    wrong, exact_sums = [], []
    for example in counterexamples():
        n, flattest, steepest = len(example.slope), min(example.slope), max(example.slope)
        columns = [sum(column) for column in zip(*example.weights, strict=True)]
        phi = (max(columns) - 1) / (n - 1)
        inside = phi < min(flattest / steepest, Fraction(n - 2, 2 * (n - 1)))
        sigma = sigma_n(n, phi, steepest)
        total = _exact_total(example, sigma)
        wrong.append(float(not inside) + float(total >= 0) + abs(float(total - example.total)))
        exact_sums.append(f"N = {n}: phi_N = {phi}, sigma_N = {sigma}, sum of transfers {total}")
    small = next(counterexamples())
    economy = linear_quadratic(np.array(small.weights, float), np.array(small.slope, float))
    bids = RationalBids(np.empty((4, 0), dtype=object), rational([small.types]))
    cleared = SigmaVCG(economy, 6.0).clear_exact(bids)
    wrong.append(1.0 if cleared is None else abs(float(cleared[1].sum() - small.total)))
    return Finding(worst(wrong), f"exactly, {'; '.join(exact_sums)}")


@statement(
    "Proposition 2: where the printed claim holds",
    "docs/proposition-2.md",
    "Not in the paper: with the average as phi_N no economy is in deficit at sigma >= sigma_N if "
    "phi_N <= m_o/(N-1)^2, so none of N = 3; for N >= 4 and any larger phi_N within A4^N some "
    "economy is.",
)
def _check_harmless(threshold: Formula = harmless_interdependence) -> Finding:
    rng = np.random.default_rng(33)
    below = []
    for _ in range(ECONOMIES):
        drawn = random_economy(rng, int(rng.integers(3, 13)))
        bounds = assumption_bounds(drawn)
        wanted = min(0.999 * threshold(bounds), 0.999 * bounds.interdependence_limit)
        own = np.diag(drawn.own_type_effects)
        weights = own + (drawn.weights - own) * wanted / bounds.interdependence
        economy = replace(drawn, weights=weights)
        sigma = sigma_n_from(assumption_bounds(economy))
        below += [worst_market(economy, sigma * factor).deficit for factor in (1.0, 1.3)]
    missed, seen = 0, 0
    for n in range(4, 13):
        for ratio in (1.05, 1.5, 2.5):
            phi = threshold(AssumptionBounds(n, 1.0, 0.0, 1.0, ratio))
            inside, outside = (
                one_flat_trader(n, ratio, share * phi) for share in (1 - MARGIN, 1 + MARGIN)
            )
            below.append(worst_market(inside, sigma_n_from(assumption_bounds(inside))).deficit)
            sigma = sigma_n_from(assumption_bounds(outside))
            missed += worst_market(outside, sigma).deficit <= 0
            seen += 1
    return Finding(
        max(0.0, worst(below)) + missed,
        f"no deficit in {len(below)} economies and slopes with phi_N up to m_o/(N-1)^2; "
        f"{MARGIN:.0%} above, {seen - missed} of {seen} economies of N = 4 to 12 with one flat "
        "trader are in deficit",
    )


def _bounded_around(economy: LinearQuadratic, sigma: float, types: Floats) -> LinearQuadratic:
    """Return the economy with bounded sets of types that contain a profile's pivotal types."""
    quantity = SigmaVCG(economy, sigma).clear(Reports(types[None])).quantity[0]
    pivotal = types - quantity / walrasian_response(economy, sigma).own_effect
    width = 1.01 * np.maximum(np.abs(types), np.abs(pivotal)) + 1e-9
    return replace(economy, type_low=-width, type_high=width)


def _deficit_beyond(
    economy: LinearQuadratic,
    sigma: float,
    bounds: AssumptionBounds,
    types: Floats,
    deficit: Formula,
) -> tuple[float, float]:
    """Return a deficit's excess over its bound and share of it, with qbar at the profile."""
    bounded = _bounded_around(economy, sigma, types)
    outcome = SigmaVCG(bounded, sigma).clear(Reports(types[None]))
    qbar = float(np.abs(economy.efficient_allocation(types[None])).max())
    unit = economy.n_traders * bounds.steepest * qbar**2
    allowed = deficit(replace(bounds, largest_trade=qbar), sigma)
    lost = -float(outcome.transfer.sum())
    return (lost - allowed) / unit, lost / allowed if allowed > 0 else 0.0


def smallest_slope(economy: LinearQuadratic, types: Floats) -> float:
    """Return the tax slope at which the sum of the mechanism's transfers turns positive."""

    def budget(sigma: float) -> float:
        return float(SigmaVCG(economy, sigma).clear(Reports(types[None])).transfer.sum())

    top = 1.0
    while budget(top) < 0:
        top *= 2
    return float(brentq(budget, 0.0, top, xtol=1e-13, rtol=1e-13))


@statement(
    "Equation (3.13)",
    "Section 3",
    "sigma_N = D_1^N/D_2^N (m_o/(N-1) + phi_N) is where the tax pays for the discounts of the "
    "economy (A.1).",
)
def _check_sigma_n(sigma_n: Formula = sigma_n_from) -> Finding:
    rng = np.random.default_rng(34)
    gaps = []
    for _ in range(200):
        n, own, slope = int(rng.integers(3, 13)), rng.uniform(0.5, 2.0), rng.uniform(0.5, 2.0)
        phi = rng.uniform(0.0, 0.95) * (n - 2) / (2 * (n - 1)) * own
        smallest = smallest_slope(tight(n, own, phi, slope), rng.standard_normal(n))
        gaps.append(gap(sigma_n(AssumptionBounds(n, own, phi, slope, slope)), smallest))
    missed = sum(_exists(n, share) != (share < 1) for n in range(3, 10) for share in (0.99, 1.01))
    return Finding(
        worst(gaps) + missed,
        f"in {len(gaps)} economies (A.1) the smallest slope without a deficit, found by bisection, "
        f"is sigma_N (largest difference {worst(gaps):.2g}), which exists up to the bound of A4^N",
    )


def _exists(n: int, share: float) -> bool:
    phi = share * (n - 2) / (2 * (n - 1))
    try:
        return sigma_n_from(AssumptionBounds(n, 1.0, phi, 1.0, 1.0)) > 0
    except RefusedError:
        return False
