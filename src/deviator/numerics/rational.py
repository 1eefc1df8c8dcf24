"""Exact rational numbers in arrays, and their linear algebra, which FLINT does."""

from fractions import Fraction
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat
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
    """Return the exact inverse, or None where the matrix is singular.

    Parameters
    ----------
    matrix : ndarray of Fraction, shape (n, n)
        Not modified.

    Examples
    --------
    >>> rational_inverse(rational([[2, 0], [0, 4]]))
    array([[Fraction(1, 2), Fraction(0, 1)],
           [Fraction(0, 1), Fraction(1, 4)]], dtype=object)
    """
    try:
        return _from_flint(_to_flint(matrix).inv())
    except ZeroDivisionError:
        return None


def rational_product(left: Rationals, right: Rationals) -> Rationals:
    """Return the exact product of two matrices, as ``left @ right`` does entry by entry.

    Parameters
    ----------
    left, right : ndarray of Fraction, shapes (n, k) and (k, m)
        Not modified.
    """
    return _from_flint(_to_flint(left) * _to_flint(right))


def _to_flint(matrix: Rationals) -> fmpq_mat:
    entries = [fmpq(value.numerator, value.denominator) for value in matrix.ravel()]
    rows, columns = matrix.shape
    return fmpq_mat(rows, columns, entries)


def _from_flint(matrix: fmpq_mat) -> Rationals:
    entries = [Fraction(int(value.p), int(value.q)) for value in matrix.entries()]
    return np.array(entries, dtype=object).reshape(matrix.nrows(), matrix.ncols())


def exact_number(value: Any) -> fmpq:
    """Return the exact value of a float, a Fraction, or a number that is exact already.

    Examples
    --------
    >>> exact_number(0.25)
    1/4
    """
    if isinstance(value, fmpq):
        return value
    fraction = Fraction(value)
    return fmpq(fraction.numerator, fraction.denominator)


def as_float(value: fmpq) -> float:
    """Return the nearest float.

    Examples
    --------
    >>> as_float(exact_number(0.5) / 3)
    0.16666666666666666
    """
    return int(value.p) / int(value.q)


def exactly(array: Any) -> NDArray[Any]:
    """Return an array of FLINT's exact numbers, which are fast where digits are many.

    Examples
    --------
    >>> exactly([0.5, 2])
    array([1/2, 2], dtype=object)
    """
    source = np.asarray(array, dtype=object)
    exact = np.empty(source.shape, dtype=object)
    for place in np.ndindex(source.shape):
        exact[place] = exact_number(source[place])
    return exact


def rounded_up(value: Any) -> float:
    """Return the least float that is not below an exact number.

    Examples
    --------
    >>> rounded_up(exact_number(1) / 10) == 0.1, rounded_up(exact_number(1) / 3) > 1 / 3
    (True, True)
    """
    exact = exact_number(value)
    number = as_float(exact)
    return number if exact_number(number) >= exact else float(np.nextafter(number, np.inf))
