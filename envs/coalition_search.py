"""A search for a joint deviation at each profile alone, where nothing is known of the market."""

from typing import NamedTuple

import numpy as np

from deviator.validation import Floats, finite_array, generator, whole_number

from .coalition_core import CoalitionCore

STRETCH, SHRINK = 1.5, 0.85
"""Steps grow where they pay and shrink where they do not: at one success in three they stay."""

FIRST_STEP = 0.3
"""Of the range of actions."""


class Searched(NamedTuple):
    """The best joint deviation that was found at each profile."""

    action: Floats  # (B, M K)
    gain: Floats  # (B,), in units of money; 0 where nothing better than honesty was found


def search_joint_deviation(
    core: CoalitionCore,
    types: Floats,
    rng: np.random.Generator,
    *,
    start: Floats | None = None,
    rounds: int = 60,
    candidates: int = 16,
) -> Searched:
    """Search the best joint deviation at each profile, all types known: a lower bound.

    Random steps around the best action so far, in all profiles at once.

    Parameters
    ----------
    core : CoalitionCore
    types : ndarray of float, shape (B, N)
    rng : numpy.random.Generator
    start : ndarray of float, shape (B, M K), optional
        Actions to begin at, moved into [-1, 1]; by default the strategy's own bids.
    rounds, candidates : int
        How many steps are taken, and how many are tried for each.
    """
    source = generator("rng", rng)
    tries = whole_number("candidates", candidates, 1)
    best = np.zeros((len(types), core.action_size))
    if start is not None:
        best = np.clip(finite_array("start", start, best.shape), -1.0, 1.0)
    reward = core.reward(types, best)
    repeated = np.repeat(types, tries, axis=0)
    step = np.full(len(types), FIRST_STEP)
    for _ in range(whole_number("rounds", rounds, 1)):
        noise = source.standard_normal((len(types), tries, core.action_size))
        tried = np.clip(best[:, None] + step[:, None, None] * noise, -1.0, 1.0)
        rewards = core.reward(repeated, tried.reshape(-1, core.action_size)).reshape(-1, tries)
        winner, market = rewards.argmax(axis=1), np.arange(len(types))
        better = rewards[market, winner] > reward
        best = np.where(better[:, None], tried[market, winner], best)
        reward = np.where(better, rewards[market, winner], reward)
        step = step * np.where(better, STRETCH, SHRINK)
    return Searched(best, np.maximum(reward, 0.0) * core.reward_unit)
