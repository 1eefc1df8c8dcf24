"""Digests of arrays, taken at the speed at which they are read."""

from collections.abc import Mapping
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from deviator.validation import Floats

LANES = 8191
"""Sums that are kept, of every so manieth number: within the cache, and no size of blocks."""


def digest(columns: Mapping[str, Floats]) -> str:
    """Return a digest of named arrays: of their names, order and numbers, as they lie in memory.

    A number that changes always changes it, and so do most that change places. It is no defence
    against a forger: cryptographic hashes would take as long as the market itself.

    Examples
    --------
    >>> digest({"level": np.ones(2)}) == digest({"level": np.ones(2)})
    True
    >>> digest({"level": np.arange(2.0)}) == digest({"level": np.arange(2.0)[::-1].copy()})
    False
    """
    whole = blake2b(digest_size=8)
    for name, column in columns.items():
        sums = _sums(column.ravel(order="K").view(np.uint64))
        whole.update(f"{name} {column.shape} ".encode() + sums.tobytes())
    return whole.hexdigest()


def _sums(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return sums, modulo 2^64, of words so far apart, shape (LANES,)."""
    whole = len(words) // LANES * LANES
    sums: NDArray[np.uint64] = words[:whole].reshape(-1, LANES).sum(axis=0)
    sums[: len(words) - whole] += words[whole:]
    return sums
