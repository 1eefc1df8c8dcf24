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
from deviator.validation import Floats, finite_array, trader_index

from .style import BLUE, GRAY, RED

POINTS = 61
"""Points of a curve."""

BEYOND = 1.6
"""How far curves are drawn, of the quantity that the strategy's bids trade."""


def draw_menu(ax: Axes, tested: Market, trader: int, types: Floats) -> Axes:
    """Draw one trader's menu at one profile, and what units are worth to the trader.

    Of a straight residual curve: the thick line is what each unit costs before the quadratic tax,
    so that the shaded area is what is paid for the quantity that the strategy's bids trade; the
    dashed line is the residual price; the solid one is marginal utility less the tax of the unit,
    the dotted one marginal utility itself. Honesty is a best response where the thick and the solid
    line cross at the dot.

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
        If the mechanism states no menu, or the market does not trade at these types.
    """
    profile = finite_array("types", types, (tested.economy.n_traders,))[None]
    trader_index(trader, tested.economy.n_traders)
    bids = drawn_bids(tested.strategy, profile)
    menu = None if tested.bids_are_surfaces else tested.mechanism.menu(bids, trader)
    if menu is None:
        raise RefusedError(
            f"a menu must be stated to be drawn, and {tested.mechanism.name} states none; draw "
            "that of another mechanism"
        )
    traded = float(tested.mechanism.clear(bids).quantity[0, trader])
    if not menu.regular.all() or traded == 0.0:
        raise RefusedError(
            f"a menu needs a trade to be drawn, and trader {trader} trades nothing at these types; "
            "choose others"
        )
    if isinstance(menu, LineMenu):
        _draw_prices(ax, tested, menu, trader, profile, traded)
    else:
        _draw_totals(ax, tested, menu, trader, profile, traded)
    ax.xaxis.set_major_locator(MaxNLocator(4))
    ax.yaxis.set_major_locator(MaxNLocator(4))
    ax.set_xlabel("units bought" if traded > 0 else "units sold")
    return ax


def _draw_prices(
    ax: Axes, tested: Market, menu: LineMenu, trader: int, types: Floats, traded: float
) -> None:
    units = np.linspace(0.0, BEYOND * abs(traded), POINTS)
    quantity = np.sign(traded) * units
    tax = float(tested.mechanism.tax_slope) * quantity
    worth = _marginal_utility(tested, trader, types, quantity)
    cost = menu.linear + menu.quadratic * quantity - tax
    paid = units <= abs(traded) * (1 + 1e-9)
    edge = float(menu.linear[0] + menu.quadratic[0] * traded - tested.mechanism.tax_slope * traded)
    ends = np.append(units[paid], abs(traded)), np.append(cost[paid], edge)
    ax.fill_between(*ends, color=BLUE, alpha=0.18, linewidth=0)
    ax.plot(units, cost, color=GRAY, linewidth=2)
    ax.plot(units, menu.residual_price(quantity), "--", color=BLUE)
    ax.plot(units, worth - tax, color=RED)
    ax.plot(units, worth, ":", color=RED)
    at_bid = _marginal_utility(tested, trader, types, np.array([traded]))
    ax.plot([abs(traded)], at_bid - float(tested.mechanism.tax_slope) * traded, "o", color=RED)
    ax.set_ylabel("money per unit")


def _draw_totals(
    ax: Axes, tested: Market, menu: Menu, trader: int, types: Floats, traded: float
) -> None:
    present = np.array([traded])
    quantity = np.unique(np.concatenate([*menu.samples(present), present]))
    payment = np.array([float(menu.payment(np.array([each]))[0]) for each in quantity])
    reached = np.isfinite(payment)
    worth = _utility(tested, trader, types, quantity)
    ax.step(quantity[reached], payment[reached], "o-", where="mid", color=GRAY)
    ax.plot(quantity[reached], worth[reached], "o:", color=RED)
    ax.axvline(traded, color=BLUE, linestyle="--")
    ax.set_ylabel("payment; utility (dotted)")


def _repeated(trader: int, types: Floats, quantity: Floats) -> tuple[Floats, Floats]:
    """Return quantities that only one trader has, (M, N), and the profile as often."""
    units = np.zeros((len(quantity), types.shape[1]))
    units[:, trader] = quantity
    return units, np.repeat(types, len(quantity), axis=0)


def _marginal_utility(tested: Market, trader: int, types: Floats, quantity: Floats) -> Floats:
    units, profiles = _repeated(trader, types, quantity)
    return np.asarray(tested.economy.marginal_utility(units, profiles)[:, trader])


def _utility(tested: Market, trader: int, types: Floats, quantity: Floats) -> Floats:
    units, profiles = _repeated(trader, types, quantity)
    return np.asarray(tested.economy.utility(units, profiles)[:, trader])


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
    quantity = tested.mechanism.clear(drawn_bids(tested.strategy, profile)).quantity[0]
    sides = int(quantity.argmax()), int(quantity.argmin())
    return [trader for trader in sides if quantity[trader] != 0.0]
