"""The kernels of dense and uniform-price clearing as compiled loops over markets; needs numba.

They do what our NumPy kernels do, autarky test and transfers included, one market at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba
import numpy as np

from deviator.validation import Floats

Loop = TypeVar("Loop", bound=Callable[..., Any])


def compiled(loop: Loop) -> Loop:
    """Return a loop compiled at its first call, with NumPy's rules for division by zero."""
    fast: Loop = numba.njit(error_model="numpy")(loop)
    return fast


@compiled
def scaled_matrix(weights: Floats, price_weights: Floats) -> tuple[Floats, Floats, float]:
    """Return the scaled market matrix, the lengths of its rows and the price scale."""
    n = len(price_weights)
    matrix, length, share = np.empty((n + 1, n + 1)), np.empty(n), 0.0
    for i in range(n):
        mean, largest, square = 0.0, 0.0, 0.0
        for j in range(n):
            mean += weights[i, j] / n
            largest = max(largest, abs(weights[i, j]))
        for j in range(n):
            matrix[i, j] = weights[i, j] - mean
            square += matrix[i, j] ** 2
        if square <= (8 * 2.0**-52 * largest) ** 2:
            matrix[i, :n] = 0.0
            square = 0.0
        length[i] = square
        share += price_weights[i] ** 2 / square if square > 0 else 0.0
    scale = np.sqrt(n / share) if share > 0 else 1.0
    for i in range(n):
        length[i] = np.sqrt(length[i] + (scale * price_weights[i]) ** 2)
        length[i] = length[i] if length[i] > 0 else 1.0
        for j in range(n):
            matrix[i, j] /= length[i]
        matrix[i, n] = scale * price_weights[i] / length[i]
        matrix[n, i] = 1 / np.sqrt(n)
    matrix[n, n] = 0.0
    return matrix, length, scale


@compiled
def swap_rows(matrix: Floats, first: int, second: int) -> None:
    """Swap two rows of a matrix in place."""
    if first != second:
        for j in range(matrix.shape[1]):
            matrix[first, j], matrix[second, j] = matrix[second, j], matrix[first, j]


@compiled
def gauss_jordan(matrix: Floats) -> bool:
    """Invert a matrix in place with partial pivoting; return whether the inverse exists."""
    n = len(matrix)
    pivots = np.empty(n, dtype=np.int64)
    for k in range(n):
        pivot = k
        for i in range(k + 1, n):
            if abs(matrix[i, k]) > abs(matrix[pivot, k]):
                pivot = i
        if matrix[pivot, k] == 0:
            return False
        pivots[k] = pivot
        swap_rows(matrix, k, pivot)
        head = 1 / matrix[k, k]
        matrix[k, k] = 1.0
        for j in range(n):
            matrix[k, j] *= head
        for i in range(n):
            factor = matrix[i, k]
            if i != k:
                matrix[i, k] = 0.0
                for j in range(n):
                    matrix[i, j] -= factor * matrix[k, j]
    for k in range(n - 1, -1, -1):
        swap_rows(matrix.T, k, pivots[k])
    return True


@compiled
def regular_market(matrix: Floats, inverse: Floats, bound: float) -> bool:
    """Return whether a scaled market is well conditioned and every trader faces a curve."""
    n = len(matrix) - 1
    condition = 0.0
    for j in range(n + 1):
        row, column = 0.0, 0.0
        for k in range(n + 1):
            row += matrix[j, k] ** 2
            column += inverse[k, j] ** 2
        condition += row * column
        if j < n and not inverse[j, j] ** 2 > bound**2 * column:
            return False
    return condition < 1 / bound**2


@compiled
def clear_dense(
    weights: Floats, price_weights: Floats, level: Floats, bound: float, sigma: float
) -> tuple[Floats, Floats, Floats, Floats]:
    """Clear linear conditional bids market by market; price is NaN in autarky."""
    batch, n = level.shape
    price, quantity = np.empty(batch), np.empty((batch, n))
    transfer, slope = np.empty((batch, n)), np.empty((batch, n))
    for m in range(batch):
        matrix, length, scale = scaled_matrix(weights[m], price_weights[m])
        inverse = matrix.copy()
        if not (gauss_jordan(inverse) and regular_market(matrix, inverse, bound)):
            price[m] = np.nan
            quantity[m], transfer[m], slope[m] = 0.0, 0.0, np.nan
            continue
        total = 0.0
        for j in range(n):
            total += inverse[n, j] * level[m, j] / length[j]
        price[m] = scale * total
        for i in range(n):
            traded = 0.0
            for j in range(n):
                traded += inverse[i, j] * level[m, j] / length[j]
            quantity[m, i] = traded
            slope[m, i] = scale * inverse[n, i] / inverse[i, i]
            transfer[m, i] = price[m] * traded + (sigma - slope[m, i]) * traded * traded / 2
    return price, quantity, transfer, slope


@compiled
def clear_schedules(level: Floats, steepness: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Clear decreasing schedules market by market in one pass."""
    batch, n = level.shape
    price, quantity = np.empty(batch), np.empty((batch, n))
    transfer, slope = np.empty((batch, n)), np.empty((batch, n))
    for m in range(batch):
        intercept, total = 0.0, 0.0
        for i in range(n):
            intercept += level[m, i]
            total += steepness[m, i]
        price[m] = intercept / total
        for i in range(n):
            quantity[m, i] = level[m, i] - steepness[m, i] * price[m]
            transfer[m, i] = price[m] * quantity[m, i]
            slope[m, i] = 1 / (total - steepness[m, i])
    return price, quantity, transfer, slope
