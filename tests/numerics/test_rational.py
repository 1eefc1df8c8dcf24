"""Exact linear algebra: its answers are those of fractions, digit for digit."""

from fractions import Fraction

import numpy as np
import pytest

from deviator.numerics.rational import rational, rational_inverse, rational_product


@pytest.mark.parametrize("n", [1, 2, 7])
def test_rational_inverse_is_exact(n):
    rng = np.random.default_rng(n)
    floats = rational(rng.normal(size=(n, n)) * 10.0 ** rng.integers(-9, 9, (n, n)))
    fractions = rational(rng.integers(-9, 10, (n, n)).tolist()) / 7 + 2 * np.eye(n, dtype=int)
    for matrix in (floats, fractions):
        before = matrix.copy()
        inverse = rational_inverse(matrix)
        assert (matrix @ inverse == np.eye(n, dtype=int)).all()
        assert (inverse @ matrix == np.eye(n, dtype=int)).all()
        assert {type(entry) for entry in inverse.flat} == {Fraction}
        assert (matrix == before).all()


def test_a_matrix_that_is_singular_to_the_last_digit_has_no_inverse():
    matrix = rational(np.random.default_rng(0).normal(size=(6, 6)))
    matrix[3] = matrix[1] + matrix[2]
    assert rational_inverse(matrix) is None
    matrix[3, 0] += Fraction(1, 10**40)
    assert rational_inverse(matrix) is not None
    assert rational_inverse(rational([[0]])) is None


def test_rational_product_is_that_of_fractions():
    rng = np.random.default_rng(0)
    left, right = rational(rng.normal(size=(4, 3))), rational(rng.normal(size=(3, 5)))
    assert (rational_product(left, right) == left @ right).all()
    assert (rational_product(left, right[:, ::2]) == left @ right[:, ::2]).all()
    assert (rational_product(left[:1, :1], right[:1, :1]) == left[0, 0] * right[0, 0]).all()
