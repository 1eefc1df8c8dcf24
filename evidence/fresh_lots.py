"""What one bid gains on average over fresh lots, and how far that average may be off.

A search compares bids over a fixed set of scenarios (`deviator.policies.situation`), which only
stands for all of them, and keeps what was lucky. What it finds is measured again with lots that it
never saw. Half of these lie near the ends of the unit interval, where rules put what hardly ever
happens, and count for less accordingly (importance sampling): a rebate that is paid once in a
million draws, as in implicit payments, is part of the average.
"""

from typing import Any, NamedTuple

import numpy as np

from deviator.mechanisms.lottery import BELOW_ONE, drawn
from deviator.policies.situation import Payoffs, Scenario, Situation
from deviator.validation import Floats

from .market import Market

FRESH = 2**15
"""How many fresh draws a gain is measured over."""

FRESH_SEED = 5_000_011
"""Seeds them; no other seed of this package draws lots."""

STANDARD_ERRORS = 5.0
"""By how many the average must exceed 0 to count: luck does so once in three million times."""

NEAREST = 2.0**-40
"""How close to an end of the unit interval fresh lots come, other than by plain chance."""


class FreshLots(NamedTuple):
    """Lots, and the weight that each has in an average over all lots."""

    lots: Floats  # (L, D)
    weight: Floats  # (L,), at most 2


class FreshGain(NamedTuple):
    """What a bid gains over the strategy's own, on average over fresh draws."""

    honest: dict[str, Any]  # price, quantity, transfer and utility, averages too
    deviating: dict[str, Any]
    gain: float
    error: float  # standard error of the gain

    @property
    def least(self) -> float:
        """The gain less so many standard errors that luck does not explain the rest."""
        return self.gain - STANDARD_ERRORS * self.error


def fresh_lots(draws: int, count: int, rng: np.random.Generator) -> FreshLots:
    """Return lots of which half have one number near 0 or 1, with their weights.

    Parameters
    ----------
    draws : int
        D.
    count : int
    rng : numpy.random.Generator

    Examples
    --------
    Weighted, they average as uniform ones do, and also what hardly ever happens:

    >>> lots, weight = fresh_lots(2, 20_000, np.random.default_rng(0))
    >>> round(float((weight * lots[:, 0]).mean()), 2)
    0.5
    >>> 0.9e-6 < float((weight * (lots[:, 1] < 1e-6)).mean()) < 1.1e-6
    True
    """
    lots = rng.random((count, draws))
    near = np.arange(count) % 2 == 1
    place = rng.integers(draws, size=count)
    span = np.log(0.5 / NEAREST)
    distance = NEAREST * np.exp(span * rng.random(count))
    moved = np.where(rng.random(count) < 0.5, distance, 1.0 - distance)
    lots[near, place[near]] = np.minimum(moved, BELOW_ONE)[near]
    inside = np.minimum(lots, 1.0 - lots)
    dense = np.where(inside >= NEAREST, 1.0 / (2.0 * span * np.maximum(inside, NEAREST)), 0.0)
    return FreshLots(lots, 1.0 / (0.5 + 0.5 * dense.mean(axis=1)))


def has_chance(tested: Market) -> bool:
    """Return whether gains are averages over lots, or over bids that a strategy draws."""
    return bool(tested.mechanism.draws or tested.strategy.mixes)


def fresh_gain(tested: Market, types: Floats, bid: Floats, seed: int = FRESH_SEED) -> FreshGain:
    """Return what one bid gains at one profile, on average over fresh draws.

    Parameters
    ----------
    tested : Market
        One with lots, or with a strategy that mixes.
    types : ndarray of float, shape (N,)
    bid : ndarray of float, shape (K,)
    seed : int
    """
    rng = np.random.default_rng(seed)
    draws = tested.mechanism.draws
    lots, weight = fresh_lots(draws, FRESH, rng) if draws else (np.empty(0), np.ones(FRESH))
    profiles = np.broadcast_to(types, (FRESH, len(types)))
    generator = rng if tested.strategy.mixes else None
    rule = drawn(tested.mechanism, lots)
    scenario = Scenario(rule, tested.strategy.bids(profiles, generator))
    decision = Situation(tested.economy, tested.trader, profiles, (scenario,))
    both = decision.compared(np.broadcast_to(bid, (FRESH, len(bid))))
    gains = weight * (both.payoff[:, 1] - both.payoff[:, 0])
    error = float(gains.std()) / float(np.sqrt(FRESH))
    honest, deviating = (_averages(both, place, weight) for place in (0, 1))
    return FreshGain(honest, deviating, float(gains.mean()), error)


def _averages(payoffs: Payoffs, place: int, weight: Floats) -> dict[str, Any]:
    """Return what a bid leads to on average; the price where there is one."""
    price = payoffs.price[:, place]
    known = np.isfinite(price)
    names = {"quantity": "quantity", "transfer": "transfer", "utility": "payoff"}
    averages = {
        name: float(np.average(getattr(payoffs, field)[:, place], weights=weight))
        for name, field in names.items()
    }
    met = float(np.average(price[known], weights=weight[known])) if known.any() else None
    return {"price": met, **averages}
