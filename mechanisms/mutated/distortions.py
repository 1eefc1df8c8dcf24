"""What planted faults do to the outcome of a sound rule, at a size that is a share."""

from collections.abc import Callable

import numpy as np

from deviator.validation import Floats

from .cleared import Cleared

GRID = 1 / np.sqrt(2.0)
"""Where grids start, so that whole units do not lie on them."""


def _shaved(cleared: Cleared, size: float, who: Floats) -> Cleared:
    """Return the outcome in which some pay more, or receive less, by a share of their payment."""
    return cleared.paying(size * who * np.abs(cleared.transfer))


def seller_shave(cleared: Cleared, size: float) -> Cleared:
    """Sellers receive less by a share."""
    return _shaved(cleared, size, (cleared.quantity < 0).astype(np.float64))


def buyer_surcharge(cleared: Cleared, size: float) -> Cleared:
    """Buyers pay more by a share."""
    return _shaved(cleared, size, (cleared.quantity > 0).astype(np.float64))


def trader_discount(cleared: Cleared, size: float) -> Cleared:
    """One trader pays less by a share."""
    return _shaved(cleared, -size, cleared.chosen)


def largest_rebate(cleared: Cleared, size: float) -> Cleared:
    """Who trades most pays less by a share."""
    return _shaved(cleared, -size, cleared.largest)


def volume_discount(cleared: Cleared, size: float) -> Cleared:
    """Who trades the mean or more pays less by a share."""
    return _shaved(cleared, -size, cleared.large)


def payment_cap(cleared: Cleared, size: float) -> Cleared:
    """The largest payment is cut by a share."""
    cap = (1 - size) * np.abs(cleared.transfer).max(axis=1, keepdims=True)
    return cleared.paying(np.clip(cleared.transfer, -cap, cap) - cleared.transfer)


def uniform_blend(cleared: Cleared, size: float) -> Cleared:
    """A share of the payment is the own price for all units."""
    at_one_price = cleared.price * cleared.quantity
    return cleared.paying(size * (at_one_price - cleared.transfer))


def unit_price_markup(cleared: Cleared, size: float) -> Cleared:
    """Each unit costs a share of the usual price more."""
    return cleared.paying(size * cleared.usual_price * np.abs(cleared.quantity))


def side_spread(cleared: Cleared, size: float) -> Cleared:
    """Each unit costs buyers a share of the usual price more."""
    return cleared.paying(size * cleared.usual_price * np.maximum(cleared.quantity, 0.0))


def tax_relief(cleared: Cleared, size: float) -> Cleared:
    """Who trades the mean or more is let off a share of the tax."""
    tax = 0.5 * cleared.tax_slope * cleared.quantity**2
    return cleared.paying(-size * cleared.large * tax)


def tax_on_buyers(cleared: Cleared, size: float) -> Cleared:
    """Buyers pay a share of the tax again."""
    tax = 0.5 * cleared.tax_slope * np.maximum(cleared.quantity, 0.0) ** 2
    return cleared.paying(size * tax)


def short_delivery(cleared: Cleared, size: float) -> Cleared:
    """One trader gets less by a share."""
    return cleared.getting(cleared.quantity * (1 - size * cleared.chosen))


def over_delivery(cleared: Cleared, size: float) -> Cleared:
    """Buyers get more by a share."""
    return cleared.getting(cleared.quantity + size * np.maximum(cleared.quantity, 0.0))


def quantity_grid(cleared: Cleared, size: float) -> Cleared:
    """Quantities are cut to a grid."""
    cell = GRID * size * cleared.most
    return cleared.getting(_rounded(cleared.quantity, cell, np.floor))


def favourite(cleared: Cleared, size: float) -> Cleared:
    """One trader gets units of all others."""
    n = cleared.quantity.shape[1]
    tilt = (cleared.chosen * n - 1) / (n - 1)
    return cleared.getting(cleared.quantity + size * cleared.most * tilt)


def shifted_allocation(cleared: Cleared, size: float) -> Cleared:
    """A share of the next trader's quantity replaces the own."""
    apart = cleared.neighbour.quantity - cleared.quantity
    return cleared.getting(cleared.quantity + size * apart)


def rationing(cleared: Cleared, size: float) -> Cleared:
    """Everybody gets less by a share, and pays the same."""
    return cleared.getting(cleared.quantity * (1 - size))


def near_ties(cleared: Cleared, size: float) -> Cleared:
    """Return the outcome in which near ties in the bids' levels go to who comes last."""
    assert cleared.level is not None
    order = np.argsort(cleared.level, axis=1, kind="stable")
    level = np.take_along_axis(cleared.level, order, axis=1)
    near = np.diff(level, axis=1) < size * np.ptp(level, axis=1)[:, None]
    # Only the first pair of a market changes places: two near ties may share a trader.
    first = near & (np.cumsum(near, axis=1) == 1)
    place = np.arange(level.shape[1])
    source = np.where(np.pad(first, ((0, 0), (0, 1))), place + 1, place)
    source = np.where(np.pad(first, ((0, 0), (1, 0))), place - 1, source)
    moved = np.take_along_axis(order, source, axis=1)
    back = np.argsort(order, axis=1, kind="stable")
    from_whom = np.take_along_axis(moved, back, axis=1)
    return cleared.getting(np.take_along_axis(cleared.quantity, from_whom, axis=1))


def tie_payments(cleared: Cleared, size: float) -> Cleared:
    """The last of those who nearly trade most pays less by a share."""
    nearly = (cleared.units >= (1 - size) * cleared.most) & (cleared.units > 0) & (size != 0)
    last = nearly & (np.cumsum(nearly[:, ::-1], axis=1)[:, ::-1] == 1)
    return _shaved(cleared, -size, last.astype(np.float64))


def own_bid_leak(cleared: Cleared, size: float) -> Cleared:
    """A unit costs more where the own bid is high."""
    assert cleared.level is not None
    spread = np.ptp(cleared.level, axis=1)[:, None]
    height = cleared.level - cleared.level.mean(axis=1, keepdims=True)
    share = height / np.where(spread > 0, spread, 1.0)
    return cleared.paying(size * cleared.usual_price * cleared.units * share)


def neighbour_quantity(cleared: Cleared, size: float) -> Cleared:
    """The next trader's units are paid for."""
    return cleared.paying(size * cleared.usual_price * cleared.neighbour.quantity)


def neighbour_bill(cleared: Cleared, size: float) -> Cleared:
    """A share of the next trader's payment replaces the own."""
    return cleared.paying(size * (cleared.neighbour.transfer - cleared.transfer))


def transfer_grid(cleared: Cleared, size: float) -> Cleared:
    """Transfers are cut to a grid."""
    cell = GRID * size * np.abs(cleared.transfer).max(axis=1, keepdims=True)
    return cleared.paying(_rounded(cleared.transfer, cell, np.floor) - cleared.transfer)


def price_grid(cleared: Cleared, size: float) -> Cleared:
    """Prices are cut to a grid."""
    cell = GRID * size * cleared.usual_price
    apart = _rounded(cleared.price, cell, np.floor) - cleared.price
    return cleared.paying(apart * cleared.quantity)


def few_digits(cleared: Cleared, size: float) -> Cleared:
    """Return transfers of which a share of each is lost, as numbers of few digits lose it."""
    if size == 0:
        return cleared
    part, power = np.frexp(cleared.transfer)
    return cleared.paying(np.ldexp(_rounded(part, size, np.rint), power) - cleared.transfer)


def _rounded(values: Floats, cell: Floats | float, how: Callable[[Floats], Floats]) -> Floats:
    """Return values on a grid, or as they are where its cells have no width."""
    width = np.broadcast_to(np.asarray(cell), values.shape)
    on_grid = width * how(values / np.where(width > 0, width, 1.0))
    return np.where(width > 0, on_grid, values)


def _per_head(cleared: Cleared) -> Floats:
    return np.asarray(cleared.gross / cleared.quantity.shape[1])


def subsidy(cleared: Cleared, size: float) -> Cleared:
    """Everybody is given the same amount."""
    return cleared.paying(-size * _per_head(cleared) * np.ones_like(cleared.transfer))


def lump_sum(cleared: Cleared, size: float) -> Cleared:
    """One trader is given an amount."""
    return cleared.paying(-size * cleared.gross * cleared.chosen)


def payer_rebate(cleared: Cleared, size: float) -> Cleared:
    """Who pays, pays less by a share."""
    return _shaved(cleared, -size, (cleared.transfer > 0).astype(np.float64))


def receiver_bonus(cleared: Cleared, size: float) -> Cleared:
    """Who receives, receives more by a share."""
    return _shaved(cleared, -size, (cleared.transfer < 0).astype(np.float64))


def entry_charge(cleared: Cleared, size: float) -> Cleared:
    """Everybody pays the same amount."""
    return cleared.paying(size * _per_head(cleared) * np.ones_like(cleared.transfer))


def idle_charge(cleared: Cleared, size: float) -> Cleared:
    """Who trades less than the mean pays an amount."""
    return cleared.paying(size * _per_head(cleared) * (1 - cleared.large))
