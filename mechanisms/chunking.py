"""The one driver that cuts a batch of markets into pieces that fit the cache."""

from collections.abc import Callable
from typing import TypeVar

from deviator.validation import Floats

Part = TypeVar("Part")

CHUNK = 256
"""Markets per chunk; measured best for dense clearing of 8 to 32 traders."""


def in_chunks(kernel: Callable[..., Part], *arrays: Floats, chunk: int = CHUNK) -> list[Part]:
    """Apply a kernel to successive pieces of the batch and return the pieces' results.

    Parameters
    ----------
    kernel : callable
        Takes as many arrays as are given.
    *arrays : ndarray
        Leading axis of length B, or of length 1 where shared by all markets.
    chunk : int
        Markets per piece.
    """
    batch = max(len(array) for array in arrays)
    return [
        kernel(*(array if len(array) == 1 else array[start : start + chunk] for array in arrays))
        for start in range(0, batch, chunk)
    ]
