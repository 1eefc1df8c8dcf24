"""Menus of rules that state none: the outcomes of bids that are moved up and down."""

from typing import NamedTuple

import numpy as np

from deviator.errors import RefusedError
from deviator.mechanisms import SurfaceBids
from deviator.mechanisms.conditional_auction import ConditionalAuction
from deviator.mechanisms.surfaces import Hyperplane
from deviator.policies.mixing import drawn_bids
from deviator.validation import Floats

from .position import Position

POINTS = 61
"""Outcomes of a menu."""

PASSES = 4
"""How often the range of bids is fitted to the quantities that they lead to."""


class Traced(NamedTuple):
    """Outcomes on a trader's menu, by quantity; each (M,)."""

    quantity: Floats
    price: Floats
    transfer: Floats


def traced_menu(position: Position, reach: float) -> Traced:
    """Return where a trader's bid leads while it is moved in parallel, the others' bids fixed.

    Where bids are surfaces, the trader insists on quantities instead (proof of Proposition 3).

    Parameters
    ----------
    position : Position
    reach : float
        The largest quantity of interest, in units.

    Raises
    ------
    RefusedError
        If no bid leads to a trade.
    """
    by_surface = position.tested.bids_are_surfaces
    found = _of_surfaces(position, reach) if by_surface else _of_levels(position, reach)
    near = np.isfinite(found.price) & (np.abs(found.quantity) <= reach * (1 + 1e-9))
    order = np.argsort(found.quantity[near], kind="stable")
    kept = Traced(*(column[near][order] for column in found))
    if len(kept.quantity) < 2 or not kept.quantity.any():
        raise RefusedError(
            f"a menu must have a trade to be drawn, and no bid of trader {position.trader} that "
            "was tried leads to one; choose other types or another trader"
        )
    return kept


def _of_levels(position: Position, reach: float) -> Traced:
    level = position.rule.language.level
    own = position.bids.of_trader(position.trader)
    levels = position.bids.as_array()[0, :, level]
    size = float(2 * np.ptp(levels) or np.abs(levels).max() or 1.0)
    for _ in range(PASSES):
        candidates = np.repeat(own[:, None], POINTS, axis=1)
        candidates[0, :, level] += np.linspace(-size, size, POINTS)
        allowed = position.rule.allowed_bids(position.trader, candidates, own)
        found = position.rule.clear_deviations(position.bids, position.trader, allowed)
        farthest = float(np.abs(found.quantity).max())
        if farthest <= 2 * reach:
            break
        size *= 1.5 * reach / farthest
    return Traced(found.quantity[0], found.price[0], found.transfer[0])


def _of_surfaces(position: Position, reach: float) -> Traced:
    rule, trader = position.rule, position.trader
    profiles = np.repeat(position.types, POINTS, axis=0)
    bids = drawn_bids(position.tested.strategy, profiles)
    if not isinstance(rule, ConditionalAuction) or not isinstance(bids, SurfaceBids):
        raise RefusedError(
            f"a menu of surfaces can be drawn in auctions of conditional bids, not in {rule.name}; "
            "draw that of another mechanism"
        )
    quantity = np.linspace(-reach, reach, POINTS)
    insists = Hyperplane(np.eye(position.types.shape[1])[trader], 0.0, quantity)
    outcome = rule.clear(bids.with_surface(trader, insists), unsolved="report")
    price = np.where(outcome.converged & outcome.traded, outcome.price_of(trader), np.nan)
    return Traced(outcome.quantity[:, trader], price, outcome.transfer[:, trader])
