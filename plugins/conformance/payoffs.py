"""Checks of what an economy says of one trader, and of preferences over money.

An economy states `utility`; it may state `utility_of`, which is faster for one trader, and a
`payoff` of its own, with `payoff_of`.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from deviator.economies import Economy
from deviator.validation import Floats

from .comparing import assert_close
from .trials import MARKETS, profiles

SHARES = (0.0, 0.4, 1.0, 1.7, -0.6)
"""Quantities that one trader is offered, as multiples of the efficient one."""

PRICES = (0.0, 0.5, 1.0, 2.5, -1.0)
"""Transfers beside them, as multiples of the efficient utility."""

LESS = (-3.0, -1.0, 0.0, 0.5, 1.0, 3.0)
"""Transfers that rise, as multiples of the efficient utility."""

TOLERANCE = 1e-9
"""Payoffs nearer to each other than this share of their size count as the same."""

UNITS = ((7.3, 0.031), (1e-3, 1e2))
"""Factors of price and quantity under which payoffs must keep their order."""


def check_utility_of(economy: Economy) -> None:
    """One trader's utilities are those that the utility of all says."""
    quantity, _, types = _offers(economy)

    def alone(trader: int, units: Floats) -> Floats:
        return economy.utility(_column(types, trader, units), types)[:, trader]

    for trader in range(economy.n_traders):
        units = quantity[:, :, trader]
        wanted = np.stack([alone(trader, offer) for offer in units.T], axis=1)
        rule = f"utility_of must agree with utility for trader {trader}"
        assert_close(rule, economy.utility_of(trader, units, types), wanted)


def check_payoff_of(economy: Economy) -> None:
    """One trader's payoffs are those that the payoff of all says."""
    quantity, transfer, types = _offers(economy)
    for trader in range(economy.n_traders):
        units, money = quantity[:, :, trader], transfer[:, :, trader]
        got = economy.payoff_of(trader, units, money, types)
        rule = f"payoff_of must agree with payoff for trader {trader}"
        assert_close(rule, got, _alone(economy, trader, units, money, types))


def check_payoff_shapes(economy: Economy) -> None:
    """Payoffs are finite, a number per market and trader, and 0 where nothing changes hands."""
    quantity, transfer, types = (
        each[:, 1] if each.ndim == 3 else each for each in _offers(economy)
    )
    payoff = np.asarray(economy.payoff(quantity, transfer, types))
    assert payoff.shape == types.shape, f"payoff must have shape {types.shape}, got {payoff.shape}"
    assert np.isfinite(payoff).all(), "payoff must be finite, and is not"
    nothing = economy.payoff(np.zeros_like(types), np.zeros_like(types), types)
    assert not np.any(nothing), (
        f"payoff must be 0 for no units and no money, got {np.ravel(nothing)[0]:.6g}; subtract that"
    )


def check_payoff_of_own_only(economy: Economy) -> None:
    """A trader's payoff depends on their own quantity and transfer only."""
    quantity, transfer, types = _offers(economy)
    everybody = np.asarray(economy.payoff(quantity[:, 1], transfer[:, 1], types))
    for trader in range(economy.n_traders):
        own = quantity[:, 1:2, trader], transfer[:, 1:2, trader]
        rule = f"trader {trader}'s payoff must not depend on what others receive and pay"
        assert_close(rule, _alone(economy, trader, *own, types)[:, 0], everybody[:, trader])


def check_payoff_of_a_batch(economy: Economy) -> None:
    """A batch of markets has the payoffs that each of them has alone, and has them again."""
    quantity, transfer, types = _offers(economy)
    units, money = quantity[:, 2], transfer[:, 2]
    whole = np.array(economy.payoff(units, money, types))
    for market in range(len(types)):
        alone = economy.payoff(units[[market]], money[[market]], types[[market]])
        rule = f"payoff of market {market} must be alone what it is in its batch"
        assert_close(rule, alone, whole[[market]])
    again = economy.payoff(units, money, types)
    assert_close("payoff must give the same again", again, whole, tolerance=0.0)


def check_payoff_falls_in_the_transfer(economy: Economy) -> None:
    """Who pays more, for the same units, has less."""
    quantity, _, types = _offers(economy)
    size = _size(economy, types)
    for units in np.moveaxis(quantity, 1, 0):
        paid = [np.full_like(types, share * size) for share in LESS]
        for (less, cheap), (more, dear) in pairwise(
            (share, economy.payoff(units, money, types))
            for share, money in zip(LESS, paid, strict=True)
        ):
            rises = np.asarray(dear) - np.asarray(cheap)
            assert (rises < 0).all(), (
                f"payoff must fall in the transfer, and changes by {rises.max():.6g} from a "
                f"transfer of {less * size:.6g} to {more * size:.6g}"
            )


def check_payoff_relabelling(economy: Economy) -> None:
    """Renumbered traders have the payoffs that they had before."""
    quantity, transfer, types = _offers(economy)
    units, money, order = quantity[:, 1], transfer[:, 1], [*range(1, economy.n_traders), 0]
    assert_close(
        f"traders renumbered {order} must have the payoffs that they had before",
        economy.relabelled(order).payoff(units[:, order], money[:, order], types[:, order]),
        economy.payoff(units, money, types)[:, order],
    )


def check_payoff_units(economy: Economy) -> None:
    """In other units of money and quantity, traders prefer what they preferred before."""
    quantity, transfer, types = _offers(economy)
    for price, units in UNITS:
        restated = economy.rescaled(price, units)
        for trader in range(economy.n_traders):
            own = quantity[:, :, trader], transfer[:, :, trader]
            before = _alone(economy, trader, *own, types)
            moved = own[0] * units, own[1] * (price * units)
            _assert_same_order(before, _alone(restated, trader, *moved, types * price), trader)


def _assert_same_order(before: Floats, after: Floats, trader: int) -> None:
    """Assert that no pair of offers is ranked the other way around."""
    apart, again = (each[:, :, None] - each[:, None, :] for each in (before, after))
    clear = np.abs(apart) > TOLERANCE * np.abs(before).max()
    clear &= np.abs(again) > TOLERANCE * np.abs(after).max()
    turned = clear & (np.sign(apart) != np.sign(again))
    assert not turned.any(), (
        f"trader {trader} must prefer the same in other units, and does not, in market "
        f"{int(np.argwhere(turned)[0][0])}; `rescaled` must restate every setting that is in money"
    )


def _offers(economy: Economy) -> tuple[Floats, Floats, Floats]:
    """Return quantities and transfers of M offers, each (B, M, N), and types (B, N)."""
    types = profiles(economy, MARKETS)
    efficient = economy.efficient_allocation(types)
    usual = np.where(efficient == 0, float(np.abs(efficient).mean()) or 1.0, efficient)
    quantity = np.stack([share * usual for share in SHARES], axis=1)
    money = np.full_like(types, _size(economy, types))
    transfer = np.stack([price * money for price in PRICES], axis=1)
    return quantity, transfer, types


def _size(economy: Economy, types: Floats) -> float:
    """Return the usual utility of the efficient allocation, in units of money."""
    worth = economy.utility(economy.efficient_allocation(types), types)
    return float(np.abs(worth).mean()) or 1.0


def _alone(
    economy: Economy, trader: int, quantity: Floats, transfer: Floats, types: Floats
) -> Floats:
    """Return one trader's payoffs from M offers, (B, M), where others receive and pay nothing."""
    column: Callable[[Floats], Floats] = lambda values: _column(types, trader, values)  # noqa: E731
    offers = zip(quantity.T, transfer.T, strict=True)
    payoffs = [
        economy.payoff(column(units), column(money), types)[:, trader] for units, money in offers
    ]
    return np.stack(payoffs, axis=1)


def _column(types: Floats, trader: int, values: Floats) -> Floats:
    """Return zeros (B, N) with one trader's values (B,)."""
    whole = np.zeros(np.shape(types))
    whole[:, trader] = values
    return whole
