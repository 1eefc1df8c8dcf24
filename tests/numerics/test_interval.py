"""Intervals hold every exact result; jets hold the derivatives that polynomials have."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from deviator.numerics.interval import Interval
from deviator.numerics.jet import Jet

NUMBERS = st.floats(-1e6, 1e6, allow_subnormal=False)
SHARES = st.floats(0.0, 1.0)


@st.composite
def intervals(draw):
    """An interval and a number in it."""
    low, high = sorted((draw(NUMBERS), draw(NUMBERS)))
    point = min(max(low + draw(SHARES) * (high - low), low), high)
    return Interval(np.array(low), np.array(high)), Fraction(point)


def holds(interval, value):
    low, high = float(interval.low), float(interval.high)
    return (np.isinf(low) or Fraction(low) <= value) and (np.isinf(high) or value <= Fraction(high))


@given(intervals(), intervals())
def test_sums_differences_and_products_hold_the_exact_ones(left, right):
    (x, a), (y, b) = left, right
    for interval, value in ((x + y, a + b), (x - y, a - b), (x * y, a * b), (-x, -a)):
        assert holds(interval, value)


@given(intervals(), intervals())
def test_quotients_hold_the_exact_ones(left, right):
    (x, a), (y, b) = left, right
    assume(b != 0)
    assert holds(x / y, a / b)
    assert holds(1 / y, 1 / b)


@given(intervals(), st.integers(0, 5))
def test_powers_hold_the_exact_ones(base, exponent):
    x, a = base
    assert holds(x**exponent, a**exponent)
    assert holds(x**2 - 2 * x + 0.5, a**2 - 2 * a + Fraction(1, 2))


@given(intervals(), intervals())
def test_hulls_magnitudes_and_middles(left, right):
    (x, a), (y, b) = left, right
    assert holds(x.hull(y), a)
    assert holds(x.hull(y), b)
    assert holds(x.magnitude, abs(a))
    assert holds(x, Fraction(float(x.middle.low)))


def test_fractions_are_held_and_squares_are_not_negative():
    third = Interval.of(Fraction(1, 3))
    assert Fraction(float(third.low)) < Fraction(1, 3) < Fraction(float(third.high))
    assert float((Interval(np.array(-1.0), np.array(2.0)) ** 2).low) == 0


def test_what_is_divided_by_0_has_no_limit():
    across = 1 / Interval(np.array(-1.0), np.array(2.0))
    assert (float(across.low), float(across.high)) == (-np.inf, np.inf)


def test_ends_without_limit():
    far = Interval(np.array(2.0), np.array(np.inf))
    assert float((far - far).low) == -np.inf
    assert float((0 * far).high) == 0
    assert float((1 / far).high) < 0.5 + 1e-15
    assert float(far.middle.low) == 4


@pytest.mark.parametrize("kind", [Interval, Jet])
def test_questions_have_no_answer(kind):
    """A rule that branches must fail, and not be read off on one side."""
    value = kind.of(1.0)
    for ask in (bool, lambda x: x == 1, lambda x: x < 1, lambda x: x**0.5, hash, abs):
        with pytest.raises(TypeError):
            ask(value)
    with pytest.raises(TypeError):
        kind.of("1")
    with pytest.raises(TypeError):
        np.maximum(value, 0.0)


@given(intervals(), intervals())
def test_jets_hold_the_derivatives_of_a_polynomial(left, right):
    (x, s), (a, t) = left, right
    u, v = Jet.variable(x, "x"), Jet.variable(a, "a")
    jet = 2 * u**3 - v * u * u + np.float64(3) * v - u / 4 + 1
    assert holds(jet.value, 2 * s**3 - t * s**2 + 3 * t - s / 4 + 1)
    assert holds(jet.x, 6 * s**2 - 2 * t * s - Fraction(1, 4))
    assert holds(jet.a, 3 - s**2)
    assert holds(jet.xx, 12 * s - 2 * t)
    assert holds(jet.xa, -2 * s)


@given(intervals(), intervals())
def test_jets_hold_the_derivatives_of_a_quotient(left, right):
    """f = a x / (1 + x^2): f' = a (1 - x^2) / (1 + x^2)^2, f'' = 2 a x (x^2 - 3) / (1 + x^2)^3."""
    (x, s), (a, t) = left, right
    u, v = Jet.variable(x, "x"), Jet.variable(a, "a")
    jet, below = v * u * (1 + u**2) ** -1, 1 + s**2
    assert holds(jet.value, t * s / below)
    assert holds(jet.x, t * (1 - s**2) / below**2)
    assert holds(jet.xx, 2 * t * s * (s**2 - 3) / below**3)
    assert holds(jet.xa, (1 - s**2) / below**2)
    other = 1 / (1 / (v * u / (1 + u * u)))
    assume(s * t != 0)
    assert holds(other.x, t * (1 - s**2) / below**2)
