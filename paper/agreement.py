"""How far numbers are from numbers, in shares of their size."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from deviator.errors import InvalidInputError

from .statement import Finding


def gap(found: ArrayLike, wanted: ArrayLike) -> float:
    """Return the largest difference as a share of the largest number wanted.

    Where all numbers wanted are 0, the largest difference itself. NaN where one is.

    Raises
    ------
    InvalidInputError
        If the shapes differ, or there is nothing to compare.

    Examples
    --------
    >>> gap([1.0, 2.5], [1.0, 2.0])
    0.25
    """
    left, right = np.asarray(found, dtype=np.float64), np.asarray(wanted, dtype=np.float64)
    if left.shape != right.shape or not left.size:
        raise InvalidInputError(
            f"what is compared must have one shape and some numbers, got {left.shape} and "
            f"{right.shape}"
        )
    size = float(np.abs(right).max()) or 1.0
    return float(np.abs(left - right).max()) / size


def worst(gaps: Iterable[float]) -> float:
    """Return the largest of some gaps; NaN where one is, so that it agrees with nothing.

    Examples
    --------
    >>> worst([0.1, float("nan"), 0.2])
    nan
    """
    return float(np.max(list(gaps)))


def compared(gaps: Iterable[float], text: str) -> Finding:
    """Return the finding on a formula that was compared in several economies."""
    found = list(gaps)
    return Finding(worst(found), f"{text}; {len(found)} comparisons in drawn economies")


def against_printed(gaps: Iterable[float], printed: Iterable[float], text: str) -> Finding:
    """Return the finding on a corrected formula, with how far the printed one is off."""
    right, wrong = worst(gaps), worst(printed)
    computed = (
        f"{text}; corrected: off by {right:.2g} of the largest number, printed: by {wrong:.2g}"
    )
    return Finding(right, computed, wrong)
