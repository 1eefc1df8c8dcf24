"""The best point of a trader's menu at each profile of types, and all menus from one clearing.

On straight residual curves a cleared market states all N of them, and the payment rule turns each
into a menu; the best deviation of every trader in every market is then arithmetic on (B, N) arrays.
"""

from typing import Any, NamedTuple

import numpy as np

from deviator.economies import Economy, QuadraticEconomy
from deviator.errors import RefusedError
from deviator.mechanisms import (
    LineMenu,
    Mechanism,
    Menu,
    NaiveWalrasian,
    ResidualLineMechanism,
    SigmaVCG,
)
from deviator.mechanisms.conditional_auction import ConditionalAuction
from deviator.mechanisms.lottery import require_no_lots
from deviator.mechanisms.menu import BestPoint, LineShift
from deviator.mechanisms.residual_line import menu_on_lines
from deviator.validation import Floats, trader_index

from .base import Policy
from .mixing import unmixed_bids


def best_point(
    mechanism: Mechanism, economy: Economy, policy: Policy, types: Floats, trader: int
) -> BestPoint:
    """Return what the best deviation buys and gains at each profile; errors as in `exact_gain`."""
    index = trader_index(trader, economy.n_traders)
    bids = unmixed_bids(policy, types)
    menu = required_menu(mechanism, bids, index)
    present = mechanism.clear_deviations(bids, index, bids.of_trader(index)[:, None])
    return menu.best(economy, types, index, present)


def required_menu(mechanism: Mechanism, bids: object, trader: int) -> Menu:
    """Return a trader's menu; RefusedError if there is none, or a market is in autarky."""
    require_no_lots("a menu", mechanism)
    menu = mechanism.menu(bids, trader)
    if menu is None:
        raise RefusedError(
            f"an exact best response needs the mechanism's menu, and {mechanism.name} has none; "
            "search numerically (deviator.policies.NumericSearch) or train a learner instead"
        )
    if not isinstance(menu, Menu):
        raise RefusedError(
            f"a menu must be a LineMenu or a FiniteMenu, that of {mechanism.name} is a "
            f"{type(menu).__name__}"
        )
    if not menu.regular.all():
        market = int(np.flatnonzero(~menu.regular)[0])
        raise RefusedError(
            f"an exact best response needs markets that trade, got autarky in market {market}"
        )
    return menu


def line_menu(mechanism: Mechanism, bids: object, trader: int) -> LineMenu:
    """Return a trader's menu where it is a straight residual curve, or raise RefusedError."""
    menu = required_menu(mechanism, bids, trader)
    if not isinstance(menu, LineMenu):
        raise RefusedError(
            f"a closed form needs a straight residual curve, and the menu of {mechanism.name} has "
            "none; measure the gain at sampled profiles instead"
        )
    return menu


RESIDUAL_LINES = (ResidualLineMechanism.menu, NaiveWalrasian.menu, SigmaVCG.menu)
"""Menus that are the residual line and the payment rule on it wherever bids have no limits."""

CLEARED = (ResidualLineMechanism.clear, ConditionalAuction.clear, SigmaVCG.clear)
"""Clearings whose outcomes state the residual lines that these menus are read from."""

DEVIATIONS = (ResidualLineMechanism.clear_deviations, SigmaVCG.clear_deviations)
"""What honest quantities are read from where menus are asked for one by one."""


class AllMenus(NamedTuple):
    """The menus of all traders, shape (B, N), and what they buy at present."""

    menu: LineMenu
    quantity: Floats

    def shift(self, economy: QuadraticEconomy, types: Floats) -> LineShift:
        """Return every trader's best point; RefusedError if a gain is unbounded."""
        return self.menu.shift(economy.value(types), economy.slope, self.quantity)


def all_menus(mechanism: Mechanism, bids: Any) -> AllMenus | None:
    """Return the menus of all traders from one clearing.

    None where they must be asked for one by one: the mechanism states menus of its own or clears
    or tries deviations in its own way, bids have limits, transfers are not quadratic, or a market
    is in autarky.
    """
    if not isinstance(mechanism, ResidualLineMechanism):
        return None
    n = bids.shape[1]
    limited = any(mechanism.bid_limits(trader) is not None for trader in range(n))
    rule = type(mechanism)
    own_way = rule.clear not in CLEARED or rule.clear_deviations not in DEVIATIONS
    if limited or own_way or rule.menu not in RESIDUAL_LINES:
        return None
    outcome = mechanism.clear(bids)
    if not outcome.traded.all():
        return None
    slope = outcome.residual_slope
    intercept = outcome.price[:, None] - slope * outcome.quantity
    regular = np.broadcast_to(outcome.traded[:, None], slope.shape)
    menu = menu_on_lines(mechanism, intercept, slope, regular)
    return None if menu is None else AllMenus(menu, outcome.quantity)
