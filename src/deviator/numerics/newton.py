"""Newton's method for many problems at once: with halved steps, or kept inside brackets.

Every row of a batch goes its own way and stops by itself, so a batch gives what its rows give
alone.
"""

from collections.abc import Callable

import numpy as np

from deviator.errors import NotConvergedError
from deviator.validation import Bools, Floats

STEPS, HALVINGS = 200, 40

SPREAD_ROUNDING = 4 * np.finfo(float).eps
"""Spreads below this share of the numbers that they are of are rounding."""

AGREEMENT = 1e-10
"""Largest spread, of the numbers' size, that counts as agreement."""

SMALLEST_STEP = 64 * np.finfo(float).eps
"""Steps this small, of the given size, end a search: rounding makes the next ones as large."""

Point = tuple[Floats, ...]
"""What is moved: arrays with one row per problem."""

Equation = Callable[[Floats], tuple[Floats, Floats]]
"""Where an increasing function is evaluated, to its values and derivatives."""


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
    moving = spread > SPREAD_ROUNDING * size
    for _ in range(STEPS):
        if not moving.any():
            break
        far = spread > AGREEMENT * size
        moved, reached = _longest_descent(values, point, spread, step(*point), (moving, far))
        # Close to the solution a Newton step that does not even halve the spread meets rounding.
        moving &= (reached < spread) & (far | (reached < spread / 2))
        moving &= reached > SPREAD_ROUNDING * size
        point, spread = moved, reached
    return point, spread <= AGREEMENT * size


def increasing_root(
    equation: Equation, low: Floats, high: Floats, size: Floats, name_of: Callable[[int], str]
) -> Floats:
    """Return where increasing functions are 0, of the shape of the brackets.

    A Newton step that would leave the bracket halves it instead.

    Parameters
    ----------
    equation : callable
    low, high : ndarray of float
        Ends of the brackets: the function is not positive at one, not negative at the other.
    size : ndarray of float
        How large the numbers are from which the root is computed, in units of the root.
    name_of : callable
        What is solved for in a row of the brackets, with its market and its parameters, for the
        error.

    Raises
    ------
    NotConvergedError
        If an equation is not solved; the error says which, by `name_of`.
    """
    smallest = SMALLEST_STEP * size
    root = 0.5 * (low + high)
    open_equations = np.ones(root.shape, dtype=bool)
    for _ in range(STEPS):
        value, slope = equation(root)
        low, high = np.where(value <= 0, root, low), np.where(value >= 0, root, high)
        step = -value / np.where(slope > 0, slope, np.inf)
        inside = (root + step >= low) & (root + step <= high) & (slope > 0)
        small = (np.abs(step) <= smallest) & (slope > 0)
        following = np.where(inside | small, root + step, 0.5 * (low + high))
        moved = np.abs(following - root)
        # What is solved stays: an answer must not depend on the rest of the batch.
        root = np.where(open_equations, following, root)
        open_equations &= (moved > smallest) | np.isnan(value)
        if not open_equations.any():
            return root
    row = int(np.argwhere(open_equations)[0][0])
    raise NotConvergedError(
        f"{name_of(row)} must be found to precision in {STEPS} steps, and was not"
    )


def _spread(values: Floats) -> Floats:
    return np.asarray(np.ptp(values, axis=1), dtype=np.float64)


def _longest_descent(
    values: Callable[..., Floats],
    point: Point,
    spread: Floats,
    change: Point,
    rows: tuple[Bools, Bools],
) -> tuple[Point, Floats]:
    """Take the longest of the halved steps that lowers the spread, or stay where none does.

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
