"""Newton's method for increasing functions, kept inside brackets, many equations at once."""

from collections.abc import Callable

import numpy as np

from deviator.errors import NotConvergedError
from deviator.validation import Floats

STEPS = 200

PRECISION = 64 * np.finfo(float).eps
"""Steps this small, of the given size, end the search: rounding makes the next ones as large."""

Equation = Callable[[Floats], tuple[Floats, Floats]]
"""Where an increasing function is evaluated, to its values and derivatives."""


def increasing_root(
    equation: Equation, low: Floats, high: Floats, size: Floats, what: Callable[[int], str]
) -> Floats:
    """Return where increasing functions are 0, of the shape of the brackets.

    A Newton step that would leave the bracket halves it instead.

    Parameters
    ----------
    equation : callable
    low, high : ndarray of float
        Ends of the brackets: the function is not positive at one, not negative at the other.
    size : ndarray of float
        How large the numbers are from which the root is reckoned, in units of the root.
    what : callable
        What is solved for in a row of the brackets, with its market and its parameters, for the
        error.

    Raises
    ------
    NotConvergedError
        If an equation is not solved; the error says which, by `what`.
    """
    smallest = PRECISION * size
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
    place = int(np.argwhere(open_equations)[0][0])
    raise NotConvergedError(
        f"{what(place)} must be found to precision in {STEPS} steps, and was not"
    )
