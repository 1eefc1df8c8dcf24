"""The best point of a trader's menu at each profile of types."""

import numpy as np

from deviator.economies import Economy
from deviator.errors import RefusedError
from deviator.mechanisms import LineMenu, Mechanism, Menu
from deviator.mechanisms.menu import BestPoint
from deviator.validation import Floats, trader_index

from .base import Policy


def best_point(
    mechanism: Mechanism, economy: Economy, policy: Policy, types: Floats, trader: int
) -> BestPoint:
    """Return what the best deviation buys and gains at each profile, all types known.

    Raises
    ------
    RefusedError
        As in `exact_gain`.
    """
    index = trader_index(trader, economy.n_traders)
    bids = policy.bids(types)
    menu = required_menu(mechanism, bids, index)
    present = mechanism.clear_deviations(bids, index, bids.of_trader(index)[:, None])
    return menu.best(economy, types, index, present)


def required_menu(mechanism: Mechanism, bids: object, trader: int) -> Menu:
    """Return a trader's menu.

    Raises
    ------
    RefusedError
        If the mechanism has no menu, or a market is in autarky.
    """
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
    """Return a trader's menu where it is a straight residual curve.

    Raises
    ------
    RefusedError
        As in `required_menu`, or if the menu is of another form.
    """
    menu = required_menu(mechanism, bids, trader)
    if not isinstance(menu, LineMenu):
        raise RefusedError(
            f"a closed form needs a straight residual curve, and the menu of {mechanism.name} has "
            "none; measure the gain at sampled profiles instead"
        )
    return menu
