"""Menus, as Figures 1 and 2 of the paper draw them, for any market.

What a trader can reach while the others' bids are fixed: each unit's price, beside what the unit is
worth to the trader. Where the mechanism's menu is no straight residual curve, payments and
utilities in all.
"""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from deviator.errors import RefusedError
from deviator.evidence import Market
from deviator.mechanisms.menu import LineMenu, Menu
from deviator.policies.mixing import drawn_bids
from deviator.policies.situation import rules_drawn
from deviator.validation import Floats, finite_array

from .position import Position
from .style import BLUE, GRAY, RED
from .traced import traced_menu

POINTS = 61
"""Points of a curve."""

BEYOND = 1.6
"""How far curves are drawn, of the quantity that the strategy's bids trade."""

APART = 1e-6
"""A best quantity this near to the present one, of that, is the present one."""


def draw_menu(ax: Axes, tested: Market, trader: int, types: Floats) -> Axes:
    """Draw one trader's menu at one profile, and what units are worth to the trader.

    Of a straight residual curve: the thick line is what each unit costs before the quadratic tax,
    so that the shaded area is what is paid for the quantity that the strategy's bids trade; the
    hatched area is the tax on it. The dashed line is the residual price; the solid one is marginal
    utility less the tax of the unit, the dotted one marginal utility itself. Honesty is a best
    response where the thick and the solid line cross at the dot; a diamond is the best deviation.

    Where the mechanism states no menu, outcomes of bids that are moved up and down are drawn.

    Parameters
    ----------
    ax : Axes
    tested : Market
    trader : int
    types : ndarray of float, shape (N,)

    Returns
    -------
    Axes

    Raises
    ------
    InvalidInputError
        If an argument is malformed.
    RefusedError
        If the trader trades nothing at these types.
    """
    position = Position.of(tested, trader, types)
    menu, on_line = position.menu, position.menu is None or isinstance(position.menu, LineMenu)
    if (menu and not menu.regular.all()) or (on_line and position.traded == 0.0):
        raise RefusedError(
            f"a menu needs a trade to be drawn, and trader {trader} trades nothing at these types; "
            "choose others"
        )
    if isinstance(menu, LineMenu):
        _draw_prices(ax, position, menu)
    else:
        _draw_totals(ax, position, menu)
    ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.yaxis.set_major_locator(MaxNLocator(4))
    return ax


def _draw_prices(ax: Axes, position: Position, menu: LineMenu) -> None:
    traded, slope = position.traded, float(position.tested.mechanism.tax_slope)
    units = np.linspace(0.0, BEYOND * abs(traded), POINTS)
    quantity = np.sign(traded) * units
    worth = position.marginal_utility(quantity)
    cost = menu.linear + menu.quadratic * quantity - slope * quantity
    _shade_payment(ax, menu, traded, slope)
    before = " before the tax" if slope else ""
    ax.plot(units, cost, color=GRAY, linewidth=2, label=f"price of each unit{before}")
    ax.plot(units, menu.residual_price(quantity), "--", color=BLUE, label="residual demand")
    if slope:
        less_tax = worth - slope * quantity
        ax.plot(units, less_tax, color=RED, label="marginal utility less the tax")
    ax.plot(units, worth, ":" if slope else "-", color=RED, label="marginal utility")
    _mark(ax, position, menu, slope)
    ax.set_xlabel("units bought" if traded > 0 else "units sold")
    ax.set_ylabel("money per unit")


def _shade_payment(ax: Axes, menu: LineMenu, traded: float, slope: float) -> None:
    """Shade what is paid before the tax, and hatch the tax: areas between straight lines."""
    quantity = np.array([0.0, traded])
    cost = menu.linear + (menu.quadratic - slope) * quantity
    units, tax = abs(quantity), slope * quantity
    paid = "payment" if traded > 0 else "proceeds"
    label = f"{paid} before the tax" if slope else paid
    ax.fill_between(units, cost, color=BLUE, alpha=0.18, linewidth=0, label=label)
    if slope:
        ax.fill_between(
            units, cost, cost + tax, facecolor="none", edgecolor=RED, alpha=0.5, linewidth=0,
            hatch="//////", label="tax",
        )  # fmt: skip


def _mark(ax: Axes, position: Position, menu: LineMenu, slope: float) -> None:
    """Mark the strategy's bid, and the best deviation where it is another."""
    traded, best = position.traded, position.best_quantity(menu)
    marked = {"o": (traded, "honest bid" if _is_honest(position) else "bid")}
    apart = best is not None and abs(best - traded) > APART * abs(traded)
    if best is not None and apart and 0 <= best / traded <= BEYOND:
        marked = {"D": (best, "best deviation"), **marked}
    for marker, (quantity, label) in marked.items():
        at = position.marginal_utility(np.array([quantity])) - slope * quantity
        fill = "white" if marker == "D" else RED
        ax.plot([abs(quantity)], at, marker, color=RED, label=label, markerfacecolor=fill)


def _is_honest(position: Position) -> bool:
    return position.tested.strategy.name == "honest"


def _draw_totals(ax: Axes, position: Position, menu: Menu | None) -> None:
    quantity, payment = _points(position, menu)
    worth = position.utility(quantity)
    if menu is None:
        ax.plot(quantity, payment, color=GRAY, linewidth=2, label="payment")
        ax.plot(quantity, worth, ":", color=RED, label="utility of the units")
    else:
        ax.step(quantity, payment, "o-", where="mid", color=GRAY, label="payment")
        ax.plot(quantity, worth, "o:", color=RED, label="utility of the units")
    ax.axvline(position.traded, color=BLUE, linestyle="--", label="traded")
    ax.set_xlabel("units bought" if position.traded > 0 else "units, negative where sold")
    ax.set_ylabel("payment; utility (dotted)")


def _points(position: Position, menu: Menu | None) -> tuple[Floats, Floats]:
    """Return quantities on the trader's side of the market that can be reached, and payments."""
    if menu is None:
        found = traced_menu(position, BEYOND * abs(position.traded))
        same_side = found.quantity * position.traded >= 0
        return found.quantity[same_side], found.transfer[same_side]
    present = np.array([position.traded])
    quantity = np.unique(np.concatenate([*menu.samples(present), present]))
    payment = np.array([float(menu.payment(np.array([each]))[0]) for each in quantity])
    reached = np.isfinite(payment)
    return quantity[reached], payment[reached]


def traders_on_both_sides(tested: Market, types: Floats) -> list[int]:
    """Return who buys most and who sells most at a profile (N,), as far as anybody trades.

    Parameters
    ----------
    tested : Market
    types : ndarray of float, shape (N,)

    Raises
    ------
    InvalidInputError
        If types are not finite, or of other traders.
    """
    profile = finite_array("types", types, (tested.economy.n_traders,))[None]
    rule = rules_drawn(tested.mechanism, 1)[0]
    quantity = rule.clear(drawn_bids(tested.strategy, profile)).quantity[0]
    sides = int(quantity.argmax()), int(quantity.argmin())
    return [trader for trader in sides if quantity[trader] != 0.0]
