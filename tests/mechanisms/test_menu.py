"""Menus answer for themselves: what quantities cost, and which point is best."""

import numpy as np
import pytest

from deviator.economies import private_values, saturating
from deviator.errors import RefusedError
from deviator.mechanisms import FiniteMenu, LineMenu, TraderOutcome

LINE = LineMenu(*np.ones((4, 1)), np.array([True]), low=-1.0, high=2.0)
POINTS = FiniteMenu(np.array([[0.0, 1.0]]), np.array([[0.0, 0.4]]))
NOTHING = TraderOutcome(*np.zeros((3, 1, 1)), np.array([[True]]))
TYPES = np.array([[1.5, 0.0, 0.0]])


@pytest.mark.parametrize(
    ("menu", "quantity", "payment"),
    [(LINE, 2.0, 4.0), (LINE, 2.1, np.inf), (POINTS, 1.0, 0.4), (POINTS, 0.5, np.inf)],
)
def test_what_no_bid_leads_to_costs_any_amount(menu, quantity, payment):
    assert menu.payment(np.array([quantity])) == [payment]


@pytest.mark.parametrize(
    ("menu", "quantity", "gain"),
    # (1.5 - 1) x - (1 + 1) x^2 / 2 at x = 1/4; 1.5 - 1/2 - 0.4 at one unit.
    [(LINE, 0.25, 0.0625), (POINTS, 1.0, 0.6)],
)
def test_the_best_point_is_that_of_the_largest_utility_less_payment(menu, quantity, gain):
    best = menu.best(private_values(3), TYPES, 0, NOTHING)
    np.testing.assert_allclose([*best.quantity, *best.gain], [quantity, gain])


def test_a_straight_menu_needs_linear_marginal_utilities():
    with pytest.raises(RefusedError, match="need a linear-quadratic economy, got Saturating"):
        LINE.best(saturating(3), TYPES, 0, NOTHING)
    assert POINTS.best(saturating(3), TYPES, 0, NOTHING).gain >= 0


@pytest.mark.parametrize("menu", [LINE, POINTS])
def test_samples_are_on_the_menu(menu):
    assert all(np.isfinite(menu.payment(point)).all() for point in menu.samples(np.array([3.0])))
