"""Definition 3, Proposition 3, Lemmas 2 and 3 with bids that are surfaces, not hyperplanes.

Markets of curved bids are compared with general root finders, honest bids with Definition 1 by
bisection, transfers with integrals of residual prices that are solved one by one.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from scipy.optimize import root

from deviator.economies import Saturating, SmoothEconomy, VaryingEffects
from deviator.evidence.surface_deviations import surface_gains
from deviator.mechanisms import Reports, SigmaDCDA, SmoothSigmaVCG
from deviator.mechanisms.languages import SurfaceBids
from deviator.mechanisms.surfaces import (
    Hyperplane,
    InverseMap,
    Kinked,
    LevelSet,
    Points,
    Sheets,
    Shifted,
    Surface,
    Tilted,
)
from deviator.validation import Floats

from ..checks.taxed_demand import taxed_equilibrium
from ..statement import Finding, Formula, compared, gap, statement, worst

SIGMA = 0.3
ECONOMIES = 4
PROFILES = 2

NODES = 16
"""Nodes of the quadrature of residual prices."""

GRID = np.linspace(-3.0, 3.0, 41)
"""Prices at which bids are evaluated."""


class _Drawn(NamedTuple):
    economy: SmoothEconomy
    types: Floats


def _markets(seed: int) -> Iterator[_Drawn]:
    """Draw economies of both families within A2, A3, A4^N and INJ, and profiles of types."""
    rng = np.random.default_rng(seed)
    for draw in range(ECONOMIES):
        n = 3 + draw % 3
        weights = rng.uniform(0.0, 0.25 / (n - 1), (n, n))
        np.fill_diagonal(weights, 1.0)
        slope, intercept = rng.uniform(0.9, 1.1, n), 0.5 * rng.standard_normal(n)
        scale = float(rng.uniform(0.6, 1.5))
        economy: SmoothEconomy = (
            VaryingEffects(weights, slope, 0.3, scale, 1.0, intercept)
            if draw % 2
            else Saturating(weights, slope, 1.3 * slope, np.full(n, scale), intercept)
        )
        yield _Drawn(economy, rng.standard_normal((PROFILES, n)))


def _bids(drawn: _Drawn, auction: Formula) -> SurfaceBids:
    bids: SurfaceBids = auction(SIGMA).honest_bids(drawn.economy, drawn.types)
    return bids


def _mixed_bids(drawn: _Drawn, auction: Formula) -> SurfaceBids:
    """Return honest bids except for a hyperplane, a tilted and a kinked surface."""
    bids, n = _bids(drawn, auction), drawn.economy.n_traders
    flat = Hyperplane(1.3 * np.eye(n)[0] + 0.1, 1.0, drawn.types[:, 0])
    tilted = Tilted(bids.surfaces[1], 0.2 * np.eye(n)[1] + 0.1 * np.eye(n)[2], 0.1)
    kinked = Kinked(bids.surfaces[2], 2, 0.1, 0.5)
    return bids.with_surface(0, flat).with_surface(1, tilted).with_surface(2, kinked)


def _equations(bids: SurfaceBids, market: int) -> Callable[[Floats], Floats]:
    """Return all F_i at a point (q, p) of one market, surface by surface."""

    def functions(point: Floats) -> Floats:
        points = Points(point[None, -1], point[None, :-1], np.array([market]))
        return np.array([surface.at(points).value[0] for surface in bids.surfaces])

    return functions


def _clearing_pair(bids: SurfaceBids, market: int) -> Floats:
    """Return the pair (q, p) to which a general root finder converges from no trade."""
    functions = _equations(bids, market)
    start = np.zeros(len(bids.surfaces) + 1)
    solution = root(lambda point: np.append(functions(point), point[:-1].sum()), start, tol=1e-13)
    return np.asarray(solution.x, dtype=np.float64)


def _residual_area(bids: SurfaceBids, market: int, pair: Floats, trader: int) -> float:
    """Return the integral from 0 to q_i of residual prices, solved one by one."""
    functions, nodes = _equations(bids, market), np.polynomial.legendre.leggauss(NODES)
    area = 0.0
    for node, weight in zip(*nodes, strict=True):
        units = pair[trader] * (node + 1) / 2

        def pinned(point: Floats, units: float = units) -> Floats:
            value = functions(point)
            value[trader] = point[trader] - units
            return np.append(value, point[:-1].sum())

        area += weight / 2 * pair[trader] * root(pinned, pair, tol=1e-13).x[-1]
    return float(area)


@statement(
    "Definition 3: allocation, smooth bids",
    "Section 5, Definition 3, equation (5.23)",
    "The mechanism finds the pair (p, q) that clears the market: p in d_i(q_-i) for all i.",
    tolerance=1e-8,
)
def _check_allocation(auction: Formula = SigmaDCDA) -> Finding:
    gaps = []
    for drawn in _markets(1):
        bids = _mixed_bids(drawn, auction)
        outcome = auction(SIGMA).clear(bids)
        pairs = np.array([_clearing_pair(bids, market) for market in range(PROFILES)])
        gaps += [gap(outcome.quantity, pairs[:, :-1]), gap(outcome.price, pairs[:, -1])]
        gaps.append(float(not outcome.traded.all()))
    return compared(gaps, "curved, kinked and linear bids clear where a root finder says")


@statement(
    "Definition 3: transfers, smooth bids",
    "Section 5, Definition 3",
    "t_i is the integral of the residual demand curve from 0 to q_i, and sigma q_i^2 / 2.",
    tolerance=1e-8,
)
def _check_transfers(auction: Formula = SigmaDCDA) -> Finding:
    gaps = []
    for drawn in _markets(2):
        # Without the kink, across which the quadrature here would not be exact.
        bids = _mixed_bids(drawn, auction).with_surface(2, _bids(drawn, auction).surfaces[2])
        outcome, pair = auction(SIGMA).clear(bids), _clearing_pair(bids, 0)
        areas = [_residual_area(bids, 0, pair, trader) for trader in range(2)]
        gaps.append(gap(outcome.transfer[0, :2], areas + SIGMA / 2 * pair[:2] ** 2))
    return compared(gaps, "transfers are the area under curved residual demand and the tax")


@statement(
    "Definition 3: autarky, smooth bids",
    "Section 5, Definition 3",
    "Where there are no unique residual demand curves, and so no unique market clearing pair, "
    "allocation and transfers are zero.",
)
def _check_autarky(auction: Formula = SigmaDCDA) -> Finding:
    wrong, moved = [], 0.0
    for drawn in _markets(3):
        bids, rule = _bids(drawn, auction), auction(SIGMA)
        own, other = bids.surfaces[:2]
        for spoiled, mended in (
            (other, Shifted(Tilted(other, np.eye(len(bids.surfaces))[0]), 0.1)),
            (Shifted(other, 0.5), Tilted(other, np.eye(len(bids.surfaces))[0])),
            (Sheets(own, (0.0, 0.5)), Sheets(own, (0.5,))),
            (Sheets(own, (-1.0, 0.0, 1.0)), Sheets(own, (-1.0,))),
        ):
            outcome = rule.clear(bids.with_surface(0, spoiled))
            wrong += outcome.traded.tolist()
            moved = max(moved, float(np.abs([outcome.quantity, outcome.transfer]).max()))
            wrong += (~rule.clear(bids.with_surface(0, mended)).traded).tolist()
    text = (
        f"{sum(wrong)} of {len(wrong)} markets misjudged: one surface bid twice, a copy beside it, "
        "two sheets, three sheets, and each of them made unique"
    )
    return Finding(worst([float(np.mean(wrong)), moved]), text)


@statement(
    "Proposition 3: outcome, smooth economies",
    "Section 5, Proposition 3",
    "sigma-VCG conditional inverse demands result in transfers and allocation as in the sigma-VCG "
    "mechanism.",
    tolerance=1e-8,
)
def _check_outcome(auction: Formula = SigmaDCDA) -> Finding:
    gaps = []
    for economy, types in _markets(4):
        for sigma in (0.0, SIGMA):
            rule = auction(sigma)
            outcome = rule.clear(rule.honest_bids(economy, types))
            price, quantity = taxed_equilibrium(economy, sigma, types)
            wanted = SmoothSigmaVCG(economy, sigma).clear(Reports(types)).transfer
            gaps += [gap(outcome.price, price), gap(outcome.quantity, quantity)]
            gaps.append(gap(outcome.transfer, wanted))
    return compared(gaps, "honest surfaces lead to the sigma-VCG outcome")


@statement(
    "Proposition 3: equilibrium, smooth economies",
    "Section 5, Proposition 3",
    "sigma-VCG conditional inverse demands are an ex post equilibrium of the sigma-DCDA: no bid "
    "gains at any profile.",
)
def _check_equilibrium(auction: Formula = SigmaDCDA) -> Finding:
    best, count = [], 0
    for economy, types in list(_markets(5))[:2]:
        rule = auction(SIGMA)
        surplus = economy.utility(economy.efficient_allocation(types), types).sum(axis=1).mean()
        gains = surface_gains(rule, economy, types, 0)
        best += [float(gain.max() / surplus) for gain in gains.values()]
        count += sum(gain.size for gain in gains.values())
    text = f"{count} deviations, cleared: the best gains {max(*best, 0.0):.2g} of the surplus"
    return Finding(worst([*best, 0.0]), text)


def transformed_quantities(economy: Saturating, quantity: Floats) -> Floats:
    """Return the terms of the statistic of the others' quantities: sigma q + c - mu(q, 0)."""
    nothing = np.zeros((1, economy.n_traders))
    at_rest = economy.marginal_utility(quantity[None], nothing) - economy.intercept
    return np.asarray((SIGMA * quantity - at_rest)[0])


@statement(
    "Lemma 2: quantities, smooth economies",
    "Section 5, Lemma 2, equation (5.26)",
    "Where utilities depend on n statistics of the others' types, bids depend on the total "
    "quantity and n statistics of the others' quantities.",
    tolerance=1e-8,
)
def _check_lemma_2(transform: Formula = transformed_quantities) -> Finding:
    # Values depend on one statistic of the others' types, V s. By (3.8) the statistic of quantities
    # is V D^-1 h(q), h(q) = sigma q + c - mu(q, 0): the bid depends on it and on the total alone.
    rng = np.random.default_rng(6)
    gaps, least = [], np.inf
    for _ in range(ECONOMIES):
        economy, reading = _one_statistic(rng)
        types = rng.standard_normal((1, economy.n_traders))
        price, quantity = (part[0] for part in taxed_equilibrium(economy, SIGMA, types))
        surface = LevelSet(InverseMap(economy, SIGMA), 0, types[:, 0])
        for way, change in ((0.3 * rng.standard_normal(len(quantity)), 0.0), (0 * quantity, 0.02)):
            moved = _with_statistic(transform, economy, reading, quantity, way, change)
            apart = abs(_price_of(surface, moved, price) - price)
            gaps += [] if change else [apart]
            least = min(least, apart) if change else least
    text = f"at one statistic bids move by rounding, along it by {least:.2g} or more"
    return Finding(worst([*gaps, max(1e-6 - least, 0.0)]), f"{text}, {len(gaps)} economies")


def _one_statistic(rng: np.random.Generator) -> tuple[Saturating, Floats]:
    """Draw an economy in which V s, V (1, N), affects all values; return it and V D^-1."""
    n = 6
    own, loadings = rng.uniform(0.9, 1.2, n), rng.uniform(0.1, 0.4, n)
    statistic = rng.uniform(0.5, 1.0, n) / n
    weights, slope = np.diag(own) + np.outer(loadings, statistic), np.ones(n)
    economy = Saturating(weights, slope, 1.5 * slope, 0.8 * slope, 0 * slope)
    return economy, statistic / own


def _with_statistic(
    transform: Formula,
    economy: Saturating,
    reading: Floats,
    quantity: Floats,
    way: Floats,
    change: float,
) -> Floats:
    """Return quantities moved some way: same own one and total, a changed statistic."""
    wanted = reading @ transform(economy, quantity) + change

    def moved(shifts: Floats) -> Floats:
        point = quantity + way + shifts[0] + shifts[1] * (reading - reading.mean())
        point[0] = quantity[0]
        return np.asarray(point, dtype=np.float64)

    def equations(shifts: Floats) -> Floats:
        point = moved(shifts)
        return np.array([point.sum(), reading @ transform(economy, point) - wanted])

    return moved(root(equations, np.zeros(2), tol=1e-13).x)


def _price_of(surface: Surface, quantity: Floats, start: float) -> float:
    """Return the price in d_i(q_-i)."""

    def value(price: Floats) -> Floats:
        return surface.at(Points(price, quantity[None], np.zeros(1, dtype=int))).value

    return float(root(value, np.array([start]), tol=1e-13).x[0])


def row_sums(effects: Floats) -> Floats:
    """Return the row sums of [mu_ij]^-1, which must not be 0 under FUN, shape (R, N)."""
    return np.asarray(np.linalg.inv(effects).sum(axis=2))


@statement(
    "Lemma 3: functions, smooth economies",
    "Section 5, Lemma 3, equation (D.1)",
    "FUN is sufficient for sigma-VCG inverse demands to be functions, and for utilities that are "
    "linear in types necessary.",
)
def _check_lemma_3(fun: Formula = row_sums) -> Finding:
    wrong = []
    for economy, types in [*_markets(7), *_correspondence_markets(7)]:
        quantity = np.repeat(taxed_equilibrium(economy, SIGMA, types[:1])[1], len(GRID), axis=0)
        points = Points(GRID, quantity, np.zeros(len(GRID), dtype=int))
        behind = InverseMap(economy, SIGMA).at(points).types
        sums = fun(economy.type_effects(quantity, behind))
        holds = (sums > 1e-9).all(axis=0) | (sums < -1e-9).all(axis=0)
        # One price per type: the type that leads to the allocation is monotone in the price.
        steps = np.diff(behind, axis=0)
        one_price = (steps > 1e-9).all(axis=0) | (steps < -1e-9).all(axis=0)
        wrong += (holds != one_price).tolist()
    text = f"FUN and one price at each allocation disagree for {sum(wrong)} of {len(wrong)} bids"
    return Finding(float(np.mean(wrong)), text)


def _correspondence_markets(seed: int) -> Iterator[_Drawn]:
    """Draw saturating economies in which FUN fails for trader 0: z_0 = 0 and W z = 1."""
    rng = np.random.default_rng(seed)
    for _ in range(3):
        n = 5
        weights = rng.uniform(0.0, 0.05, (n, n))
        np.fill_diagonal(weights, rng.uniform(0.95, 1.05, n))
        z = np.append(0.0, rng.uniform(0.95, 1.05, n - 1))
        weights[0] = 1.0
        weights[0, 0] = 0.0
        weights /= (weights @ z)[:, None]
        weights[0, 0] = 1.0
        slope = np.full(n, 1.0)
        economy = Saturating(weights, slope, 1.2 * slope, slope, rng.uniform(-1, 1, n))
        yield _Drawn(economy, rng.standard_normal((PROFILES, n)))


@statement(
    "Lemma 3: clearing, smooth economies",
    "Section 5, Lemma 3 and Proposition 3",
    "Where FUN fails the bid is a correspondence, and the auction still clears to sigma-VCG.",
    tolerance=1e-8,
)
def _check_lemma_3_clearing(auction: Formula = SigmaDCDA) -> Finding:
    gaps, weights = [], []
    for economy, types in _correspondence_markets(8):
        rule = auction(SIGMA)
        bids = rule.honest_bids(economy, types)
        outcome = rule.clear(bids)
        price, quantity = taxed_equilibrium(economy, SIGMA, types)
        wanted = SmoothSigmaVCG(economy, SIGMA).clear(Reports(types)).transfer
        by_price = bids.at(Points(price, quantity, np.arange(PROFILES))).by_price
        weights.append(float(np.abs(by_price[:, 0]).max() / np.abs(by_price).max()))
        gaps += [gap(outcome.price, price), gap(outcome.quantity, quantity)]
        gaps.append(gap(outcome.transfer, wanted))
    text = f"price weights of {max(weights):.1g} of the others', and the auction clears"
    return Finding(worst([*gaps, *weights]), f"{text}, in {len(weights)} economies")
