"""Taxes that users write: they are checked as far as somebody might trade."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest

from deviator.economies import linear_quadratic, private_values
from deviator.errors import InvalidInputError
from deviator.mechanisms import CallableTax, PowerTax, Reports, SumTax, TaxVCG
from deviator.mechanisms.direct.taxes import Tax


@dataclass(frozen=True)
class CustomTax(Tax):
    tau: Callable
    slope: Callable
    curvature: Callable
    money: float = 1.0
    units: float = 1.0

    def amount(self, quantity):
        return self.money * self.tau(quantity / self.units)

    def marginal(self, quantity):
        return self.money / self.units * self.slope(quantity / self.units)

    def bend(self, quantity):
        return self.money / self.units**2 * self.curvature(quantity / self.units)

    def rescaled(self, price, quantity):
        return replace(self, money=self.money * price * quantity, units=self.units * quantity)


def ones(x):
    return np.ones_like(x)


def late(x):
    """Convex up to 50 units, concave beyond."""
    return np.where(x < 50, x**2 / 2, 1250 + 50 * (x - 50) - (x - 50) ** 2 / 200)


STEEP = CustomTax(
    lambda x: np.cosh(30 * x) - 1, lambda x: 30 * np.sinh(30 * x), lambda x: 900 * np.cosh(30 * x)
)
LATE = CustomTax(
    late,
    lambda x: np.where(x < 50, x, 50 - (x - 50) / 100),
    lambda x: np.where(x < 50, 1.0, -0.01),
)


@pytest.mark.parametrize(
    ("tax", "rule"),
    [
        (CustomTax(lambda x: 1 - np.exp(-x), lambda x: np.exp(-x), lambda x: -np.exp(-x)), "convex"),
        (CustomTax(lambda x: -(x**2) / 2, lambda x: -x, lambda x: -ones(x)), "increasing"),
        (CustomTax(lambda x: x**2, lambda x: x, ones), "the integral of its derivative"),
        (CustomTax(lambda x: x**2 / 2, lambda x: x, lambda x: 2 * ones(x)), "its second derivative"),
        (CustomTax(lambda x: 1 + x, ones, np.zeros_like), "0 where nothing is traded"),
        (CustomTax(lambda x: np.nan * x, lambda x: x, ones), "finite, got nan at quantity 0"),
        (CustomTax(lambda x: x**2 / 2, lambda x: np.where(x > 1, np.nan, x), ones), "finite, got nan"),
        (CustomTax(np.sqrt, lambda x: 0.5 * x**-0.5, lambda x: -0.25 * x**-1.5), "finite, got inf"),
    ],
)  # fmt: skip
def test_a_custom_tax_is_checked(tax, rule):
    scalar = replace(tax, curvature=lambda x: 1.0)
    with pytest.raises(InvalidInputError, match=r"CustomTax.bend gives float64 of shape \(\)"):
        TaxVCG(private_values(4), scalar)
    for held in (tax, SumTax((PowerTax(0.1, 2.0), tax))):
        with pytest.raises(InvalidInputError, match=rule) as caught:
            TaxVCG(private_values(4), held)
        assert "\n" not in str(caught.value)


def test_a_custom_tax_is_checked_up_to_the_largest_trade():
    rule = TaxVCG(private_values(4), LATE)
    near, far = [1.0, 0, 0, -1], [90.0, 0, 0, -90]
    assert rule.clear(Reports([near])).quantity[0, 0] == pytest.approx(0.5)
    with pytest.raises(InvalidInputError, match="convex"):
        rule.clear(Reports([near, far]))
    bounded = linear_quadratic(np.eye(4), 1.0, type_low=[-90.0] * 4, type_high=[90.0] * 4)
    with pytest.raises(InvalidInputError, match="convex"):
        TaxVCG(bounded, LATE)
    stated = CallableTax(LATE.tau, LATE.slope, LATE.curvature, largest=40.0)
    with pytest.raises(InvalidInputError, match="convex"):
        TaxVCG(private_values(4), stated).clear(Reports([far]))
    with pytest.raises(InvalidInputError, match="sum of taxes must be of Tax objects, got 1"):
        SumTax((1, 2))


def test_a_sound_custom_tax_clears_in_all_units_and_may_overflow_far_away():
    rule, types = TaxVCG(private_values(4), STEEP), np.array([[1.0, 0.2, 0, -1]])
    outcome = rule.clear(Reports(types))
    callable_tax = CallableTax(STEEP.tau, STEEP.slope, STEEP.curvature, largest=5.0)
    same = TaxVCG(private_values(4), callable_tax).clear(Reports(types))
    np.testing.assert_allclose(outcome.transfer, same.transfer, atol=1e-13)
    restated = rule.rescaled(1e-6, 1e5).clear(Reports(types * 1e-6))
    np.testing.assert_allclose(restated.quantity, outcome.quantity * 1e5, rtol=1e-9, atol=1e-9)
