"""The constants of Lemma 1 and Propositions 1, 2 and 5; random economies; the uniqueness radius."""

import numpy as np
import pytest
from helpers.market_strategies import floats
from hypothesis import given
from hypothesis import strategies as st

from deviator.economies import (
    AssumptionBounds,
    assumption_bounds,
    check_assumptions,
    fundamental_value,
    largest_interdependence,
    linear_quadratic,
    pairwise_interdependence,
    private_values,
    saturating,
    sigma_n,
    sigma_n_from,
    tight,
    unit_demands,
)
from deviator.economies.efficiency_frontiers import (
    c_1,
    c_2,
    d_1,
    d_2,
    d_3,
    deficit_frontiers,
    proposition_1_deficit,
    proposition_2_deficit,
)
from deviator.errors import InvalidInputError, RefusedError
from deviator.mechanisms import Reports, SigmaVCG
from deviator.paper.bounds.continuous import (
    deadweight_loss,
    harmless_interdependence,
    least_relative_inefficiency,
    limit_of_deadweight_loss,
    price_sensitivity,
    proposition_1_inefficiency,
    proposition_2_inefficiency,
    proposition_5_inefficiency,
    utility_loss,
    welfare_loss,
)
from deviator.paper.bounds.discrete import (
    proposition_6_deficit,
    proposition_7_deficit,
    proposition_7_inefficiency,
)
from deviator.paper.bounds.proposition_4 import price_falls
from deviator.paper.checks.drawn import random_economy


def bounds(**changes):
    numbers = {
        "n_traders": 5,
        "own_effect": 1.0,
        "interdependence": 0.25,
        "flattest": 1.0,
        "steepest": 2.0,
        "largest_trade": 1.0,
    }
    return AssumptionBounds(**(numbers | changes))


def test_constants_by_hand():
    """N = 5, m_o = 1, phi = 1/4, m_low = 1, m_bar = 2, qbar = 1: X = 1/2, m_o - phi = 3/4."""
    b = bounds()
    assert c_1(b, 0.2) == pytest.approx(0.5 * 0.36 * 2 / 0.75)
    assert c_2(b) == 2
    assert d_1(b) == pytest.approx(0.5 * 2 / 0.75)
    assert d_2(b) == pytest.approx(0.5 * (1 - 0.5 / 0.75))
    assert d_3(b) == pytest.approx(1.5)
    assert d_3(bounds(steepest=3.9)) == 2
    assert price_sensitivity(b) == pytest.approx(2 / 0.75 / 2)
    assert sigma_n_from(b) == pytest.approx(4.0)
    assert sigma_n_from(b) == pytest.approx(d_1(b) / d_2(b) * b.reach)
    assert harmless_interdependence(b) == 1 / 16
    assert deadweight_loss(b, 0.2) == pytest.approx(0.3**2 * 5 * 2 / 2)
    assert limit_of_deadweight_loss(bounds(own_effect=2.0), 0.5) == pytest.approx(0.25**2)


@st.composite
def drawn_bounds(draw):
    n, own = draw(st.integers(3, 30)), draw(floats(0.3, 3.0))
    flat, ratio = draw(floats(0.3, 3.0)), draw(floats(1.0, 5.0))
    limit = min(1 / ratio, (n - 2) / (2 * (n - 1))) * own
    return AssumptionBounds(
        n, own, draw(floats(0.0, 0.95)) * limit, flat, flat * ratio, draw(floats(0.1, 10.0))
    )


@given(drawn_bounds())
def test_sigma_n_is_where_slope_and_price_sensitivity_meet(b):
    sigma = sigma_n_from(b)
    assert price_sensitivity(b, sigma) == pytest.approx(sigma, rel=1e-9)
    assert proposition_2_deficit(b, sigma * (1 + 1e-9)) == 0
    assert proposition_2_deficit(b, 0.9 * sigma) > 0


@given(drawn_bounds())
def test_frontiers_never_cross(b):
    """What suffices in every economy is at least what is necessary in the worst one."""
    necessary, sufficient = deficit_frontiers(b, np.linspace(0, b.largest_trade / 3, 9))
    assert (necessary <= sufficient * (1 + 1e-12) + 1e-12).all()
    assert (np.diff(necessary) <= 0).all()
    assert (np.diff(sufficient) <= 0).all()


@given(drawn_bounds())
def test_the_root_of_the_deficit(b):
    root = proposition_1_inefficiency(b)
    assert 0 < root < b.largest_trade / 3
    size = proposition_1_deficit(b, 0.0)
    assert abs(proposition_1_deficit(b, root)) < 1e-9 * size


@pytest.mark.parametrize("n", [3, 5, 9])
def test_where_the_number_of_traders_is_odd_one_of_them_stays_out(n):
    """VCG loses exactly what is stated at the profile at which one trader's type is 0."""
    b = bounds(n_traders=n, interdependence=0.1, flattest=2.0)
    height = (n - 1) / n * 2.0 / (1 - 0.1)
    types = height * np.sign(n // 2 - np.arange(n))
    paid = SigmaVCG(tight(n, 1.0, 0.1, 2.0)).clear(Reports(types[None])).transfer
    assert -paid.sum() == pytest.approx(proposition_1_deficit(b, 0.0))
    assert proposition_1_deficit(b, 0.0) / (n - 1) == pytest.approx(c_1(b, 0.0) * b.reach)


@given(drawn_bounds())
def test_units_do_not_matter(b):
    """Twice the quantities: deficits are four times as large, slopes the same."""
    larger = AssumptionBounds(
        b.n_traders,
        b.own_effect,
        b.interdependence,
        b.flattest,
        b.steepest,
        2 * b.largest_trade,
    )
    assert proposition_1_deficit(larger, 0.0) == pytest.approx(4 * proposition_1_deficit(b, 0.0))
    assert proposition_1_inefficiency(larger) == pytest.approx(2 * proposition_1_inefficiency(b))
    assert sigma_n_from(larger) == sigma_n_from(b)


def test_relative_inefficiency_is_tight_in_large_economies():
    ratios = []
    for n in (10, 100, 1000):
        b = bounds(n_traders=n, interdependence=1 / n, flattest=2.0)
        ratios.append(least_relative_inefficiency(b) / proposition_5_inefficiency(b))
        assert ratios[-1] == pytest.approx(1 / (1 + proposition_5_inefficiency(b)))
    assert ratios == sorted(ratios)
    assert ratios[-1] > 0.99


@pytest.mark.parametrize("kind", ["average", "maximum"])
@pytest.mark.parametrize("equal_slopes", [False, True])
def test_random_economies_are_within_the_assumptions(kind, equal_slopes):
    rng = np.random.default_rng(0)
    nearest = 0.0
    for _ in range(60):
        economy = random_economy(
            rng, int(rng.integers(3, 9)), kind=kind, equal_slopes=equal_slopes, bounded_types=True
        )
        checks = check_assumptions(economy)
        expected = ("A1", "A2", "A3", "A4N") if kind == "average" else ("A1", "A2", "A3")
        assert all(checks[name].holds for name in expected), checks
        b = assumption_bounds(economy, kind=kind)
        assert b.interdependence < b.interdependence_limit
        assert (np.ptp(economy.slope) == 0) == equal_slopes
        nearest = max(nearest, b.interdependence / b.interdependence_limit)
    assert nearest > 0.98
    assert not random_economy(rng, 4).has_bounded_types


def test_random_economies_are_the_same_from_the_same_seed():
    first, second = (random_economy(np.random.default_rng(7), 5) for _ in range(2))
    np.testing.assert_array_equal(first.weights, second.weights)


def test_bounds_of_an_economy():
    economy = linear_quadratic([[1, 0, 0.2], [0.1, 2, 0], [0.3, 0, 1]], [1.0, 2.0, 3.0])
    b = assumption_bounds(economy)
    assert (b.n_traders, b.own_effect, b.flattest, b.steepest) == (3, 1.0, 1.0, 3.0)
    assert (
        b.interdependence == pytest.approx(0.2) == pytest.approx(pairwise_interdependence(economy))
    )
    assert largest_interdependence(economy) == 0.3
    for economy in (tight(5, 1.0, 0.2), fundamental_value(7, 1.0, 0.4)):
        assert sigma_n_from(assumption_bounds(economy)) == pytest.approx(sigma_n(economy))


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: bounds(n_traders=2), InvalidInputError, "at least 3, got 2"),
        (lambda: bounds(own_effect=0.0), InvalidInputError, "own_effect must be positive"),
        (lambda: bounds(interdependence=-0.1), InvalidInputError, "interdependence must be non-neg"),
        (lambda: bounds(flattest=3.0), InvalidInputError, "flattest must not exceed steepest"),
        (lambda: bounds(kind="mean"), InvalidInputError, "'average' or 'maximum', got 'mean'"),
        (lambda: assumption_bounds(tight(4), kind="mean"), InvalidInputError, "got 'mean'"),
        (lambda: random_economy(np.random.default_rng(0), 4, kind="mean"), InvalidInputError, "'mean'"),
        (lambda: sigma_n_from(bounds(interdependence=0.375)), RefusedError, r"A4\^N.*got phi_N = 0.375"),
        (lambda: sigma_n_from(bounds(interdependence=0.3, steepest=4.0)), RefusedError, r"< 0.25 \("),
        (lambda: c_1(bounds(interdependence=1.0), 0.1), RefusedError, r"A4\^N.*got phi_N = 1;"),
        (lambda: d_1(bounds(interdependence=1.0)), RefusedError, r"A4\^N.*got phi_N = 1;"),
        (lambda: price_falls(bounds(interdependence=1.0)), RefusedError, r"A4\^N.*got phi_N = 1;"),
        (lambda: assumption_bounds(unit_demands(2, 2)), InvalidInputError, "got UnitDemands; build"),
        (lambda: c_1(bounds(), -0.1), InvalidInputError, "inefficiency must be non-negative"),
        (lambda: proposition_1_deficit(bounds(), 0.4), InvalidInputError, "a third of the largest trade"),
        (lambda: proposition_2_deficit(bounds(), -1.0), InvalidInputError, "sigma must be non-negative"),
        (lambda: proposition_5_inefficiency(bounds()), RefusedError, "A2'.*from 1 to 2"),
    ],
)  # fmt: skip
def test_bad_input_is_one_clear_sentence(build, error, message):
    with pytest.raises(error, match=message) as caught:
        build()
    assert "\n" not in str(caught.value)


def test_the_maximum_frees_the_bound_from_slopes():
    assert bounds(steepest=4.0, kind="maximum").interdependence_limit == pytest.approx(3 / 8)
    assert bounds(steepest=4.0).interdependence_limit == 0.25


@pytest.mark.parametrize(
    ("function", "numbers"),
    [
        (c_1, [0.1]),
        (c_2, []),
        (d_1, []),
        (d_2, []),
        (d_3, []),
        (sigma_n_from, []),
        (deficit_frontiers, [np.array([0.1])]),
        (proposition_1_deficit, [0.1]),
        (proposition_1_inefficiency, []),
        (proposition_2_deficit, [0.1]),
        (proposition_2_inefficiency, [0.1]),
        (proposition_5_inefficiency, []),
        (proposition_6_deficit, [0.1, 0.5]),
        (proposition_7_deficit, [0.1, 0.1, 0.5]),
        (proposition_7_inefficiency, [0.1, 0.1, 0.5]),
        (utility_loss, [1.0, 0.1]),
        (welfare_loss, [np.zeros((1, 4))]),
        (price_falls, []),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_an_economy_in_place_of_its_bounds_is_one_clear_sentence(function, numbers):
    for economy in (private_values(4), saturating(4).bounds):
        name = type(economy).__name__
        message = rf"AssumptionBounds, got {name}; have them from .*assumption_bounds\(economy\)"
        with pytest.raises(InvalidInputError, match=message):
            function(economy, *numbers)
