"""Discrete units: exchanges against brute force, ties, and what is too much."""

from itertools import product

import numpy as np
import pytest
from helpers.direct_markets import GENERAL
from helpers.samples import normal_types

from deviator.economies import linear_quadratic, private_values
from deviator.errors import RefusedError
from deviator.mechanisms import DiscreteVCG, Reports


def brute_force_units(rule, types, most=7):
    """Counts of the largest taxed utility, one market of three traders."""
    unit, value, slope = rule.unit_size, rule.economy.value(types[None])[0], rule.economy.slope
    best = (-np.inf, None)
    for first, second in product(range(-most, most + 1), repeat=2):
        q = unit * np.array([first, second, -first - second])
        tax = rule.sigma * abs(q) * (abs(q) + unit) / 2 + rule.half_spread * abs(q)
        total = (value * q - slope * q**2 / 2 - tax).sum()
        best = max(best, (total, tuple(q)), key=lambda pair: pair[0])
    return np.array(best[1])


@pytest.mark.parametrize(("unit", "sigma", "spread"), [(1.0, 0, 0), (0.5, 0.3, 0), (0.7, 0.1, 0.4)])
def test_exchange_of_units_equals_brute_force(unit, sigma, spread):
    economy = linear_quadratic([[1.1, 0.2, 0.1], [0.1, 0.9, 0.1], [0, 0.1, 1]], [1, 1.3, 0.8])
    rule = DiscreteVCG(economy, unit, sigma, spread)
    types = normal_types(40, 3, seed=6)
    brute = [brute_force_units(rule, profile) for profile in types]
    np.testing.assert_allclose(rule.allocate(types).quantity, brute, atol=1e-12)


def test_ties_go_to_who_comes_first_and_leave_transfers_as_they_are():
    rule = DiscreteVCG(private_values(4), 1.0)
    outcome = rule.clear(Reports([[1.0, 1.0, -1.0, 3.0], [1.0, 1.0, -3.0, 1.0]]))
    np.testing.assert_array_equal(outcome.quantity, [[0, 0, -2, 2], [1, 1, -3, 1]])
    tied = rule.clear(Reports([[0.6, 0.6, -0.7, -0.3]]))
    np.testing.assert_array_equal(tied.quantity, [[1, 0, -1, 0]])


def test_too_many_units_are_refused_before_anything_is_allocated():
    rule = DiscreteVCG(private_values(4), 1 / 300_000)
    words = r"at most 10000 units.*, got 675000 with unit_size = 3.33333e-06.* in market 1 at s"
    with pytest.raises(RefusedError, match=words):
        rule.clear(Reports([[0.0, 0, 0, 0], [3.0, 0, 0, 0]]))


def test_units_are_priced_in_pieces_that_fit_the_memory(monkeypatch):
    rule, types = DiscreteVCG(GENERAL, 0.05, sigma=0.1), normal_types(6, 4, seed=8)
    whole = rule.clear(Reports(types))
    monkeypatch.setattr("deviator.mechanisms.direct.discrete_vcg.UNITS_TOGETHER", 64)
    assert rule.markets_together(whole.quantity) == 1
    np.testing.assert_allclose(rule.clear(Reports(types)).transfer, whole.transfer, atol=1e-14)
