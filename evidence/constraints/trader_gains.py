"""What every trader gains at most by deviating, at profiles of types, all types known.

Read off menus where the mechanism states them; searched elsewhere, a bid per profile and trader, or
a point of the residual curve where bids are surfaces.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple

import numpy as np

from deviator.errors import NotConvergedError, RefusedError
from deviator.policies.best_point import best_point
from deviator.policies.gains import all_gains
from deviator.policies.mixing import drawn_bids
from deviator.trust import foreign_methods
from deviator.validation import Floats, finite_array, trader_index

from ..clearing_cost import has_general_tax
from ..market import Market
from ..surface_best_response import surface_best_response

ROUNDS, CANDIDATES = 8, 32
"""Effort of a search for a bid at each profile."""

TAXED_ROUNDS = 4
"""Rounds of that search under taxes of any shape, where a round takes seconds."""

CURVE_ROUNDS = 2
"""Effort of a search for a point of a residual curve."""


class TraderGains(NamedTuple):
    """The best gains of several traders at B profiles.

    Attributes
    ----------
    gain : ndarray of float, shape (B, T)
        Over the strategy's own bid, in units of money; never negative.
    kind : {"exact", "searched"}
        Whether these are the largest gains, or those that a search found.
    """

    gain: Floats
    kind: Literal["exact", "searched"]


def trader_gains(tested: Market, traders: Sequence[int], types: Floats) -> TraderGains:
    """Return what traders gain at most by deviating from the strategy at each profile.

    Parameters
    ----------
    tested : Market
    traders : sequence of int
        T traders.
    types : ndarray of float, shape (B, N)
        A search takes some hundred markets for each, a search on residual curves as many clearings.

    Raises
    ------
    InvalidInputError
        If there is no such trader, or types are malformed.
    RefusedError, NotConvergedError
        If a market cannot be solved.

    Examples
    --------
    >>> from deviator.economies import private_values
    >>> from deviator.evidence import market
    >>> from deviator.mechanisms import UniformDoubleAuction
    >>> tested = market(UniformDoubleAuction(), private_values(4, slope=2.0))
    >>> gains = trader_gains(tested, [0, 1], np.array([[1.0, 0.0, 0.0, 0.0]]))
    >>> gains.kind, gains.gain.round(6)
    ('exact', array([[0.009375, 0.001042]]))
    """
    n = tested.economy.n_traders
    chosen = [trader_index(trader, n) for trader in traders]
    checked = finite_array("types", types, (None, n))
    if not tested.bids_are_surfaces:
        try:
            return exact_trader_gains(tested, chosen, checked)
        except RefusedError:
            pass
    return searched_trader_gains(tested, chosen, checked)


def exact_trader_gains(tested: Market, traders: Sequence[int], types: Floats) -> TraderGains:
    """Return gains read off menus; RefusedError where there is none, or a market is in autarky."""
    mechanism, economy, strategy = tested.mechanism, tested.economy, tested.strategy
    if len(traders) == 1:
        gain = best_point(mechanism, economy, strategy, types, traders[0]).gain[:, None]
    else:
        gain = all_gains(mechanism, economy, strategy, types)[:, list(traders)]
    ours = not foreign_methods(mechanism, ["menu", "clear", "clear_deviations"])
    return TraderGains(gain, "exact" if ours else "searched")


def searched_trader_gains(tested: Market, traders: Sequence[int], types: Floats) -> TraderGains:
    """Return gains that a search finds at each profile; what cannot be solved gains nothing."""
    gains = [searched_gain(tested, trader, types)[0] for trader in traders]
    return TraderGains(np.stack(gains, axis=1), "searched")


def searched_gain(tested: Market, trader: int, types: Floats) -> tuple[Floats, Floats | None]:
    """Return what a search gains one trader, (B,), and the bids, (B, K); None for surfaces."""
    if tested.bids_are_surfaces:
        auction: Any = tested.mechanism
        best = surface_best_response(
            auction,
            tested.economy,
            types,
            trader,
            others=tested.strategy,
            rounds=CURVE_ROUNDS,
        )
        return best.gain, None
    try:
        return _searched(tested, trader, types)
    except (NotConvergedError, RefusedError):
        if len(types) == 1:
            own = drawn_bids(tested.strategy, types).of_trader(trader)
            return np.zeros(1), own
    each = [searched_gain(tested, trader, profile[None]) for profile in types]
    bids = [bid for _, bid in each if bid is not None]
    return np.concatenate([gain for gain, _ in each]), np.concatenate(bids)


def _searched(tested: Market, trader: int, types: Floats) -> tuple[Floats, Floats]:
    rounds = TAXED_ROUNDS if has_general_tax(tested) else ROUNDS
    search = replace(tested, trader=trader).search(rounds=rounds, candidates=CANDIDATES)
    found = search.find(types)
    return found.gain, found.bid
