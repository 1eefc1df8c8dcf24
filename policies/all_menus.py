"""Every trader's menu from one clearing, on straight residual curves.

A cleared market states all N residual curves, and the payment rule turns each into a menu; the
best deviation of every trader in every market is then arithmetic on (B, N) arrays.
"""

from typing import Any, NamedTuple

import numpy as np

from deviator.economies import QuadraticEconomy
from deviator.mechanisms import (
    LineMenu,
    Mechanism,
    NaiveWalrasian,
    ResidualLineMechanism,
    SigmaVCG,
    residual_transfer,
)
from deviator.mechanisms.conditional_auction import ConditionalAuction
from deviator.mechanisms.menu import LineShift
from deviator.validation import Floats

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
        """Return every trader's best point beside the present one.

        Raises
        ------
        RefusedError
            If a trader's gain is unbounded.
        """
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
    transfer = residual_transfer(mechanism, intercept, slope, mechanism.tax_slope)
    if any(monomial not in (("x",), ("x", "x")) for monomial in transfer.terms):
        return None
    linear, quadratic = transfer.coefficient("x"), 2 * transfer.coefficient("x", "x")
    shape = slope.shape
    menu = LineMenu(
        intercept,
        slope,
        np.broadcast_to(np.asarray(linear, dtype=np.float64), shape),
        np.broadcast_to(np.asarray(quadratic, dtype=np.float64), shape),
        np.broadcast_to(outcome.traded[:, None], shape),
    )
    return AllMenus(menu, outcome.quantity)
