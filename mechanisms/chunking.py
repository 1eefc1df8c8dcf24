"""The one driver that cuts a batch of markets into pieces that fit the cache."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from deviator.validation import Floats

Part = TypeVar("Part")

CHUNK = 256
"""Markets per chunk where a kernel does not say better."""

NUMBERS = 2**16
"""Numbers in a chunk's largest array, so that a chunk fits the cache; measured best for dense
clearing of 8 to 256 traders."""


def markets_per_chunk(numbers: int) -> int:
    """Return how many markets fit a chunk whose largest array holds so many numbers for each."""
    return max(1, NUMBERS // numbers)


def pieces(batch: int, numbers: int) -> Iterator[slice]:
    """Return the chunks of a batch whose largest array holds so many numbers per market."""
    size = markets_per_chunk(numbers)
    return (slice(start, min(start + size, batch)) for start in range(0, batch, size))


def in_chunks(kernel: Callable[..., Part], *arrays: Floats, chunk: int = CHUNK) -> list[Part]:
    """Apply a kernel to successive pieces of so many markets and return the pieces' results.

    The arrays have leading axes of length B, or of length 1 where shared by all markets. Of no
    markets there is one empty piece, from which results have their shapes.
    """
    batch = max(len(array) for array in arrays)
    return [
        kernel(*(array if len(array) == 1 else array[start : start + chunk] for array in arrays))
        for start in range(0, max(batch, 1), chunk)
    ]
