"""Quadratic forms in exact numbers: what they are worth, and whether they are ever negative.

Whether a form is negative somewhere is decided by elimination: its matrix is L D L' with as many
negative pivots as the form has negative squares. On a subspace the same is read off the matrix
bordered by the subspace's equations. Elimination starts with what few others depend on, so that
forms of many variables that meet in a few take time in proportion to their number.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from flint import fmpq, fmpq_mat
from numpy.typing import NDArray

from .rational import as_float, exact_number

Linear = Mapping[int, fmpq]
"""Coefficients of a linear function, by the place of the variable."""

Terms = Mapping[tuple[int, int], fmpq]

Rows = dict[int, dict[int, fmpq]]


@final
@dataclass(frozen=True, eq=False)
class QuadraticForm:
    """A form sum of c_ij x_i x_j in variables that are called by their places.

    Parameters
    ----------
    terms : mapping of pair of int to fmpq
        c_ij by (i, j), i <= j; products that do not appear have none.

    Examples
    --------
    >>> square = QuadraticForm.of([(0, 0, 1), (1, 0, -2), (1, 1, 1)])
    >>> square.value({0: exact_number(5), 1: exact_number(2)})
    9
    """

    terms: Terms

    @classmethod
    def of(cls, products: Iterable[tuple[int, int, Any]]) -> "QuadraticForm":
        """Return the sum of coefficient * x_i x_j, from triples (i, j, coefficient)."""
        terms: dict[tuple[int, int], fmpq] = {}
        for i, j, coefficient in products:
            place = (i, j) if i <= j else (j, i)
            terms[place] = terms.get(place, fmpq(0)) + exact_number(coefficient)
        return cls({place: value for place, value in terms.items() if value != 0})

    @classmethod
    def square(cls, linear: Linear, factor: Any = 1) -> "QuadraticForm":
        """Return factor times the square of a linear function."""
        times = exact_number(factor)
        return cls.of((i, j, times * a * b) for i, a in linear.items() for j, b in linear.items())

    def __add__(self, other: "QuadraticForm") -> "QuadraticForm":
        both = (*self.terms.items(), *other.terms.items())
        return QuadraticForm.of((i, j, value) for (i, j), value in both)

    def __neg__(self) -> "QuadraticForm":
        return QuadraticForm({place: -value for place, value in self.terms.items()})

    def __sub__(self, other: "QuadraticForm") -> "QuadraticForm":
        return self + -other

    def times(self, factor: Any) -> "QuadraticForm":
        """Return the form times a number."""
        exact = exact_number(factor)
        return QuadraticForm.of((i, j, exact * value) for (i, j), value in self.terms.items())

    def value(self, point: Any) -> fmpq:
        """Return the value at a point, which is asked for the places that appear."""
        total = fmpq(0)
        for (i, j), coefficient in self.terms.items():
            total += coefficient * point[i] * point[j]
        return total

    def matrix(self, size: int) -> NDArray[np.float64]:
        """Return the symmetric matrix in floating point, shape (size, size)."""
        matrix = np.zeros((size, size))
        for (i, j), coefficient in self.terms.items():
            number = as_float(coefficient)
            matrix[i, j] += number / 2
            matrix[j, i] += number / 2
        return matrix

    def of_functions(self, rows: NDArray[Any]) -> fmpq_mat:
        """Return the matrix of the form in new variables, of which row i makes old variable i.

        Parameters
        ----------
        rows : ndarray of fmpq, shape (variables, new variables)
        """
        tilted = np.full(rows.shape, fmpq(0), dtype=object)
        for (i, j), coefficient in self.terms.items():
            tilted[i] += coefficient * rows[j] / 2
            tilted[j] += coefficient * rows[i] / 2
        count, size = rows.shape
        left, right = rows.T.ravel().tolist(), tilted.ravel().tolist()
        return fmpq_mat(size, count, left) * fmpq_mat(count, size, right)


def is_semidefinite(matrix: fmpq_mat) -> bool:
    """Return whether a symmetric matrix has no negative eigenvalue.

    All roots of its characteristic polynomial are real, so none is negative iff the signs of the
    coefficients alternate, as far as these are not 0.

    Examples
    --------
    >>> is_semidefinite(fmpq_mat(2, 2, [1, 1, 1, 1])), is_semidefinite(fmpq_mat(2, 2, [1, 2, 2, 1]))
    (True, False)
    """
    whole, _ = matrix.numer_denom()
    coefficients = whole.charpoly().coeffs()
    size = len(coefficients) - 1
    return all(
        value >= 0 if (size - power) % 2 == 0 else value <= 0
        for power, value in enumerate(coefficients)
    )


def is_never_negative(form: QuadraticForm, relations: Sequence[Linear] = ()) -> bool:
    """Return whether a form is at least 0 wherever all relations are 0.

    Parameters
    ----------
    form : QuadraticForm
    relations : sequence of mapping of int to fmpq
        Linear functions, independent of each other.

    Examples
    --------
    x y is negative somewhere, and not where x = y:

    >>> product = QuadraticForm.of([(0, 1, 1)])
    >>> is_never_negative(product)
    False
    >>> is_never_negative(product, [{0: exact_number(1), 1: exact_number(-1)}])
    True
    """
    rows = _bordered(form, relations)
    # Each relation contributes one positive and one negative square to the bordered matrix.
    allowed = len(relations)
    while rows:
        single = _simplest_square(rows)
        if single is not None:
            allowed -= int(rows[single][single] < 0)
            _eliminate(rows, single)
        else:
            pair = _simplest_product(rows)
            if pair is None:
                break
            allowed -= 1
            _eliminate_pair(rows, *pair)
        if allowed < 0:
            return False
    return True


def _bordered(form: QuadraticForm, relations: Sequence[Linear]) -> Rows:
    """Return the matrix [[F, A'], [A, 0]] by rows, without its zeros."""
    rows: Rows = {}
    for (i, j), coefficient in form.terms.items():
        entry = coefficient if i == j else coefficient / 2
        rows.setdefault(i, {})[j] = entry
        rows.setdefault(j, {})[i] = entry
    for place, relation in enumerate(relations, 1):
        for i, coefficient in relation.items():
            if coefficient != 0:
                rows.setdefault(i, {})[-place] = coefficient
                rows.setdefault(-place, {})[i] = coefficient
    return rows


def _simplest_square(rows: Rows) -> int | None:
    """Return the place of a diagonal entry whose row is the shortest."""
    places = [i for i, row in rows.items() if i in row]
    return min(places, key=lambda i: len(rows[i]), default=None)


def _simplest_product(rows: Rows) -> tuple[int, int] | None:
    """Return the places of an entry off the diagonal, where all of the diagonal is 0."""
    places = [i for i, row in rows.items() if row]
    if not places:
        return None
    i = min(places, key=lambda i: len(rows[i]))
    return i, min(rows[i], key=lambda j: len(rows[j]))


def _eliminate(rows: Rows, pivot: int) -> None:
    column = _without(rows, pivot)
    square = column.pop(pivot)
    for i, left in column.items():
        share = left / square
        for j, right in column.items():
            _add(rows, i, j, -share * right)


def _eliminate_pair(rows: Rows, first: int, second: int) -> None:
    """Eliminate 2 b x y, which is one positive and one negative square."""
    left = _without(rows, first)
    between = left.pop(second)
    right = _without(rows, second)
    for i, one in left.items():
        for j, other in right.items():
            change = -one * other / between
            _add(rows, i, j, change)
            _add(rows, j, i, change)


def _without(rows: Rows, place: int) -> dict[int, fmpq]:
    """Take a row and its column out, and return them."""
    column = rows.pop(place)
    for i in column:
        if i != place:
            del rows[i][place]
    return column


def _add(rows: Rows, i: int, j: int, change: fmpq) -> None:
    value = rows[i].get(j, 0) + change
    if value == 0:
        rows[i].pop(j, None)
    else:
        rows[i][j] = value
