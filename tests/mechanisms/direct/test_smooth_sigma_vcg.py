"""The sigma-VCG in economies that are not quadratic, against slow oracles."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.market_strategies import economies, floats
from helpers.outcomes import FIELDS, assert_outcomes_agree
from helpers.samples import sampled_types
from helpers.smooth_economies import MEMBERS
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.integrate import quad
from scipy.optimize import root

from deviator.economies import (
    LinearQuadratic,
    Saturating,
    VaryingEffects,
    pivotal_market,
    saturating,
    taxed_allocation,
    varying_effects,
)
from deviator.economies.smooth_walrasian import check_monotone
from deviator.errors import InvalidInputError, NotConvergedError, RefusedError
from deviator.mechanisms import Reports, SigmaVCG, SmoothSigmaVCG, sigma_vcg
from deviator.mechanisms.direct.smooth_sigma_vcg import NUMBERS
from deviator.plugins import make

ENDS = np.array([1.5, -1.0, -3.0]), np.array([2.0, 1.0, -2.5])
"""Types under which trader 0 always buys and trader 2 always sells."""


# Quadratic economies, written as smooth ones.


def as_smooth(economy):
    ends = economy.type_low, economy.type_high
    common = economy.weights, economy.slope
    yield Saturating(*common, economy.slope, 0.7, economy.intercept, *ends)
    yield VaryingEffects(*common, 0.0, 1.3, 0.7, economy.intercept, *ends)


@st.composite
def quadratic_markets(draw):
    economy = draw(economies())
    dense = LinearQuadratic(economy.weights, economy.slope, economy.intercept)
    n = economy.n_traders
    types = draw(arrays(float, (3, n), elements=floats(-3.0, 3.0)))
    if draw(st.booleans()):
        dense = replace(dense, type_low=types.min(axis=0) - 0.1, type_high=types.max(axis=0) + 0.1)
    return dense, types


@given(quadratic_markets(), floats(0.0, 1.0), st.sampled_from(["printed", "pivotal"]))
def test_quadratic_economies_written_as_smooth_ones_clear_as_quadratic_ones(
    quadratic_market, sigma, unreached
):
    economy, types = quadratic_market
    want = SigmaVCG(economy, sigma, unreached).clear(Reports(types))
    for smooth in as_smooth(economy):
        got = SmoothSigmaVCG(smooth, sigma, unreached).clear(Reports(types))
        for field in FIELDS:
            size = np.abs(getattr(want, field)).max()
            np.testing.assert_allclose(
                getattr(got, field), getattr(want, field), rtol=0, atol=1e-10 * size + 1e-13
            )


# One market at a time, by other people's solvers.


def solved(economy, sigma, profile, trader=None, units=0.0):
    """Definition 1 by scipy: (q, p), or (q, p, s_i) with q_i = x where a trader is named."""
    n = economy.n_traders

    def equations(point):
        types = profile.copy()
        if trader is not None:
            types[trader] = point[n + 1]
        quantity = point[:n]
        net = economy.marginal_utility(quantity[None], types[None])[0] - sigma * quantity
        system = np.append(net - point[n], quantity.sum())
        return system if trader is None else np.append(system, quantity[trader] - units)

    start = np.zeros(n + 1 if trader is None else n + 2)
    result = root(equations, start, tol=1e-13)
    assert np.abs(result.fun).max() < 1e-9
    return result.x


def transfer_by_definition(economy, sigma, profile, trader, unreached="printed"):
    n = economy.n_traders
    low, high = (end[trader] for end in economy.type_set)
    own = solved(economy, sigma, profile)[trader]

    def nearest(units):
        """The pivotal type, clipped as in (3.11), and the price under it."""
        point = solved(economy, sigma, profile, trader, units)
        if low <= point[n + 1] <= high:
            return point[n + 1], point[n]
        report = np.clip(point[n + 1], low, high)
        return report, solved(economy, sigma, with_report(profile, trader, report))[n]

    def price_of_unit(units):
        report, price = nearest(units)
        if unreached == "printed":
            return price + sigma * units
        quantity = np.zeros((1, n))
        quantity[0, trader] = units
        types = with_report(profile, trader, report)[None]
        return economy.marginal_utility(quantity, types)[0, trader]

    kinks = [solved(economy, sigma, with_report(profile, trader, end))[trader]
             for end in (low, high) if np.isfinite(end)]  # fmt: skip
    inside = [kink for kink in kinks if min(0, own) < kink < max(0, own)]
    return quad(price_of_unit, 0, own, points=inside or None, epsabs=1e-11, epsrel=1e-11)[0]


def with_report(profile, trader, report):
    moved = profile.copy()
    moved[trader] = report
    return moved


@pytest.mark.parametrize("economy", MEMBERS)
@pytest.mark.parametrize("sigma", [0.0, 0.5])
def test_transfers_are_equation_3_10_one_market_at_a_time(economy, sigma):
    types = sampled_types(economy, 2)
    outcome = SmoothSigmaVCG(economy, sigma).clear(Reports(types))
    for market, profile in enumerate(types):
        point = solved(economy, sigma, profile)
        np.testing.assert_allclose(outcome.quantity[market], point[:-1], atol=1e-10)
        assert outcome.price[market] == pytest.approx(point[-1], abs=1e-10)
        for trader in (0, economy.n_traders - 1):
            want = transfer_by_definition(economy, sigma, profile, trader)
            assert outcome.transfer[market, trader] == pytest.approx(want, abs=1e-9)


@pytest.mark.parametrize("economy", MEMBERS[:2])
@pytest.mark.parametrize("unreached", ["printed", "pivotal"])
def test_units_that_no_report_leads_to(economy, unreached):
    economy = replace(economy, type_low=ENDS[0], type_high=ENDS[1])
    profile = np.array([1.7, 0.2, -2.6])
    rule = SmoothSigmaVCG(economy, 0.4, unreached)
    outcome = rule.clear(Reports(profile[None]))
    for trader in range(3):
        want = transfer_by_definition(economy, 0.4, profile, trader, unreached)
        assert outcome.transfer[0, trader] == pytest.approx(want, abs=1e-8)
    unbounded = SmoothSigmaVCG(replace(economy, type_low=None, type_high=None), 0.4)
    plain = unbounded.clear(Reports(profile[None])).transfer[0]
    assert (outcome.transfer[0, [0, 2]] > plain[[0, 2]] + 0.1).all()
    assert outcome.transfer[0, 1] == pytest.approx(plain[1], abs=1e-12)


def test_pivotal_pricing_charges_more_than_the_printed_rule():
    economy = replace(MEMBERS[1], type_low=ENDS[0], type_high=ENDS[1])
    reports = Reports(np.array([[1.7, 0.2, -2.6]]))
    printed, pivotal = (
        SmoothSigmaVCG(economy, 0.4, rule).clear(reports).transfer[0]
        for rule in ("printed", "pivotal")
    )
    assert (pivotal > printed + 0.01).tolist() == [True, False, True]


@pytest.mark.parametrize("economy", MEMBERS)
def test_the_pivotal_type_leads_to_its_units(economy):
    types = sampled_types(economy, 20)
    quantity = taxed_allocation(economy, 0.3, types)[1]
    traders = np.arange(20) % economy.n_traders
    units = np.linspace(-2, 2, 20)
    result = pivotal_market(economy, 0.3, traders, units, quantity, types)
    assert result.converged.all()
    again_price, again = taxed_allocation(economy, 0.3, result.types)
    np.testing.assert_allclose(again[np.arange(20), traders], units, atol=1e-12)
    np.testing.assert_allclose(again, result.quantity, atol=1e-12)
    np.testing.assert_allclose(again_price, result.price, atol=1e-12)
    moved = result.types != types
    assert moved.sum(axis=1).max() == 1


@pytest.mark.parametrize("economy", [saturating(8), varying_effects(8)])
def test_chunks_of_cells_do_not_matter(economy):
    rule, types = SmoothSigmaVCG(economy, 0.2), sampled_types(economy, 300)
    assert 8**3 * 16 * len(types) > NUMBERS, "more than one chunk"
    whole = rule.clear(Reports(types))
    for part in (slice(0, 100), slice(200, 300)):
        alone = rule.clear(Reports(types[part]))
        assert_outcomes_agree(alone, whole, 1e-13, rows=(..., part))


def test_steep_places_take_more_nodes():
    economy = saturating(3, beta=0.0, flat=0.2, steep=4.0, quantity_scale=0.05)
    profile = np.array([2.0, 0.5, -2.5])
    outcome = SmoothSigmaVCG(economy, 0.1).clear(Reports(profile[None]))
    want = transfer_by_definition(economy, 0.1, profile, 0)
    assert outcome.transfer[0, 0] == pytest.approx(want, abs=1e-8)


def test_a_transfer_that_the_nodes_do_not_reach_is_an_error():
    economy = saturating(3, beta=0.0, flat=0.2, steep=4.0, quantity_scale=1e-4)
    reports = Reports(np.array([[0.0, 0.0, 0.0], [2.0, 0.5, -2.5]]))
    with pytest.raises(NotConvergedError, match=r"512 nodes compute, that of trader . in market 1"):
        SmoothSigmaVCG(economy, 0.1).clear(reports)


# What is refused, and what does not converge.


def falling():
    """Trader 0's type matters more to the others than to himself."""
    weights = np.eye(4)
    weights[1:, 0] = 1.4
    return weights


def test_quantities_that_fall_in_the_own_type_are_refused_with_the_witness():
    economy = Saturating(falling(), 0.8, 1.2, 1.0, 0.0)
    message = r"got -0.\d+ for trader 0 at s = \(.*\); weaken"
    with pytest.raises(RefusedError, match=message):
        SmoothSigmaVCG(economy, 0.3)


def test_quantities_that_fall_somewhere_are_refused_where_they_do():
    """The sampled profiles trade little, and weights are harmful far from no trade only."""
    weights = np.eye(3)
    weights[1, 0] = 1.8
    # Trader 1's steep demand weighs little at no trade; far from it, it is flat and weighs most.
    economy = Saturating(weights, [1.0, 0.1, 1.0], [1.0, 9.0, 1.0], [1.0, 6.0, 1.0], 0.0)
    rule = SmoothSigmaVCG(economy)
    near, far = np.array([0.1, 0.0, -0.1]), np.array([0.0, 400.0, -400.0])
    assert rule.clear(Reports(near[None])).traded.all()
    with pytest.raises(RefusedError, match="for trader 0 at s"):
        rule.clear(Reports(np.stack([near, far])))


@pytest.mark.parametrize(
    ("economy", "sigma", "message"),
    [
        (varying_effects(4, bend=-3), 0.1, r"assumption A2 .* slope 3.5 and sigma is 0.1; raise"),
        (varying_effects(4, bend=-3), 5.0, r"assumption A3\), .* own type effect of -2.25"),
        (varying_effects(4, bend=-1.0), 5.0, r"assumption A3\), .* own type effect of 0"),
        (saturating(4, alpha=0.0, beta=0.0), 0.1, r"assumption A3\), the saturating economy"),
    ],
)
def test_bounds_that_break_a2_or_a3_are_refused_at_once(economy, sigma, message):
    with pytest.raises(RefusedError, match=message):
        SmoothSigmaVCG(economy, sigma)


def test_bounded_types_are_refused_where_utilities_are_not_concave():
    economy = varying_effects(4, bend=-3, type_low=-1.0, type_high=1.0)
    types, quantity = np.full((2, 4), 0.5), np.zeros((2, 4))
    quantity[1] = [0.5, -0.5, 0.0, 0.0]
    with pytest.raises(RefusedError, match=r"assumption A2 .*for trader \d at s = .*, q = \("):
        check_monotone(economy, 0.1, np.zeros(2, dtype=int), quantity, types)


def test_a_market_without_a_clearing_price_is_named():
    economy = saturating(4, flat=0.0)
    rule = SmoothSigmaVCG(economy)
    fine, none = np.array([0.1, 0.0, 0.0, -0.1]), np.array([9.0, 0.0, 0.0, -9.0])
    assert rule.clear(Reports(fine[None])).converged.all()
    message = r"market 1 of the saturating economy at sigma = 0, s = \(9, 0, 0, -9\)"
    with pytest.raises(NotConvergedError, match=message):
        rule.clear(Reports(np.stack([fine, none])))
    taxed = SmoothSigmaVCG(economy, 0.2).clear(Reports(none[None]))
    assert taxed.converged.all()


def test_a_deviation_that_breaks_the_market_is_named_by_its_market():
    rule = SmoothSigmaVCG(saturating(4, flat=0.0))
    honest = Reports(np.zeros((3, 4)))
    candidates = np.zeros((3, 2, 1))
    candidates[2, 1] = 20.0
    with pytest.raises(NotConvergedError, match="in market 2 of the saturating economy"):
        rule.clear_deviations(honest, 0, candidates)


def test_a_deviation_outside_the_set_is_named_by_its_market():
    rule = sigma_vcg(saturating(3, type_low=-1, type_high=1))
    candidates = np.zeros((2, 3, 1))
    candidates[1, 2] = 2.0
    with pytest.raises(InvalidInputError, match="got 2 in market 1"):
        rule.clear_deviations(Reports(np.zeros((2, 3))), 0, candidates)


def test_one_name_for_both_kinds_of_economies():
    rule = make("sigma-vcg", economy=saturating(4), sigma=0.3)
    assert isinstance(rule, SmoothSigmaVCG)
    assert rule.menu(Reports(np.zeros((1, 4))), 0) is None
    assert rule.name == SigmaVCG.name == "sigma-vcg"


def test_no_markets_and_no_candidates_have_no_outcomes():
    rule = SmoothSigmaVCG(saturating(4), 0.1)
    nothing = Reports(np.zeros((0, 4)))
    assert rule.clear(nothing).transfer.shape == (0, 4)
    assert rule.clear_deviations(nothing, 0, np.zeros((0, 3, 1))).transfer.shape == (0, 3)
    some = Reports(np.zeros((2, 4)))
    assert rule.clear_deviations(some, 0, np.zeros((2, 0, 1))).transfer.shape == (2, 0)
