"""Exact rational numbers in arrays, and their linear algebra."""

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rationals = NDArray[Any]
"""Arrays of dtype object that hold `fractions.Fraction`."""


def rational(array: Any) -> Rationals:
    """Return the exact rational values of an array of numbers.

    Examples
    --------
    >>> rational([0.5, 2])
    array([Fraction(1, 2), Fraction(2, 1)], dtype=object)
    """
    source = np.asarray(array, dtype=object)
    exact = np.empty(source.shape, dtype=object)
    for place in np.ndindex(source.shape):
        exact[place] = Fraction(source[place])  # type: ignore[call-overload]
    return exact


def rational_inverse(matrix: Rationals) -> Rationals | None:
    """Return the exact inverse by Gauss-Jordan elimination, or None where there is none.

    Parameters
    ----------
    matrix : ndarray of Fraction, shape (n, n)
        Not modified.
    """
    n = len(matrix)
    work = np.concatenate([matrix, rational(np.eye(n, dtype=int).tolist())], axis=1)
    for column in range(n):
        pivots = [row for row in range(column, n) if work[row, column] != 0]
        if not pivots:
            return None
        work[[column, pivots[0]]] = work[[pivots[0], column]]
        work[column] = work[column] / work[column, column]
        for row in range(n):
            if row != column and work[row, column] != 0:
                work[row] = work[row] - work[row, column] * work[column]
    return work[:, n:]
