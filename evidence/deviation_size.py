"""How much there is to gain in a market, and how far a worthwhile deviation goes."""

from typing import NamedTuple

import numpy as np

from deviator.errors import RefusedError
from deviator.policies import (
    BestResponse,
    NumericSearch,
    exact_gain,
    expected_exact_gain,
    level_shift,
)

from .market import Market

PROFILES = 2048
"""Profiles, from a fixed seed, on which gains are measured where they have no closed form."""


class BestDeviation(NamedTuple):
    """The mean gain of the best deviation, all types known, and its usual size."""

    gain: float  # in units of money
    shift: float  # root mean square of the change of the bid's level


def best_deviation(reference: Market) -> BestDeviation:
    """Return how much there is to gain: in closed form, else by menu, else searched numerically."""
    mechanism, economy = reference.mechanism, reference.economy
    law, trader, strategy = reference.distribution, reference.trader, reference.strategy
    try:
        gain = expected_exact_gain(mechanism, economy, law, trader, others=strategy)
        return BestDeviation(gain, level_shift(mechanism, economy, strategy, law, trader))
    except RefusedError:
        return _sampled(reference)


def _sampled(reference: Market) -> BestDeviation:
    mechanism, economy, trader = reference.mechanism, reference.economy, reference.trader
    types = reference.distribution.sample(np.random.default_rng(0), PROFILES)
    own = reference.strategy.bids(types).of_trader(trader)
    try:
        gain = exact_gain(mechanism, economy, types, others=reference.strategy, trader=trader)
        best = BestResponse(mechanism, economy, others=reference.strategy)
        bid = best.bid(types, trader)
    except RefusedError:
        law, strategy = reference.distribution, reference.strategy
        search = NumericSearch(mechanism, economy, trader, distribution=law, others=strategy)
        bid, gain = search.find(types)
    change = (bid - own)[:, mechanism.language.level]
    return BestDeviation(float(gain.mean()), float(np.sqrt((change**2).mean())))
