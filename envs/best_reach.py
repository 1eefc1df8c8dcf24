"""How far a market's own best deviation moves a bid, and how far bids may be moved at all."""

import numpy as np

from deviator.errors import RefusedError
from deviator.evidence import Market, over_rounds
from deviator.evidence.best_deviation import exact_gains
from deviator.evidence.over_rounds import of_whole_shares
from deviator.mechanisms import RoundsMechanism, Unrolled
from deviator.policies import BestResponse, Information
from deviator.policies.mixing import drawn_bids
from deviator.validation import Floats

PROFILES = 256
"""Profiles at which best deviations are worked out."""

SEARCHED, SEARCH_ROUNDS = 64, 8
"""At how many of them plans over rounds are searched, and in how many rounds of a search."""

SPREADS = 4.0
"""Standard deviations of a change, beside its mean, that a reach contains."""

FAR = 1e9
"""How far bids are moved, over their usual size, to see what limits them."""


def best_reach(tested: Market, information: Information, types: Floats, own: Floats) -> Floats:
    """Return how far the best deviation moves each number of a bid, shape (K,).

    In rules over rounds it is the best plan that a search finds, for bids of single rounds its
    farthest round. Elsewhere 0 where nothing is to gain, where limits of bids end the box
    (`Mechanism.bid_limits`), or the best deviation has no closed form. Below the whole profile a
    deviator's reach is that of their own rung, or where that has no closed form, the whole
    profile's.

    Parameters
    ----------
    tested : Market
    information : str or Rung
    types : ndarray of float, shape (B, N)
    own : ndarray of float, shape (B, K)
        The strategy's own bids.
    """
    few, present = types[:PROFILES], own[:PROFILES]
    if isinstance(tested.mechanism, RoundsMechanism | Unrolled):
        return _reach_over_rounds(tested, few)
    if not _pays(tested, few):
        return np.zeros(own.shape[1])
    for rung in (information, "profile"):
        best = BestResponse(
            tested.mechanism, tested.economy, rung, tested.distribution, tested.strategy
        )
        try:
            change = best.bid(few, tested.trader) - present
        except RefusedError:
            continue
        return _reach(change)
    return np.zeros(own.shape[1])


def _reach(change: Floats) -> Floats:
    """Return how far changes (B, K) go: their mean size, and several times their spread."""
    reach: Floats = np.abs(change.mean(axis=0)) + SPREADS * change.std(axis=0)
    return reach


def _reach_over_rounds(tested: Market, types: Floats) -> Floats:
    plans = over_rounds(tested)
    if of_whole_shares(plans) is not None:
        return np.zeros(tested.bid_size)
    search = plans.search(rounds=SEARCH_ROUNDS)
    types = types[:SEARCHED]
    own = drawn_bids(plans.strategy, types).of_trader(plans.trader)
    reach = _reach(search.find(types).bid - own)
    farthest: Floats = reach.reshape(-1, tested.bid_size).max(axis=0)
    return farthest


def allowed_range(tested: Market, types: Floats, own: Floats) -> tuple[Floats, Floats]:
    """Return the least and largest value that each number of a bid may have, each (K,).

    Infinite where moving it far is allowed.
    """
    present = own[:1]
    step = FAR * np.diag(np.maximum(np.abs(own).max(axis=0), 1.0))
    ends = []
    for direction in (-1.0, 1.0):
        moved = present[:, None] + direction * step[None]
        allowed = tested.mechanism.allowed_bids(tested.trader, moved, present)
        reached = np.diagonal(allowed[0])
        free = reached == np.diagonal(moved[0])
        ends.append(np.where(free, direction * np.inf, reached))
    return ends[0], ends[1]


def _pays(tested: Market, types: Floats) -> bool:
    limited = tested.mechanism.bid_limits(tested.trader) is not None
    if tested.bids_are_surfaces or limited:
        return False
    try:
        gain = exact_gains(tested, types)
    except RefusedError:
        return False
    return float(gain.mean()) > tested.epsilon
