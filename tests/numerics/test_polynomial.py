"""Polynomials in symbols: what a payment rule may do with them, and what it may not."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deviator.numerics.polynomial import Polynomial

X, Y = Polynomial.variable("x"), Polynomial.variable("y")
NUMBERS = st.fractions(-5, 5, max_denominator=7)


@given(NUMBERS, NUMBERS)
def test_values_are_those_of_the_same_arithmetic_on_numbers(x, y):
    for formula in (
        lambda x, y: (x - 2 * y) ** 3 / 4 + y,
        lambda x, y: -x * y - (-(y**2)) / 3,
        lambda x, y: +x + (1 - y) ** 0 - x**1,
        lambda x, y: 5 - x**8 / 2 + (x * y) ** 2,
    ):
        assert formula(X, Y).exact().evaluate(x=x, y=y) == formula(x, y)


@pytest.mark.parametrize("exponent", [-1, 0.5, 9, X])
def test_powers_that_are_no_polynomials(exponent):
    with pytest.raises(TypeError):
        X**exponent


def test_whole_powers_may_be_written_as_floats():
    assert (X**2.0).terms == (X * X).terms
    assert (X ** np.int64(2)).coefficient("x", "x") == 1
    assert ((X / 2) ** 2).coefficient("x", "x") == Fraction(1, 4)


@pytest.mark.parametrize(
    "ask", [lambda: X == 1, lambda: bool(X), lambda: 1 / X, lambda: abs(X), lambda: X > 0]
)
def test_symbols_have_no_values(ask):
    with pytest.raises(TypeError):
        ask()
