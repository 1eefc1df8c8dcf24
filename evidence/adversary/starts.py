"""Where a search for the worst profile starts: places in the box from -1 to 1.

Corners, profiles with one trader apart, two opposite halves, and points spread evenly, some of them
drawn together around the middle: what goes wrong may need large types, small ones, or one.
"""

import numpy as np

from deviator.validation import Floats

SIZES = (1e-3, 1.0)
"""Ends of the sizes of those even points that are drawn together."""

CORNERS = 64
"""Corners of the box that are tried at least, where there is room; half of all places may be."""


def starting_places(n_traders: int, count: int, rng: np.random.Generator) -> Floats:
    """Return places from -1 to 1 at which a search starts, shape (count, N)."""
    structured = _structured(n_traders, max(1, count // 2), rng)
    even = even_places(n_traders + 1, count - len(structured), rng)
    least, most = np.log(SIZES)
    sizes = np.exp(least + (most - least) * 0.5 * (even[:, :1] + 1.0))
    # Every other point keeps its place.
    sizes[::2] = 1.0
    return np.concatenate([structured, sizes * even[:, 1:]])


def _structured(n_traders: int, count: int, rng: np.random.Generator) -> Floats:
    """Return up to so many places: halves against each other, the middle, corners, one apart."""
    halves = np.where(np.arange(n_traders) < n_traders // 2, 1.0, -1.0)
    turns = np.where(np.arange(n_traders) % 2 == 0, 1.0, -1.0)
    high = np.ones(n_traders)
    several = np.stack([halves, -halves, turns, -turns, high, -high, np.zeros(n_traders)])
    corners = _corners(n_traders, max(CORNERS, count), rng)
    apart = _apart(n_traders, count, rng)
    # Taken in turn, so that the first of them are of both kinds.
    both = min(len(corners), len(apart))
    mixed = np.stack([corners[:both], apart[:both]], axis=1).reshape(-1, n_traders)
    return np.concatenate([several, mixed, corners[both:], apart[both:]])[:count]


def _apart(n_traders: int, count: int, rng: np.random.Generator) -> Floats:
    """Return places with one trader at an end, the others at the other end or in the middle."""
    traders = np.arange(n_traders)
    if n_traders > count:
        traders = rng.choice(n_traders, count, replace=False)
    alone = np.zeros((len(traders), n_traders))
    alone[np.arange(len(traders)), traders] = 1.0
    return np.concatenate([2 * alone - 1, 1 - 2 * alone, alone, -alone])


def _corners(n_traders: int, most: int, rng: np.random.Generator) -> Floats:
    """Return so many corners of the box at most: all of them where there are no more."""
    if 2**n_traders > most:
        return rng.choice([-1.0, 1.0], size=(most, n_traders))
    bits = np.arange(2**n_traders)[:, None] >> np.arange(n_traders) & 1
    return rng.permutation(2.0 * bits - 1.0)


def even_places(dimensions: int, count: int, rng: np.random.Generator) -> Floats:
    """Return points spread evenly over the box from -1 to 1, shape (count, dimensions).

    Multiples of the square roots of the primes, shifted at random (Richtmyer's sequence,
    Niederreiter 1978); it takes no table, and any number of points.

    Examples
    --------
    >>> even = even_places(2, 1000, np.random.default_rng(0))
    >>> bool(np.abs(even.mean(axis=0)).max() < 0.005)
    True
    """
    steps = np.sqrt(_primes(dimensions)) % 1.0
    shift = rng.random(dimensions)
    return 2.0 * ((np.arange(1, count + 1)[:, None] * steps + shift) % 1.0) - 1.0


def _primes(count: int) -> Floats:
    """Return the first primes, by a sieve that is long enough (Rosser's bound)."""
    end = 16 + int(1.2 * count * np.log(count + 2))
    prime = np.ones(end, dtype=bool)
    prime[:2] = False
    for number in range(2, int(end**0.5) + 1):
        if prime[number]:
            prime[number * number :: number] = False
    return np.flatnonzero(prime)[:count].astype(np.float64)
