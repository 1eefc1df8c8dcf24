"""Economies that are not quadratic: their bounds and assumptions."""

import numpy as np
import pytest
from helpers.market_strategies import floats
from helpers.samples import sampled_types
from helpers.smooth_economies import MEMBERS
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from deviator.economies import (
    Saturating,
    VaryingEffects,
    assumption_bounds,
    check_assumptions,
    own_response,
    saturating,
    sigma_n_from,
    taxed_allocation,
    unit_demands,
    varying_effects,
)
from deviator.economies.saturating import log_cosh, sech_squared
from deviator.errors import InvalidInputError
from deviator.mechanisms import Reports, Schedules, SmoothSigmaVCG, sigma_vcg

# The bounds of A2 to A4.


@st.composite
def saturating_economies(draw):
    weights = draw(arrays(float, (3, 3), elements=floats(-1.0, 2.0)))
    flat = draw(arrays(float, 3, elements=floats(0.1, 1.0)))
    steep = flat + draw(arrays(float, 3, elements=floats(0.0, 2.0)))
    return Saturating(weights, flat, steep, draw(floats(0.2, 2.0)), 0.0)


@st.composite
def varying_economies(draw):
    weights = draw(arrays(float, (3, 3), elements=floats(-1.0, 2.0)))
    slope = draw(arrays(float, 3, elements=floats(0.1, 2.0)))
    scales = draw(floats(0.2, 2.0)), draw(floats(0.2, 2.0))
    return VaryingEffects(weights, slope, draw(floats(-1.5, 1.5)), *scales, 0.0)


@given(st.one_of(saturating_economies(), varying_economies()))
def test_bounds_hold_and_are_reached(economy):
    rng = np.random.default_rng(0)
    q, types = rng.normal(size=(2, 200, 3)) * 2
    # No trade, at types of 0, and trade far from what any type tells about.
    q[0], types[0], q[1], types[1] = 0, 0, 1e3, 0
    slopes, effects = -economy.quantity_slopes(q, types), economy.type_effects(q, types)
    own = np.einsum("bii->bi", effects)
    others = np.where(np.eye(3, dtype=bool), -np.inf, effects)
    average = (effects.sum(axis=1) - own) / 2
    bounds, slack = economy.bounds, 1e-9
    assert slopes.min() >= bounds.flattest - slack
    assert slopes.max() <= bounds.steepest + slack
    assert own.min() >= bounds.own_effect - slack
    assert average.max() <= bounds.interdependence + slack
    assert others.max() <= bounds.cross_effect + slack
    assert effects.min() >= bounds.least_effect - slack
    if isinstance(economy, Saturating) or (economy.weights >= 0).all():
        assert slopes[:2].min() == pytest.approx(bounds.flattest, abs=slack)
        assert slopes[:2].max() == pytest.approx(bounds.steepest, abs=slack)
    assert own[:2].min() == pytest.approx(bounds.own_effect, abs=slack)
    assert others[:2].max() == pytest.approx(bounds.cross_effect, abs=slack)
    assert effects[:2].min() == pytest.approx(bounds.least_effect, abs=slack)


@given(st.one_of(saturating_economies(), varying_economies()), floats(0.0, 1.0))
def test_guaranteed_monotone_allocations_are(economy, sigma):
    if not economy.bounds.guarantee_monotone(sigma):
        return
    types = sampled_types(economy, 20)
    quantity = taxed_allocation(economy, sigma, types)[1]
    for trader in range(3):
        response = own_response(economy, sigma, np.full(20, trader), quantity, types)
        assert response.own_effect.min() > 0


def test_whole_units_are_worth_what_they_are_as_fractions():
    economy, types = saturating(3), np.array([[0.3, -0.2, 0.8]])
    units = np.array([[0, 1, 2]])
    np.testing.assert_array_equal(
        economy.utility_of(0, units, types), economy.utility_of(0, units.astype(float), types)
    )


@pytest.mark.parametrize("economy", MEMBERS)
def test_effects_of_one_type_are_a_column_of_all(economy):
    q, types = np.random.default_rng(0).normal(size=(2, 6, economy.n_traders))
    traders = np.arange(6) % economy.n_traders
    columns = economy.type_effects(q, types)[np.arange(6), :, traders]
    np.testing.assert_array_equal(economy.effects_of(traders, q, types), columns)


VIOLATIONS = {
    "A1": saturating(4),
    "A2": saturating(4, flat=0.0),
    "A3": varying_effects(4, bend=-1.5),
    "A4N": varying_effects(4, beta=3.0),
}


@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_member_violates_each_assumption(name):
    result = check_assumptions(VIOLATIONS[name])[name]
    assert result.holds is False
    assert any(character.isdigit() for character in result.witness)


def test_the_members_satisfy_them_by_construction():
    for family in (saturating, varying_effects):
        checks = check_assumptions(family(4, type_low=-1.0, type_high=1.0))
        names = ("A1", "A2", "A3", "A4N", "INJ", "monotone", "sigma_N")
        assert all(checks[name].holds for name in names)
        assert checks["FUN"].verdict == "no violation found"


def test_negative_effects_break_a4n():
    witness = check_assumptions(saturating(4, beta=-0.2))["A4N"].witness
    assert witness == "type effects must not be negative, the least is -0.05"


def test_bounded_types_leave_undecided_what_all_types_break():
    # Types around 3 never meet the quantities at which a second type's effect peaks.
    economy = varying_effects(
        3, beta=0.6, bend=0.9, type_low=3.0, type_high=3.5, quantity_scale=0.2
    )
    result = check_assumptions(economy)["A4N"]
    assert result.verdict == "no violation found"
    assert "sampled profiles; not decided: over all types phi_N is" in result.witness


def test_bounds_feed_the_constants_of_the_propositions():
    economy = varying_effects(4, alpha=1.0, beta=0.4, slope=1.0, bend=0.5)
    bounds = assumption_bounds(economy)
    assert bounds.interdependence == pytest.approx(0.1 * 1.5)
    assert bounds.steepest == pytest.approx(1.0 + 0.5 * 1.4)
    assert (bounds.n_traders, bounds.own_effect, bounds.flattest) == (4, 1.1, 1.0)
    assert assumption_bounds(economy, kind="maximum").interdependence == pytest.approx(0.15)
    assert check_assumptions(economy)["sigma_N"].witness == f"sigma_N is {sigma_n_from(bounds):.6g}"


@pytest.mark.parametrize("economy", [MEMBERS[0], *MEMBERS[3:]])
def test_sigma_n_of_the_largest_effect_leaves_a_surplus(economy):
    """Variant (iii) of Section 7, which repairs Proposition 2 where slopes differ."""
    sigma = sigma_n_from(assumption_bounds(economy, kind="maximum"))
    outcome = SmoothSigmaVCG(economy, sigma).clear(Reports(sampled_types(economy, 200)))
    assert outcome.transfer.sum(axis=1).min() >= 0


CASES = [
    (lambda: saturating(2), "n_traders must be at least 3"),
    (lambda: saturating(4, flat=-0.1), "flat must be non-negative, got -0.1"),
    (lambda: saturating(4, steep=0.0, flat=0.0), "steep must be positive, got 0"),
    (lambda: saturating(4, flat=2.0), "flat must be at most steep, got 2.0 and 1.5 for trader 0"),
    (lambda: saturating(4, quantity_scale=0.0), "quantity_scale must be positive, got 0"),
    (lambda: saturating(4, type_low=1.0, type_high=0.0), "type_low must be below type_high"),
    (lambda: saturating(4, alpha=np.nan), "alpha must be finite, got nan"),
    (lambda: Saturating(np.ones((3, 4)), 1.0, 1.0, 1.0, 0.0), r"weights must have shape \(3, 3\)"),
    (lambda: varying_effects(4, slope=0.0), "slope must be positive, got 0"),
    (lambda: varying_effects(4, bend=np.inf), "bend must be finite, got inf"),
    (lambda: varying_effects(4, type_scale=0.0), "type_scale must be positive, got 0"),
    (lambda: varying_effects(4, slope=[1.0, 2.0]), r"slope must have shape \(4\), got \(2,\)"),
    (lambda: sigma_vcg(unit_demands(2, 2)), "economy must be linear-quadratic or smooth, got Unit"),
    (lambda: SmoothSigmaVCG(unit_demands(2, 2)), "economy must be a smooth economy, got UnitDem"),
    (lambda: sigma_vcg(saturating(4), -0.1), "sigma must be non-negative, got -0.1"),
    (
        lambda: sigma_vcg(saturating(4), 0.1, "free"),
        "unreached_units must be 'printed' or 'pivotal'",
    ),
    (
        lambda: sigma_vcg(saturating(4)).clear(Schedules(np.ones((1, 4)), np.ones((1, 4)))),
        "takes bids as Reports, got Schedules",
    ),
    (
        lambda: sigma_vcg(saturating(4)).clear(Reports(np.ones((1, 3)))),
        "of the designer's 4 traders, got 3",
    ),
    (
        lambda: sigma_vcg(saturating(3, type_low=-1, type_high=1)).clear(
            Reports([[0.0, 2.0, 0.0]])
        ),
        r"reports of trader 1 must be in its set of types \[-1, 1\], got 2 in market 0",
    ),
]


@pytest.mark.parametrize(("build", "message"), CASES)
def test_malformed_input_is_one_clear_sentence(build, message):
    with pytest.raises(InvalidInputError, match=message) as raised:
        build()
    assert "\n" not in str(raised.value)


def test_hyperbolic_functions_keep_small_and_large_numbers():
    np.testing.assert_allclose(log_cosh(np.array([1e-8, 1e-3])), [5e-17, 5e-7], rtol=1e-6)
    np.testing.assert_allclose(
        log_cosh(np.array([-1e6, 2.0])), [1e6 - np.log(2), np.log(np.cosh(2))]
    )
    np.testing.assert_allclose(
        sech_squared(np.array([0.0, 1.0, -1e6])), [1, 1 / np.cosh(1) ** 2, 0]
    )
