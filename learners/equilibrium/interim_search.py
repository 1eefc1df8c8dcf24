"""Interim regret by search: for each of many types of a trader, the best bid against the others.

The others' types are drawn given the trader's own, and every bid is tried beside the same draws.
What the best of them gains is then measured on fresh draws, since the best of many looks better
than it is on those that it was chosen on.
"""

from typing import NamedTuple

import numpy as np

from deviator.errors import RefusedError
from deviator.evidence import Market
from deviator.policies.mixing import unmixed_bids
from deviator.policies.situation import utilities
from deviator.validation import Floats

SEED = 3_000_017
"""Seeds the profiles and the candidates, the same for every strategy."""


SHRINK = 0.35
"""How much nearer candidates come in each round."""


class Effort(NamedTuple):
    """How finely interim regret is searched."""

    types: int = 25
    profiles: int = 1000
    fresh: int = 20_000
    candidates: int = 32
    rounds: int = 7


EFFORT = Effort()


class InterimRegret(NamedTuple):
    """The gain of the best bid found for each type that was tried, in units of money, (T,)."""

    types: Floats
    gain: Floats


def searched_interim_regret(
    tested: Market, units: Floats, effort: Effort = EFFORT
) -> InterimRegret:
    """Return what the deviator of a market gains in expectation by the best bid found, by type.

    Parameters
    ----------
    tested : Market
    units : ndarray of float, shape (K,)
        How far candidates go at first, on both sides of the strategy's bid.
    effort : Effort

    Raises
    ------
    RefusedError
        If the others' types given one's own are not simply shifted.
    """
    law, trader = tested.distribution, tested.trader
    if not law.linear_regressions:
        raise RefusedError(
            "interim regret is searched under Normal or independent types, got "
            f"{type(law).__name__}"
        )
    rng = np.random.default_rng(SEED)
    searched, fresh = (law.matched_sample(rng, count) for count in (effort.profiles, effort.fresh))
    offsets = _offsets(rng, effort, len(units)) * units
    own = _quantiles(law.sample(rng, 100 * effort.types)[:, trader], effort.types)
    on_own = law.covariance[trader] / law.covariance[trader, trader]

    def given(value: float, profiles: Floats) -> Floats:
        return profiles + np.outer(value - profiles[:, trader], on_own)

    gains = [
        _gain(tested, given(value, fresh), _best_bid(tested, given(value, searched), offsets))
        for value in own
    ]
    return InterimRegret(own, np.array(gains))


def _offsets(rng: np.random.Generator, effort: Effort, size: int) -> Floats:
    """Return candidates around a bid for each round, shape (rounds, M, K): ever nearer."""
    shrink = SHRINK ** np.arange(effort.rounds)
    if size == 1:  # A number is best tried on a grid.
        grid = np.linspace(-1.0, 1.0, effort.candidates)[:, None]
        return np.asarray(shrink[:, None, None] * grid)
    drawn = rng.standard_normal((effort.rounds, effort.candidates, size))
    return np.asarray(shrink[:, None, None] * drawn)


def _quantiles(values: Floats, count: int) -> Floats:
    return np.quantile(values, (np.arange(count) + 0.5) / count)


def _best_bid(tested: Market, types: Floats, offsets: Floats) -> Floats:
    """Return the best bid found at one own type, shape (K,)."""
    best = unmixed_bids(tested.strategy, types[:1]).of_trader(tested.trader)
    own = best.copy()
    for offset in offsets:
        tried = np.concatenate([best, best + offset])[None]
        allowed = tested.mechanism.allowed_bids(tested.trader, tried, own)[0]
        best = allowed[[int(_means(tested, types, allowed).argmax())]]
    return np.asarray(best[0])


def _gain(tested: Market, types: Floats, bid: Floats) -> float:
    """Return what a bid gains over the strategy's own at one own type; 0 if it loses."""
    own = unmixed_bids(tested.strategy, types[:1]).of_trader(tested.trader)
    kept, gained = _means(tested, types, np.concatenate([own, bid[None]]))
    return max(float(gained - kept), 0.0)


def _means(tested: Market, types: Floats, bids: Floats) -> Floats:
    """Return mean utilities of bids (M, K) beside the strategy's others, shape (M,)."""
    present = unmixed_bids(tested.strategy, types)
    many = np.broadcast_to(bids, (len(types), *bids.shape))
    mechanism, economy, trader = tested.mechanism, tested.economy, tested.trader
    gained = utilities(mechanism, economy, present, types, trader, many)
    return np.asarray(gained.mean(axis=0))
