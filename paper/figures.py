"""Figures 1, 2 and 3 of the paper, redrawn from computation."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, final

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from deviator.validation import Floats

from .closed_forms.normal_beliefs import NormalBeliefs

BUYER, SELLER, RESIDUAL, SHADE = "#2a6f97", "#c1121f", "#1d1d1f", "rgba(42, 111, 151, 0.18)"

LINES = ("#2a6f97", "#e09f3e", "#9e2a2b")

MARGIN: Mapping[str, int] = MappingProxyType({"l": 60, "r": 20, "t": 40, "b": 50})
"""Margins of a figure in pixels: its panels have titles, the figure has none."""

NAMES = ("buyer", "seller")

POINTS = 61
"""Points of a curve."""

LOWER_TYPES = (0.75, 0.5, 0.25)
"""Shares of the traded quantity at whose pivotal types Figure 2 draws more curves."""

CORRELATIONS = (0.1, 0.5, 0.9)

NOISES = (0.1, 0.5, 1.0, 5.0)

SIZES = (4, 6, 8, 10, 14, 20, 30, 50, 100, 200, 500, 1000)


@final
@dataclass(frozen=True)
class TwoTraders:
    """A buyer, 0, and a seller, 1: mu_i = s_i + interdependence s_j - slope q, and a tax.

    The paper's figures have two traders, its results more.

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
    """Return Figure 2: the same with interdependent values, so that residual demand is steeper."""
    return transfers_figure(INTERDEPENDENT, LOWER_TYPES)


def transfers_figure(traders: TwoTraders, shares: Sequence[float]) -> go.Figure:
    """Draw the buyer's payment (left) and the seller's receipts (right), before the tax.

    Solid lines are marginal utilities less the tax, dotted ones the marginal utilities themselves,
    or those of other types: the pivotal ones of some shares of the traded quantity. The shaded area
    is the payment.
    """
    figure = make_subplots(1, 2, subplot_titles=["buyer", "seller"])
    amount = traders.traded(traders.types)[0]
    for trader in (0, 1):
        cell = {"row": 1, "col": trader + 1}
        units = np.linspace(0, amount, POINTS)
        beyond = np.linspace(0, 1.6 * amount, POINTS)
        _draw_payment(figure, traders, trader, units, cell)
        for who, color in ((0, BUYER), (1, SELLER)):
            quantity = beyond if who == 0 else -beyond
            curve = traders.adjusted(who, quantity, traders.types)
            _line(figure, beyond, curve, cell, color=color, name=f"adjusted {NAMES[who]}")
            if not shares:
                untaxed = curve + traders.sigma * quantity
                _line(figure, beyond, untaxed, cell, color=color, dash="dot", name=NAMES[who])
            for share in shares:
                types = traders.pivotal_types(trader, share * amount * (1 - 2 * trader))
                moved = traders.adjusted(who, quantity, types)
                name = f"{NAMES[who]}, other type"
                _line(figure, beyond, moved, cell, color=color, dash="dot", name=name)
    figure.update_xaxes(title="units traded")
    figure.update_yaxes(title="money per unit", col=1)
    figure.update_layout(template="plotly_white", height=360, margin=dict(MARGIN), showlegend=False)
    return figure


def _draw_payment(
    figure: go.Figure, traders: TwoTraders, trader: int, units: Floats, cell: dict[str, int]
) -> None:
    quantity = units if trader == 0 else -units
    price = traders.residual_price(trader, quantity)
    fill = {"fill": "tozeroy", "fillcolor": SHADE}
    _line(figure, units, price, cell, color=RESIDUAL, name="residual demand", width=3, **fill)


def _line(
    figure: go.Figure,
    x: Any,
    y: Any,
    cell: dict[str, int],
    *,
    color: str,
    name: str,
    dash: str = "solid",
    width: int = 1,
    **settings: str,
) -> None:
    line = {"color": color, "dash": dash, "width": width}
    trace = go.Scatter(x=x, y=y, mode="lines", line=line, name=name, **settings)
    figure.add_trace(trace, **cell)


def figure_3() -> go.Figure:
    """Return Figure 3: expected utility in sigma_N-VCG over that in the double auction.

    A panel for each noise variance zeta, a line for each correlation rho, against the number of
    traders; dashed lines are the limits of large economies, from (4.20).
    """
    titles = [f"noise variance {zeta:g}" for zeta in NOISES]
    figure = make_subplots(2, 2, subplot_titles=titles)
    for panel, zeta in enumerate(NOISES):
        cell = {"row": panel // 2 + 1, "col": panel % 2 + 1}
        for rho, color in zip(CORRELATIONS, LINES, strict=True):
            ratios = [utility_ratio(NormalBeliefs(n, rho, zeta)) for n in SIZES]
            _line(figure, SIZES, ratios, cell, color=color, name=f"rho = {rho:g}")
            limit = [limit_ratio(NormalBeliefs(SIZES[0], rho, zeta))] * 2
            ends = SIZES[0], SIZES[-1]
            _line(figure, ends, limit, cell, color=color, dash="dash", name=f"limit, rho = {rho:g}")
    figure.for_each_trace(lambda trace: trace.update(legendgroup=trace.name))
    for number, trace in enumerate(figure.data):
        trace.showlegend = number < 2 * len(CORRELATIONS)
    figure.update_xaxes(title="traders N", type="log")
    figure.update_yaxes(title="ratio of expected utilities", col=1)
    figure.update_layout(template="plotly_white", height=580, margin=dict(MARGIN))
    return figure


def utility_ratio(beliefs: NormalBeliefs) -> float:
    """Return expected utility under sigma_N-VCG over that in the double auction, Example 5.

    Examples
    --------
    >>> round(utility_ratio(NormalBeliefs(10**6, rho=0.5, noise=0.5)), 5)
    1.11111
    """
    direct = beliefs.expected_utility(beliefs.two_groups().sigma_n(beliefs.n_traders))
    return direct / beliefs.equilibrium_expected_utility()


def limit_ratio(beliefs: NormalBeliefs) -> float:
    """Return the limit of `utility_ratio` in large economies, (4.20)."""
    return beliefs.limit_expected_utility() / beliefs.limit_equilibrium_utility()


FIGURES: Mapping[str, Callable[[], go.Figure]] = MappingProxyType(
    {
        "Figure 1": figure_1,
        "Figure 2": figure_2,
        "Figure 3": figure_3,
    }
)
"""Functions that draw the figures, by the paper's names."""
