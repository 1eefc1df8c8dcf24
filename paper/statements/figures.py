"""Figures 1, 2 and 3 of the paper, redrawn from computation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots
from scipy.optimize import brentq

from deviator.economies import two_groups_information
from deviator.validation import Floats

from ..agreement import gap, worst
from ..checks.normal_models import auction_expected_utility, direct_expected_utility, extrapolated
from ..closed_forms import two_groups
from ..closed_forms.two_groups import (
    equilibrium_expected_utility,
    expected_utility,
    limit_equilibrium_utility,
    limit_expected_utility,
)
from ..statement import Finding, Statement

Formula = Callable[..., Any]

BUYER, SELLER, RESIDUAL, SHADE = "#2a6f97", "#c1121f", "#1d1d1f", "rgba(42, 111, 151, 0.18)"
LINES = ("#2a6f97", "#e09f3e", "#9e2a2b")

MARGIN = {"l": 60, "r": 20, "t": 40, "b": 50}
"""Around a figure, in pixels: the panels' titles at the top, no title of its own."""

NAMES = ("buyer", "seller")

POINTS = 61
"""Points of a curve."""

LOWER_TYPES = (0.75, 0.5, 0.25)
"""Shares of the quantity at whose pivotal types Figure 2 draws more curves."""

CORRELATIONS = (0.1, 0.5, 0.9)
NOISES = (0.1, 0.5, 1.0, 5.0)
SIZES = (4, 6, 8, 10, 14, 20, 30, 50, 100, 200, 500, 1000)


@final
@dataclass(frozen=True)
class TwoTraders:
    """A buyer, 0, and a seller, 1: mu_i = s_i + interdependence s_j - slope q, and a tax.

    The paper's figures are of two traders, whom its results leave out.

    Attributes
    ----------
    types : tuple of float
        s_0 above s_1.
    slope, interdependence, sigma : float
    """

    types: tuple[float, float] = (2.0, 0.4)
    slope: float = 1.0
    interdependence: float = 0.0
    sigma: float = 0.35

    def value(self, trader: int, types: Sequence[float]) -> float:
        """Return a trader's marginal utility of the first unit."""
        return types[trader] + self.interdependence * types[1 - trader]

    def adjusted(self, trader: int, quantity: Floats, types: Sequence[float]) -> Floats:
        """Return marginal utility less the per-unit tax, at quantities."""
        return self.value(trader, types) - (self.slope + self.sigma) * quantity

    def traded(self, types: Sequence[float]) -> tuple[float, float]:
        """Return the buyer's quantity and the price at which adjusted marginal utilities agree."""
        values = self.value(0, types), self.value(1, types)
        return (values[0] - values[1]) / (2 * (self.slope + self.sigma)), sum(values) / 2

    def pivotal_types(self, trader: int, quantity: float) -> tuple[float, float]:
        """Return the types with which the trader receives a quantity, the other's unchanged (3.11).

        The values differ by (s_0 - s_1) (1 - interdependence).
        """
        bought = quantity if trader == 0 else -quantity
        apart = 2 * (self.slope + self.sigma) * bought / (1 - self.interdependence)
        other = self.types[1 - trader]
        return (other + apart, other) if trader == 0 else (other, other - apart)

    def residual_price(self, trader: int, quantity: Floats) -> Floats:
        """Return the residual demand curve p^sigma(s_i(x), s_-i) that a trader faces."""
        prices = [self.traded(self.pivotal_types(trader, x))[1] for x in quantity]
        return np.array(prices)


PRIVATE = TwoTraders()
INTERDEPENDENT = TwoTraders(interdependence=0.35)


def figure_1() -> go.Figure:
    """Return Figure 1: allocation and discriminatory transfers, private values."""
    return transfers_figure(PRIVATE, ())


def figure_2() -> go.Figure:
    """Return Figure 2: the same with interdependent values, where residual demand is steeper."""
    return transfers_figure(INTERDEPENDENT, LOWER_TYPES)


def transfers_figure(traders: TwoTraders, shares: Sequence[float]) -> go.Figure:
    """Draw what the buyer pays (left) and the seller receives (right), before the tax.

    Parameters
    ----------
    traders : TwoTraders
    shares : sequence of float
        Shares of the traded quantity at whose pivotal types adjusted curves are drawn, too.

    Returns
    -------
    Figure
        Solid lines are marginal utilities less the tax, dotted ones the marginal utilities
        themselves, or those of other types; the shaded area is the payment.
    """
    figure = make_subplots(1, 2, subplot_titles=["buyer", "seller"])
    amount = traders.traded(traders.types)[0]
    for trader in (0, 1):
        place = {"row": 1, "col": trader + 1}
        units = np.linspace(0, amount, POINTS)
        beyond = np.linspace(0, 1.6 * amount, POINTS)
        _draw_payment(figure, traders, trader, units, place)
        for who, color in ((0, BUYER), (1, SELLER)):
            quantity = beyond if who == 0 else -beyond
            curve = traders.adjusted(who, quantity, traders.types)
            _line(figure, beyond, curve, place, color=color, name=f"adjusted {NAMES[who]}")
            if not shares:
                untaxed = curve + traders.sigma * quantity
                _line(figure, beyond, untaxed, place, color=color, dash="dot", name=NAMES[who])
            for share in shares:
                types = traders.pivotal_types(trader, share * amount * (1 - 2 * trader))
                moved = traders.adjusted(who, quantity, types)
                name = f"{NAMES[who]}, other type"
                _line(figure, beyond, moved, place, color=color, dash="dot", name=name)
    figure.update_xaxes(title="units traded")
    figure.update_yaxes(title="money per unit", col=1)
    figure.update_layout(template="plotly_white", height=360, margin=MARGIN, showlegend=False)
    return figure


def _draw_payment(
    figure: go.Figure, traders: TwoTraders, trader: int, units: Floats, place: dict[str, int]
) -> None:
    quantity = units if trader == 0 else -units
    price = traders.residual_price(trader, quantity)
    fill = {"fill": "tozeroy", "fillcolor": SHADE}
    _line(figure, units, price, place, color=RESIDUAL, name="residual demand", width=3, **fill)


def _line(
    figure: go.Figure,
    x: Any,
    y: Any,
    place: dict[str, int],
    *,
    color: str,
    name: str,
    dash: str = "solid",
    width: int = 1,
    **settings: str,
) -> None:
    line = {"color": color, "dash": dash, "width": width}
    trace = go.Scatter(x=x, y=y, mode="lines", line=line, name=name, **settings)
    figure.add_trace(trace, **place)


def figure_3() -> go.Figure:
    """Return Figure 3: expected utility in sigma_N-VCG over that in the double auction.

    A panel for each noise variance zeta, a line for each correlation rho, against the number of
    traders; dashed lines are the limits of large economies, from (4.20).
    """
    titles = [f"noise variance {zeta:g}" for zeta in NOISES]
    figure = make_subplots(2, 2, subplot_titles=titles)
    for panel, zeta in enumerate(NOISES):
        place = {"row": panel // 2 + 1, "col": panel % 2 + 1}
        for rho, color in zip(CORRELATIONS, LINES, strict=True):
            ratios = [utility_ratio(n, rho=rho, noise=zeta) for n in SIZES]
            _line(figure, SIZES, ratios, place, color=color, name=f"rho = {rho:g}")
            limit = [limit_ratio(rho=rho, noise=zeta)] * 2
            ends = SIZES[0], SIZES[-1]
            _line(
                figure, ends, limit, place, color=color, dash="dash", name=f"limit, rho = {rho:g}"
            )
    figure.for_each_trace(lambda trace: trace.update(legendgroup=trace.name))
    for number, trace in enumerate(figure.data):
        trace.showlegend = number < 2 * len(CORRELATIONS)
    figure.update_xaxes(title="traders N", type="log")
    figure.update_yaxes(title="ratio of expected utilities", col=1)
    figure.update_layout(template="plotly_white", height=580, margin=MARGIN)
    return figure


def utility_ratio(n_traders: int, *, rho: float, noise: float) -> float:
    """Return expected utility under sigma_N-VCG over that in the double auction, Example 5.

    Examples
    --------
    >>> round(utility_ratio(10**6, rho=0.5, noise=0.5), 5)
    1.11111
    """
    alpha, beta = two_groups.justified_weights(n_traders, rho=rho, noise=noise)
    tax = two_groups.sigma_n(n_traders, alpha=alpha, beta=beta, slope=1.0)
    beliefs = {"rho": rho, "noise": noise, "slope": 1.0}
    direct = expected_utility(n_traders, **beliefs, sigma=tax)
    return direct / equilibrium_expected_utility(n_traders, **beliefs)


def limit_ratio(*, rho: float, noise: float) -> float:
    """Return the limit of `utility_ratio` in large economies, (4.20).

    Examples
    --------
    >>> round(limit_ratio(rho=0.5, noise=0.5), 12)
    1.111111111111
    """
    beliefs = {"rho": rho, "noise": noise, "slope": 1.0}
    return limit_expected_utility(**beliefs) / limit_equilibrium_utility(**beliefs)


FIGURES: dict[str, Callable[[], go.Figure]] = {
    "Figure 1": figure_1,
    "Figure 2": figure_2,
    "Figure 3": figure_3,
}
"""By the paper's names."""


NODES = 6
"""Nodes of the quadrature under a residual demand curve."""

SMALL = 20
"""Up to so many traders Figure 3 is compared with the mechanisms' own clearing."""


def check_figure_1(figure: Formula = figure_1) -> Finding:
    """Compare what is drawn with two-trader markets solved by search, private values."""
    drawn = figure()
    finding = _transfers_finding(drawn, PRIVATE)
    gaps = [finding.discrepancy]
    # With private values the residual demand is the other trader's adjusted marginal utility.
    for trader in (0, 1):
        faced = _curve(drawn, trader, "residual demand")
        other = _curve(drawn, trader, f"adjusted {NAMES[1 - trader]}")
        gaps.append(gap(np.interp(faced.x, other.x, other.y), faced.y))
    return Finding(worst(gaps), finding.computed)


def check_figure_2(figure: Formula = figure_2) -> Finding:
    """Compare what is drawn with two-trader markets solved by search, interdependent values."""
    drawn, gaps = figure(), []
    for trader in (0, 1):
        faced = _curve(drawn, trader, "residual demand")
        moved = [_curves(drawn, trader, f"{name}, other type") for name in NAMES]
        for bought, sold in zip(*moved, strict=True):
            # The dotted curves of one other type cross on the residual demand curve.
            difference = np.asarray(sold.y) - np.asarray(bought.y)
            crossing = np.interp(0.0, difference, bought.x)
            price = np.interp(crossing, bought.x, bought.y)
            gaps.append(gap([np.interp(crossing, faced.x, faced.y)], [price]))
        other = _curve(drawn, trader, f"adjusted {NAMES[1 - trader]}")
        end = np.interp(faced.x[-1], other.x, other.y)
        gaps.append(float(abs(faced.y[-1] - faced.y[0]) <= abs(end - other.y[0])))
    finding = _transfers_finding(drawn, INTERDEPENDENT)
    return Finding(worst([finding.discrepancy, *gaps]), finding.computed)


def _transfers_finding(figure: go.Figure, traders: TwoTraders) -> Finding:
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


def _curves(figure: go.Figure, panel: int, name: str) -> list[Any]:
    axis = "x" if panel == 0 else f"x{panel + 1}"
    return [trace for trace in figure.data if trace.name == name and trace.xaxis == axis]


def _curve(figure: go.Figure, panel: int, name: str) -> Any:
    (trace,) = _curves(figure, panel, name)
    return trace


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


def check_figure_3(figure: Formula = figure_3) -> Finding:
    """Compare ratios drawn with the mechanisms' own clearing, and limits with growing economies."""
    drawn, gaps = figure(), []
    ratios: list[float] = []
    for panel, zeta in enumerate(NOISES):
        for rho in CORRELATIONS:
            curve = _curve(drawn, panel, f"rho = {rho:g}")
            dashed = _curve(drawn, panel, f"limit, rho = {rho:g}")
            small = [place for place, n in enumerate(curve.x) if n <= SMALL]
            wanted = [_cleared_ratio(curve.x[place], rho, zeta) for place in small]
            gaps.append(gap([curve.y[place] for place in small], wanted))
            gaps.append(gap(dashed.y, [_limit_by_growth(rho, zeta)] * 2))
            ratios += curve.y
    text = f"ratios from {min(ratios):.3f} to {max(ratios):.3f}"
    return Finding(
        worst(gaps), f"{text}, up to N = {SMALL} as both mechanisms clear, and in limits"
    )


def _cleared_ratio(n_traders: int, rho: float, zeta: float) -> float:
    information = two_groups_information(n_traders, rho, zeta)
    weights = information.weights()
    alpha, group = weights[0, 0] - weights[0, 1], weights[0, 1] * n_traders / 2
    tax = two_groups.sigma_n(n_traders, alpha=alpha, beta=group, slope=1.0)
    direct = direct_expected_utility(information, 1.0, tax)
    return float(direct.sum() / auction_expected_utility(information, 1.0).sum())


def _limit_by_growth(rho: float, zeta: float) -> float:
    return float(extrapolated(lambda n: utility_ratio(n, rho=rho, noise=zeta)))


STATEMENTS = (
    Statement(
        "Figure 1",
        "Section 3, Figure 1",
        "sigma-VCG allocation and discriminatory transfers of a buyer and a seller, private "
        "values: the shaded areas under the other's tax-adjusted marginal utility.",
        check_figure_1,
    ),
    Statement(
        "Figure 2",
        "Section 3, Figure 2",
        "The same with interdependent values: residual demand curves are steeper, through the "
        "crossings of the tax-adjusted curves of other types.",
        check_figure_2,
    ),
    Statement(
        "Figure 3",
        "Section 4, Figure 3",
        "Ratios of expected utilities, sigma_N-VCG to double auction, in the group model, over "
        "correlations rho, noise variances zeta and sizes N, with their limits.",
        check_figure_3,
        tolerance=1e-8,
    ),
)
