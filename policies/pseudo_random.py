"""Noise that is a function of the types of a market, for rungs that show it.

A batch is shown what each of its markets is shown alone, and who looks twice sees nothing new.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from deviator.validation import Floats

STEP = np.array(0x9E3779B97F4A7C15, dtype=np.uint64)
FIRST = np.array(0xBF58476D1CE4E5B9, dtype=np.uint64)
SECOND = np.array(0x94D049BB133111EB, dtype=np.uint64)
"""Constants of SplitMix64."""


def pseudo_normal(types: Floats, trader: int, seed: int) -> Floats:
    """Return numbers (B, N) as good as standard Normal, as `pseudo_uniform`."""
    numbers: Floats = ndtri(pseudo_uniform(types, trader, seed))
    return numbers


def pseudo_uniform(types: Floats, trader: int, seed: int) -> Floats:
    """Return numbers (B, N) as good as uniform on (0, 1), a function of each market's own types.

    SplitMix64 (Steele, Lea and Flood 2014) over the bits of a market's types: a source of noise for
    rungs, which shows a batch what it shows each of its markets alone.

    Parameters
    ----------
    types : ndarray of float, shape (B, N)
    trader : int
        Who looks; others see other noise.
    seed : int
    """
    bits = np.ascontiguousarray(types + 0.0, dtype=np.float64).view(np.uint64)
    start = _mixed(np.array([seed, trader], dtype=np.uint64) + STEP)
    state = np.full(len(types), start[0]) ^ _mixed(start[1:] + STEP)
    for column in bits.T:
        state = _mixed((state + STEP) ^ _mixed(column))
    counters = np.arange(1, types.shape[1] + 1, dtype=np.uint64) * STEP
    drawn = _mixed(state[:, None] + counters) >> np.uint64(12)
    numbers: Floats = (drawn.astype(np.float64) + 0.5) * 2.0**-52
    return numbers


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return SplitMix64's finalizer of each number."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * FIRST
    numbers = (numbers ^ (numbers >> np.uint64(27))) * SECOND
    return numbers ^ (numbers >> np.uint64(31))
