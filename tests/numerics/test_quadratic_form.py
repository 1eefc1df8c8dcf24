"""Quadratic forms: signs are those of eigenvalues, to the last digit."""

from fractions import Fraction

import numpy as np
import pytest
from flint import fmpq, fmpq_mat
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from deviator.numerics.quadratic_form import QuadraticForm, is_never_negative, is_semidefinite
from deviator.numerics.rational import as_float, exact_number, exactly, rounded_up

WHOLE = st.integers(-3, 3)


def form_of(matrix):
    places = np.ndindex(matrix.shape)
    return QuadraticForm.of((i, j, int(matrix[i, j])) for i, j in places)


def flint(matrix):
    return fmpq_mat(*matrix.shape, [fmpq(int(entry)) for entry in matrix.ravel()])


@st.composite
def symmetric(draw):
    """Draw a symmetric matrix: any, a positive semidefinite one of low rank, or one with zeros."""
    n = draw(st.integers(1, 5))
    square = draw(arrays(int, (n, n), elements=WHOLE))
    rank = draw(st.integers(0, n))
    mixed = square[:, :rank] @ square[:, :rank].T
    hollow = (square + square.T) * (1 - np.eye(n, dtype=int))
    return draw(st.sampled_from([square + square.T, mixed, hollow]))


@given(symmetric())
def test_signs_are_those_of_eigenvalues(matrix):
    lowest = np.linalg.eigvalsh(matrix)[0]
    if -1e-9 < lowest < 0:
        lowest = 0.0  # rounding: entries are small whole numbers
    assert is_never_negative(form_of(matrix)) == (lowest >= 0)
    assert is_semidefinite(flint(matrix)) == (lowest >= 0)


@given(symmetric(), st.data())
def test_signs_on_a_subspace_are_those_of_the_restricted_form(matrix, data):
    n = len(matrix)
    count = data.draw(st.integers(0, n))
    table = data.draw(arrays(int, (count, n), elements=WHOLE))
    if count and np.linalg.matrix_rank(table) < count:
        table = np.eye(n, dtype=int)[:count]
    relations = [{i: fmpq(int(value)) for i, value in enumerate(row)} for row in table]
    basis = np.linalg.svd(table)[2][count:].T if count else np.eye(n)
    restricted = basis.T @ matrix @ basis
    lowest = np.linalg.eigvalsh(restricted)[0] if restricted.size else 0.0
    assert is_never_negative(form_of(matrix), relations) == (lowest > -1e-9)


@given(symmetric(), st.data())
def test_values_and_new_variables(matrix, data):
    n, form = len(matrix), form_of(matrix)
    rows = data.draw(arrays(int, (n, 3), elements=WHOLE))
    point = data.draw(arrays(int, 3, elements=WHOLE))
    old = rows @ point
    expected = int(old @ matrix @ old)
    assert form.value(exactly(old)) == expected
    assert (form.matrix(n) == matrix).all()
    changed = form.of_functions(exactly(rows))
    entries = np.array(changed.entries(), dtype=object).reshape(3, 3)
    assert point @ entries @ point == expected
    assert (form + form - form.times(Fraction(1, 3))).value(exactly(old)) == exact_number(
        Fraction(5, 3) * expected
    )


@pytest.mark.parametrize("shift", [-1, 0, 1])
def test_the_last_digit_decides(shift):
    """A singular form, moved by 10^-40: floating point sees no difference."""
    ones = form_of(np.ones((3, 3), dtype=int))
    moved = ones + QuadraticForm.of([(0, 0, Fraction(shift, 10**40))])
    assert is_never_negative(moved) == (shift >= 0)
    assert is_semidefinite(moved.of_functions(exactly(np.eye(3)))) == (shift >= 0)


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**30))
def test_rounding_up(numerator, denominator):
    exact = Fraction(numerator, denominator)
    number = rounded_up(exact)
    assert np.nextafter(number, -np.inf) < exact <= number
    assert as_float(exact_number(exact)) == float(exact)
