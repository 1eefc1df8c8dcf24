"""Figures 1, 2 and 3, compared with independent computations."""

from collections.abc import Sequence

import numpy as np
from scipy.optimize import brentq

from deviator.economies import two_groups_information

from ..checks.normal_models import auction_expected_utility, direct_expected_utility, extrapolated
from ..closed_forms.normal_beliefs import NormalBeliefs
from ..closed_forms.two_groups import TwoGroups
from ..figures import (
    CORRELATIONS,
    INTERDEPENDENT,
    NAMES,
    NOISES,
    PRIVATE,
    Curve,
    PaperFigure,
    TwoTraders,
    figure_1,
    figure_2,
    figure_3,
    utility_ratio,
)
from ..statement import Finding, Formula, gap, statement, worst

NODES = 6
"""Nodes of the quadrature under a residual demand curve."""

SMALL = 20
"""Largest number of traders at which Figure 3 is compared with how the mechanisms clear."""


@statement(
    "Figure 1",
    "Section 3, Figure 1",
    "sigma-VCG allocation and discriminatory transfers of a buyer and a seller, private values: "
    "the shaded areas under the other's tax-adjusted marginal utility.",
)
def _check_figure_1(figure: Formula = figure_1) -> Finding:
    drawn = figure()
    finding = _transfers_finding(drawn, PRIVATE)
    gaps = [finding.discrepancy]
    # With private values the residual demand is the other trader's adjusted marginal utility.
    for trader in (0, 1):
        faced = _curve(drawn, trader, "residual demand")
        other = _curve(drawn, trader, f"adjusted {NAMES[1 - trader]}")
        gaps.append(gap(np.interp(faced.x, other.x, other.y), faced.y))
    return Finding(worst(gaps), finding.computed)


@statement(
    "Figure 2",
    "Section 3, Figure 2",
    "The same with interdependent values: residual demand curves are steeper, through the "
    "crossings of the tax-adjusted curves of other types.",
)
def _check_figure_2(figure: Formula = figure_2) -> Finding:
    drawn, gaps = figure(), []
    for trader in (0, 1):
        faced = _curve(drawn, trader, "residual demand")
        moved = [_curves(drawn, trader, f"{name}, other type") for name in NAMES]
        for bought, sold in zip(*moved, strict=True):
            # The dotted curves at one pivotal type cross on the residual demand curve.
            difference = sold.y - bought.y
            crossing = np.interp(0.0, difference, bought.x)
            price = np.interp(crossing, bought.x, bought.y)
            gaps.append(gap([np.interp(crossing, faced.x, faced.y)], [price]))
        other = _curve(drawn, trader, f"adjusted {NAMES[1 - trader]}")
        end = np.interp(faced.x[-1], other.x, other.y)
        gaps.append(float(abs(faced.y[-1] - faced.y[0]) <= abs(end - other.y[0])))
    finding = _transfers_finding(drawn, INTERDEPENDENT)
    return Finding(worst([finding.discrepancy, *gaps]), finding.computed)


def _transfers_finding(figure: PaperFigure, traders: TwoTraders) -> Finding:
    """Compare areas and crossings in a figure with the definitions, solved by search."""
    gaps, areas = [], []
    units = traded_by_search(traders, traders.types)
    for trader in (0, 1):
        faced = _curve(figure, trader, "residual demand")
        area = float(np.trapezoid(faced.y, faced.x))
        sign = 1 - 2 * trader
        paid = sign * area + traders.sigma * units**2 / 2
        areas.append(area)
        gaps.append(gap([paid], [transfer_by_search(traders, trader)]))
        price = price_by_search(traders, 0, units, traders.types)
        for name in NAMES:
            curve = _curve(figure, trader, f"adjusted {name}")
            gaps.append(gap([np.interp(units, curve.x, curve.y)], [price]))
    text = f"{units:.4g} units; shaded areas {areas[0]:.4g} and {areas[1]:.4g}"
    return Finding(worst(gaps), f"{text}, with the tax the transfers of Definition 2")


def _curves(figure: PaperFigure, panel: int, name: str) -> list[Curve]:
    return [curve for curve in figure.curves if curve.name == name and curve.panel == panel]


def _curve(figure: PaperFigure, panel: int, name: str) -> Curve:
    (curve,) = _curves(figure, panel, name)
    return curve


def price_by_search(
    traders: TwoTraders, trader: int, quantity: float, types: Sequence[float]
) -> float:
    """Return marginal utility less the tax as a difference of u_i - sigma q^2 / 2, a parabola."""

    def adjusted_utility(q: float) -> float:
        value = types[trader] + traders.interdependence * types[1 - trader]
        return value * q - (traders.slope + traders.sigma) * q**2 / 2

    return adjusted_utility(quantity + 0.5) - adjusted_utility(quantity - 0.5)


def traded_by_search(traders: TwoTraders, types: Sequence[float]) -> float:
    """Return the quantity at which (3.8) holds, by bisection."""

    def excess(units: float) -> float:
        bought = price_by_search(traders, 0, units, types)
        return bought - price_by_search(traders, 1, -units, types)

    return float(brentq(excess, -100, 100, xtol=1e-14))


def transfer_by_search(traders: TwoTraders, trader: int) -> float:
    """Return (3.10) for one trader, pivotal types by bisection."""
    sign = 1 - 2 * trader
    quantity = sign * traded_by_search(traders, traders.types)
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    total = traders.sigma * quantity**2 / 2
    for node, weight in zip((nodes + 1) / 2 * quantity, weights / 2 * quantity, strict=True):

        def profile(own: float) -> tuple[float, float]:
            other = traders.types[1 - trader]
            return (own, other) if trader == 0 else (other, own)

        def missing(own: float, wanted: float = float(node)) -> float:
            return sign * traded_by_search(traders, profile(own)) - wanted

        pivotal = float(brentq(missing, -50, 50, xtol=1e-14))
        total += weight * price_by_search(traders, trader, float(node), profile(pivotal))
    return float(total)


@statement(
    "Figure 3",
    "Section 4, Figure 3",
    "Ratios of expected utilities, sigma_N-VCG to double auction, in the group model, over "
    "correlations rho, noise variances zeta and sizes N, with their limits.",
    tolerance=1e-8,
)
def _check_figure_3(figure: Formula = figure_3) -> Finding:
    drawn, gaps = figure(), []
    ratios: list[float] = []
    for panel, zeta in enumerate(NOISES):
        for rho in CORRELATIONS:
            curve = _curve(drawn, panel, f"rho = {rho:g}")
            dashed = _curve(drawn, panel, f"limit, rho = {rho:g}")
            small = [index for index, n in enumerate(curve.x) if n <= SMALL]
            wanted = [_cleared_ratio(int(curve.x[index]), rho, zeta) for index in small]
            gaps.append(gap([curve.y[index] for index in small], wanted))
            gaps.append(gap(dashed.y, [_limit_by_growth(rho, zeta)] * 2))
            ratios += curve.y.tolist()
    text = f"ratios from {min(ratios):.3f} to {max(ratios):.3f}"
    return Finding(
        worst(gaps), f"{text}, up to N = {SMALL} as both mechanisms clear, and in limits"
    )


def _cleared_ratio(n_traders: int, rho: float, zeta: float) -> float:
    information = two_groups_information(n_traders, rho, zeta)
    weights = information.weights()
    alpha, group = weights[0, 0] - weights[0, 1], weights[0, 1] * n_traders / 2
    tax = TwoGroups(alpha, group, slope=1.0).sigma_n(n_traders)
    direct = direct_expected_utility(information, 1.0, tax)
    return float(direct.sum() / auction_expected_utility(information, 1.0).sum())


def _limit_by_growth(rho: float, zeta: float) -> float:
    return float(extrapolated(lambda n: utility_ratio(NormalBeliefs(n, rho, zeta))))
