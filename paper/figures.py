"""Figures 1, 2 and 3 of the paper, from computation: as data that are drawn and checked."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, final

import numpy as np

from deviator.validation import Floats

from .closed_forms.normal_beliefs import NormalBeliefs

BUYER, SELLER, RESIDUAL = "#2a6f97", "#c1121f", "#000000"

LINES = ("#2a6f97", "#e09f3e", "#9e2a2b")

NAMES = ("buyer", "seller")

POINTS = 61
"""Points of a curve."""

LOWER_TYPES = (0.75, 0.5, 0.25)
"""Shares of the traded quantity at whose pivotal types Figure 2 draws more curves."""

CORRELATIONS = (0.1, 0.5, 0.9)

NOISES = (0.1, 0.5, 1.0, 5.0)

SIZES = (4, 6, 8, 10, 14, 20, 30, 50, 100, 200, 500, 1000)


Dash = Literal["solid", "dotted", "dashed"]


@final
@dataclass(frozen=True, eq=False)
class Curve:
    """A line of a figure.

    Attributes
    ----------
    panel : int
    name : str
        Several lines may share one.
    x, y : (n_points,) arrays
    color : str
    dash : {"solid", "dotted", "dashed"}
    shaded : bool
        Whether the area between line and axis is what the figure shows; such lines are thick.
    """

    panel: int
    name: str
    x: Floats
    y: Floats
    color: str
    dash: Dash = "solid"
    shaded: bool = False


@final
@dataclass(frozen=True, eq=False)
class PaperFigure:
    """A figure of the paper as data: what is drawn is what is checked.

    Attributes
    ----------
    titles : tuple of str
        Of the panels, which stand in two columns.
    curves : tuple of Curve
    across, up : str
        Names of the axes.
    logarithmic : bool
        Whether the axis across is.
    caption : str
        What it shows, for those who do not see it too.
    """

    titles: tuple[str, ...]
    curves: tuple[Curve, ...]
    across: str
    up: str
    caption: str
    logarithmic: bool = False


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


def figure_1() -> PaperFigure:
    """Return Figure 1: allocation and discriminatory transfers, private values."""
    return transfers_figure(PRIVATE, ())


def figure_2() -> PaperFigure:
    """Return Figure 2: the same with interdependent values, so that residual demand is steeper."""
    return transfers_figure(INTERDEPENDENT, LOWER_TYPES)


def transfers_figure(traders: TwoTraders, shares: Sequence[float]) -> PaperFigure:
    """Return the buyer's payment (left) and the seller's receipts (right), before the tax.

    Parameters
    ----------
    traders : TwoTraders
    shares : sequence of float
        Of the traded quantity: at their pivotal types more curves are drawn.
    """
    others = "marginal utilities of other types less the tax" if shares else "marginal utilities"
    caption = (
        "Buyer's and seller's marginal utilities less the tax (solid) cross at the quantity "
        f"traded; dotted: {others}. Thick: the residual demand curve; the shaded area under it "
        "is the payment before the tax."
    )
    curves = [curve for trader in (0, 1) for curve in _panel_curves(traders, trader, shares)]
    return PaperFigure(NAMES, tuple(curves), "units traded", "money per unit", caption)


def _panel_curves(traders: TwoTraders, trader: int, shares: Sequence[float]) -> Iterator[Curve]:
    amount = traders.traded(traders.types)[0]
    units, beyond = np.linspace(0, amount, POINTS), np.linspace(0, 1.6 * amount, POINTS)
    price = traders.residual_price(trader, units if trader == 0 else -units)
    yield Curve(trader, "residual demand", units, price, RESIDUAL, shaded=True)
    for who, color in ((0, BUYER), (1, SELLER)):
        quantity = beyond if who == 0 else -beyond
        adjusted = traders.adjusted(who, quantity, traders.types)
        yield Curve(trader, f"adjusted {NAMES[who]}", beyond, adjusted, color)
        if not shares:
            untaxed = adjusted + traders.sigma * quantity
            yield Curve(trader, NAMES[who], beyond, untaxed, color, "dotted")
        for share in shares:
            types = traders.pivotal_types(trader, share * amount * (1 - 2 * trader))
            moved = traders.adjusted(who, quantity, types)
            yield Curve(trader, f"{NAMES[who]}, other type", beyond, moved, color, "dotted")


def figure_3() -> PaperFigure:
    """Return Figure 3: expected utility in sigma_N-VCG over that in the double auction.

    A panel for each noise variance zeta, a line for each correlation rho, against the number of
    traders; dashed lines are the limits of large economies, from (4.20).
    """
    caption = (
        "Expected utility in sigma_N-VCG over that in the double auction against the number of "
        "traders, a panel for each noise variance, a line for each correlation rho; dashed: the "
        "limits of large economies."
    )
    curves = [curve for panel in range(len(NOISES)) for curve in _ratio_curves(panel)]
    titles = tuple(f"noise variance {zeta:g}" for zeta in NOISES)
    up = "ratio of expected utilities"
    return PaperFigure(titles, tuple(curves), "traders N", up, caption, logarithmic=True)


def _ratio_curves(panel: int) -> Iterator[Curve]:
    zeta, sizes = NOISES[panel], np.array(SIZES, dtype=np.float64)
    for rho, color in zip(CORRELATIONS, LINES, strict=True):
        ratios = np.array([utility_ratio(NormalBeliefs(n, rho, zeta)) for n in SIZES])
        yield Curve(panel, f"rho = {rho:g}", sizes, ratios, color)
        limit = np.full(2, limit_ratio(NormalBeliefs(SIZES[0], rho, zeta)))
        yield Curve(panel, f"limit, rho = {rho:g}", sizes[[0, -1]], limit, color, "dashed")


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


FIGURES: Mapping[str, Callable[[], PaperFigure]] = MappingProxyType(
    {
        "Figure 1": figure_1,
        "Figure 2": figure_2,
        "Figure 3": figure_3,
    }
)
"""Functions that draw the figures, by the paper's names."""
