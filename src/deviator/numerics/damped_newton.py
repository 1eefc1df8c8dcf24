"""Newton's method with halved steps, for markets in which numbers have to agree across traders.

An allocation is found where every trader's marginal utility, net of tax, is the same number: the
price. Every row of a batch goes its own way and stops by itself, so a batch gives what its rows
give alone.
"""

from collections.abc import Callable

import numpy as np

from deviator.validation import Bools, Floats

ROUNDING = 4 * np.finfo(float).eps
"""Spreads below this share of the numbers that they are of are rounding."""

PRECISION = 1e-10
"""Largest spread, of the numbers' size, that counts as agreement."""

STEPS = 200
HALVINGS = 40

Point = tuple[Floats, ...]
"""What is moved: arrays with one row per market."""


def damped_newton(
    values: Callable[..., Floats],
    step: Callable[..., Point],
    start: Point,
    size: Floats,
) -> tuple[Point, Bools]:
    """Bring the values in each row to agreement, as closely as rounding allows.

    A step is halved while the spread of the values, largest minus least, does not fall.

    Parameters
    ----------
    values : callable
        (*point) -> numbers that have to agree in each row, shape (M, N).
    step : callable
        (*point) -> Newton's step, one array per array of the point.
    start : tuple of ndarray
        Arrays of M rows.
    size : ndarray of float, shape (M,)
        How large the values usually are; spreads are judged by it.

    Returns
    -------
    point : tuple of ndarray
    converged : ndarray of bool, shape (M,)
        Whether the values of the row agree.
    """
    point, spread = start, _spread(values(*start))
    moving = spread > ROUNDING * size
    for _ in range(STEPS):
        if not moving.any():
            break
        far = spread > PRECISION * size
        moved, reached = _longest_descent(values, point, spread, step(*point), (moving, far))
        # Close to the solution a Newton step that does not even halve the spread meets rounding.
        moving &= (reached < spread) & (far | (reached < spread / 2))
        moving &= reached > ROUNDING * size
        point, spread = moved, reached
    return point, spread <= PRECISION * size


def _spread(values: Floats) -> Floats:
    return np.asarray(np.ptp(values, axis=1), dtype=np.float64)


def _longest_descent(
    values: Callable[..., Floats],
    point: Point,
    spread: Floats,
    change: Point,
    rows: tuple[Bools, Bools],
) -> tuple[Point, Floats]:
    """Take the longest of the halved steps that lowers the spread; none where there is none.

    `rows` are those that move at all, and those in which steps are halved.
    """
    moving, far = rows
    length = np.where(moving, 1.0, 0.0)
    for _ in range(HALVINGS):
        moved = tuple(_shifted(old, length, by) for old, by in zip(point, change, strict=True))
        reached = _spread(values(*moved))
        worse = moving & ~(reached < spread)
        halved = worse & far
        if not halved.any():
            break
        length = np.where(halved, length / 2, length)
    kept = tuple(
        np.where(_column(worse, new), old, new) for old, new in zip(point, moved, strict=True)
    )
    return kept, np.where(worse | ~moving, spread, reached)


def _shifted(old: Floats, length: Floats, by: Floats) -> Floats:
    # Rows at rest stay bit for bit; their steps need not be finite.
    by = np.where(_column(length > 0, by), by, 0.0)
    return np.asarray(old + _column(length, by) * by)


def _column(numbers: Floats | Bools, like: Floats) -> Floats | Bools:
    """Return one number per row, ready to multiply an array of rows."""
    return numbers.reshape(-1, *(1,) * (like.ndim - 1))
