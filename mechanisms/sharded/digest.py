"""Digests of arrays, taken at the speed at which they are read."""

from collections.abc import Mapping
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from deviator.validation import Floats

LANES = 2**14
"""Numbers that are folded at once: few calls for each array, and room in the cache."""

ODD = np.uint64(0x9E3779B97F4A7C15)
"""What folds numbers: odd, so that multiplying by it modulo 2^64 loses nothing."""


def digest(columns: Mapping[str, Floats]) -> str:
    """Return a digest of named arrays: of their names, order and numbers, as they lie in memory.

    A number that changes always changes it. It is no defence against a forger: cryptographic hashes
    would take as long as the market itself.

    Examples
    --------
    >>> digest({"level": np.ones(2)}) == digest({"level": np.ones(2)})
    True
    >>> digest({"level": np.arange(2.0)}) == digest({"level": np.arange(2.0)[::-1].copy()})
    False
    """
    whole = blake2b(digest_size=8)
    for name, column in columns.items():
        folded = _folded(column.ravel(order="K").view(np.uint64))
        whole.update(f"{name} {column.shape} ".encode() + folded.tobytes())
    return whole.hexdigest()


def _folded(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    folded = np.zeros(min(LANES, len(words)), np.uint64)
    for start in range(0, len(words), LANES):
        part = words[start : start + LANES]
        folded *= ODD
        folded[: len(part)] += part
    return folded
