"""Interim regret by search: for each of many types of a trader, the best bid against the others.

The others' types are drawn once, given the trader's own, and every bid is tried beside them. The
best of many bids on the same draws looks a little better than it is: the error is on the safe side.
"""

from typing import NamedTuple

import numpy as np

from deviator.errors import RefusedError
from deviator.evidence import Market
from deviator.policies.numeric_search import utilities
from deviator.validation import Floats

SEED = 3_000_017
"""Seeds the profiles and the candidates, the same for every strategy."""


class Effort(NamedTuple):
    """How finely interim regret is searched."""

    types: int = 25
    profiles: int = 2000
    candidates: int = 64
    rounds: int = 8


class InterimRegret(NamedTuple):
    """The best gain of each type that was tried, in units of money, each (T,)."""

    types: Floats
    gain: Floats


def searched_interim_regret(
    tested: Market, units: Floats, effort: Effort = Effort()
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
    profiles = law.matched_sample(rng, effort.profiles)
    offsets = _offsets(rng, effort, len(units))
    own = _quantiles(law.sample(rng, 100 * effort.types)[:, trader], effort.types)
    on_own = law.covariance[trader] / law.covariance[trader, trader]
    gains = [
        _best_gain(
            tested, profiles + np.outer(value - profiles[:, trader], on_own), offsets * units
        )
        for value in own
    ]
    return InterimRegret(own, np.array(gains))


def _offsets(rng: np.random.Generator, effort: Effort, size: int) -> Floats:
    """Return candidates around a bid for each round, shape (rounds, M, K): ever nearer."""
    shrink = 0.5 ** np.arange(effort.rounds)
    if size == 1:  # A number is best tried on a grid.
        grid = np.linspace(-1.0, 1.0, effort.candidates)[:, None]
        return shrink[:, None, None] * grid
    return shrink[:, None, None] * rng.standard_normal((effort.rounds, effort.candidates, size))


def _quantiles(values: Floats, count: int) -> Floats:
    return np.quantile(values, (np.arange(count) + 0.5) / count)


def _best_gain(tested: Market, types: Floats, offsets: Floats) -> float:
    """Return the best mean gain found at one own type, never negative."""
    present = tested.strategy.bids(types)
    own = present.of_trader(tested.trader)
    best, most = own[:1, None], 0.0
    for offset in offsets:
        tried = np.concatenate([own[:1, None], best + offset], axis=1)
        allowed = tested.mechanism.allowed_bids(tested.trader, tried, own[:1])
        many = np.repeat(allowed, len(types), axis=0)
        mean = utilities(
            tested.mechanism, tested.economy, present, types, tested.trader, many
        ).mean(axis=0)
        top = int(mean.argmax())
        if mean[top] - mean[0] > most:
            best, most = allowed[:, top, None], float(mean[top] - mean[0])
    return most
