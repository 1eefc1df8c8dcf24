"""Clearing of surfaces: outcomes are those of the definitions, or autarky, or an error."""

import doctest

import numpy as np
import pytest
from helpers.repository import DOCS
from helpers.samples import normal_types
from helpers.surface_markets import ECONOMIES, SIGMA, drawn_linear, mixed_bids, outcomes_agree
from scipy.integrate import quad
from scipy.optimize import root

from deviator.economies import saturating, varying_effects
from deviator.errors import InvalidInputError, NotConvergedError
from deviator.evidence.surface_deviations import surface_deviations, surface_gains
from deviator.mechanisms import LinearBids, Reports, SigmaDCDA, SmoothSigmaVCG, UniformConditional
from deviator.mechanisms.clearing.surfaces import curves as surface_curves
from deviator.mechanisms.languages import SurfaceBids
from deviator.mechanisms.surfaces import (
    CallableSurface,
    Hyperplane,
    Kinked,
    LevelSet,
    Points,
    Sheets,
    Shifted,
    Tilted,
)
from deviator.policies import Revelation


def demand(trader, n, of_price, slope):
    """q_i = of_price(p)."""

    def function(price, quantity, market):
        slopes = np.zeros_like(quantity)
        slopes[:, trader] = 1.0
        return quantity[:, trader] - of_price(price), -slope(price), slopes

    return CallableSurface(n, function)


def plain_functions(bids):
    """One market's F_i as a function of (q, p), through single evaluations."""

    def functions(point):
        points = Points(point[None, -1], point[None, :-1], np.zeros(1, dtype=int))
        return np.array([surface.at(points).value[0] for surface in bids.surfaces])

    return functions


def plain_area(bids, pair, trader):
    """The integral of the residual price from 0 to q_i by scipy's root and quad."""
    functions, start = plain_functions(bids), pair.copy()

    def price(units):
        def equations(point):
            value = functions(point)
            value[trader] = point[trader] - units
            return np.append(value, point[:-1].sum())

        return root(equations, start, tol=1e-12).x[-1]

    return quad(price, 0.0, pair[trader], epsabs=1e-11, epsrel=1e-11, limit=200)[0]


@pytest.mark.parametrize("n", [3, 5, 8])
def test_linear_surfaces_clear_as_linear_bids(n):
    bids = drawn_linear(20, n, seed=n)
    for rule in (SigmaDCDA(SIGMA), SigmaDCDA(), UniformConditional()):
        outcomes_agree(rule.clear(SurfaceBids.of_linear(bids)), rule.clear(bids), 1e-10)


@pytest.mark.parametrize("spoil", ["same", "parallel", "empty", "pinned"])
@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e9])
def test_linear_autarky_decisions_agree(spoil, scale):
    array = drawn_linear(6, 4, seed=1).as_array()
    if spoil in ("same", "parallel"):
        array[::2, 1] = 2 * array[::2, 0]
        array[::2, 1, -1] += spoil == "parallel"
    elif spoil == "empty":
        array[::2, 0] = 0.0
    else:
        array[::2, 1] = 0.0
        array[::2, 1, 0] = array[::2, 1, -1] = 1.0
    bids = LinearBids.from_array(array).rescaled(scale, 1 / scale)
    rule = SigmaDCDA(SIGMA * scale**2)
    got, want = rule.clear(SurfaceBids.of_linear(bids)), rule.clear(bids)
    assert want.traded.tolist() == [False, True] * 3
    assert got.traded.tolist() == want.traded.tolist()
    np.testing.assert_allclose(got.transfer, want.transfer, rtol=1e-10)


@pytest.mark.parametrize("family", ECONOMIES)
@pytest.mark.parametrize(("n", "sigma"), [(3, 0.0), (4, 0.7), (5, 0.3)])
def test_honest_surfaces_lead_to_sigma_vcg(family, n, sigma):
    economy, types = ECONOMIES[family](n), normal_types(12, n, seed=n)
    rule = SigmaDCDA(sigma)
    bids = Revelation(rule, economy).bids(types)
    assert isinstance(bids, SurfaceBids)
    outcomes_agree(rule.clear(bids), SmoothSigmaVCG(economy, sigma).clear(Reports(types)), 1e-10)


def test_mixtures_clear_and_pay_as_definition_3_says():
    bids = mixed_bids()
    outcome = SigmaDCDA(SIGMA).clear(bids)
    pair = np.append(outcome.quantity[0], outcome.price[0])
    assert np.abs(plain_functions(bids)(pair)).max() < 1e-12
    assert abs(outcome.quantity.sum()) < 1e-12
    for trader in range(4):
        area = plain_area(bids, pair, trader)
        want = area + SIGMA * pair[trader] ** 2 / 2
        assert outcome.transfer[0, trader] == pytest.approx(want, abs=1e-9)


def test_one_price_for_all_units_in_the_control():
    outcome = UniformConditional().clear(mixed_bids())
    np.testing.assert_allclose(outcome.transfer, outcome.price[:, None] * outcome.quantity)


@pytest.mark.parametrize("family", ECONOMIES)
def test_units_numbers_and_batches_do_not_matter(family):
    economy, types = ECONOMIES[family](4), normal_types(6, 4)
    rule = SigmaDCDA(SIGMA)
    bids = rule.honest_bids(economy, types)
    outcome = rule.clear(bids)
    order = [2, 0, 3, 1]
    renumbered = rule.clear(bids.relabelled(order))
    np.testing.assert_allclose(renumbered.quantity, outcome.quantity[:, order], atol=1e-12)
    np.testing.assert_allclose(renumbered.transfer, outcome.transfer[:, order], atol=1e-12)
    price, quantity = 1e6, 1e-3
    restated = rule.rescaled(price, quantity).clear(bids.rescaled(price, quantity))
    np.testing.assert_allclose(restated.quantity, outcome.quantity * quantity, rtol=1e-10)
    np.testing.assert_allclose(restated.transfer, outcome.transfer * price * quantity, rtol=1e-10)
    for place in range(6):
        alone = rule.clear(rule.honest_bids(economy, types[place : place + 1]))
        np.testing.assert_allclose(alone.transfer[0], outcome.transfer[place], atol=1e-11)


def test_one_market_in_autarky_leaves_the_others():
    types = normal_types(3, 4)
    rule = SigmaDCDA(SIGMA)
    honest = rule.honest_bids(saturating(4), types)
    weights, price = np.eye(4)[[0, 0, 0]], np.ones(3)
    # In market 1 trader 0 bids nothing at all.
    weights[1], price[1] = 0.0, 0.0
    mixed = honest.with_surface(0, Hyperplane(weights, price, np.ones(3)))
    outcome = rule.clear(mixed)
    assert outcome.traded.tolist() == [True, False, True]
    assert not outcome.quantity[1].any()
    assert not outcome.transfer[1].any()


def folded(trader, n):
    """Bends the residual supply of others: q_i = 2 p - p^3 - 1."""
    return demand(trader, n, lambda p: 2 * p - p**3 - 1, lambda p: 2 - 3 * p**2)


def test_a_residual_curve_that_turns_back_is_no_function():
    # Trader 0 meets q_0 = p^3 - p + 1: one price for 2 units, but none that leads on to 0.
    flat = demand(2, 3, lambda p: -p, lambda p: -np.ones_like(p))
    for units, traded in ((2.0, False), (-3.0, True)):
        insists = Hyperplane([1.0, 0.0, 0.0], 0.0, units)
        assert SigmaDCDA().clear(SurfaceBids([insists, folded(1, 3), flat])).traded[0] == traded


def test_a_residual_price_must_be_one_at_no_trade_too():
    # Trader 0 meets q_0 = p^3 - p: one price for 2 units that leads on to 0, where there are three.
    bend = demand(1, 3, lambda p: 2 * p - p**3, lambda p: 2 - 3 * p**2)
    straight = demand(1, 3, lambda p: -(p**3), lambda p: -3 * p**2)
    flat = demand(2, 3, lambda p: -p, lambda p: -np.ones_like(p))
    insists = Hyperplane([1.0, 0.0, 0.0], 0.0, 2.0)
    for other, traded in ((bend, False), (straight, True)):
        assert SigmaDCDA().clear(SurfaceBids([insists, other, flat])).traded[0] == traded


@pytest.mark.parametrize("offsets", [(0.0, 0.5), (0.0, -2.0), (-1.0, 0.0, 1.0), (0.0, 6.0)])
def test_several_sheets_are_no_unique_bid(offsets):
    rule = SigmaDCDA(SIGMA)
    honest = rule.honest_bids(varying_effects(4), normal_types(4, 4))
    assert rule.clear(honest.with_surface(1, Sheets(honest.surfaces[1], (0.0,)))).traded.all()
    assert not rule.clear(honest.with_surface(1, Sheets(honest.surfaces[1], offsets))).traded.any()


@pytest.mark.parametrize(("rest", "traded"), [(-0.16, False), (1.0, True)])
def test_a_pair_between_the_known_one_and_no_trade_is_met_on_the_way(monkeypatch, rest, traded):
    def bid(price, quantity, market):
        own, slopes = quantity[:, 0], np.zeros_like(quantity)
        slopes[:, 0] = own**2 + rest + 2 * own * (own - 1)
        return (own - 1) * (own**2 + rest), np.zeros_like(price), slopes

    # Newton's method leads from 0 to 1 unit, past 0.4; the search from afar shall not help here.
    def blind(bids, cleared, direction):
        return np.zeros(len(cleared.point), dtype=bool)

    monkeypatch.setattr("deviator.mechanisms.clearing.surfaces.clearing.second_pairs", blind)
    others = [Hyperplane(row, 1.0, 0.0) for row in np.eye(3)[1:]]
    outcome = SigmaDCDA().clear(SurfaceBids([CallableSurface(3, bid), *others]))
    assert outcome.traded.tolist() == [traded]
    assert outcome.quantity[0, 0] == pytest.approx(1.0 if traded else 0.0)


@pytest.mark.parametrize(("miss", "traded"), [(1e-3, True), (3.0, False)])
def test_a_curve_corrected_far_from_its_prediction_is_another_branch(monkeypatch, miss, traded):
    """Corrections lead back to the curve here, but so far only to another branch of it."""
    predicted = surface_curves._predicted

    def astray(before, last, units):
        at, point = predicted(before, last, units)
        step = (units - last.units)[:, None] * last.direction
        return at, point + miss * step

    honest = SigmaDCDA(SIGMA).honest_bids(saturating(4), normal_types(2, 4))
    monkeypatch.setattr(surface_curves, "_predicted", astray)
    assert SigmaDCDA(SIGMA).clear(honest).traded.tolist() == [traded] * 2


def test_surfaces_that_never_meet_are_autarky():
    def never(price, quantity, market):
        slopes = np.zeros_like(quantity)
        slopes[:, 0] = 2 * quantity[:, 0]
        return quantity[:, 0] ** 2 + 1, np.zeros_like(price), slopes

    honest = SigmaDCDA(SIGMA).honest_bids(saturating(4), normal_types(2, 4))
    outcome = SigmaDCDA(SIGMA).clear(honest.with_surface(0, CallableSurface(4, never)))
    assert not outcome.traded.any()
    assert outcome.converged.all()


def torn_bids():
    """Trader 0 bids a function that jumps over 0: no surface, and no autarky that can be seen."""

    def torn(price, quantity, market):
        own = quantity[:, 0] - 0.3
        slopes = np.zeros_like(quantity)
        slopes[:, 0] = 1.0
        jump = np.where(market == 1, 0.5, 0.0)
        return own + jump * np.where(own > 0, 1.0, -1.0), np.zeros_like(price), slopes

    honest = SigmaDCDA(SIGMA).honest_bids(saturating(4), normal_types(2, 4))
    return honest.with_surface(0, CallableSurface(4, torn, 2))


def test_a_market_that_is_not_solved_raises_or_is_marked():
    with pytest.raises(NotConvergedError, match=r"market 1 at sigma = 0\.3.*p = "):
        SigmaDCDA(SIGMA).clear(torn_bids())
    outcome = SigmaDCDA(SIGMA).clear(torn_bids(), unsolved="report")
    assert outcome.converged.tolist() == [True, False]
    assert np.isnan(outcome.transfer[1]).all()
    assert outcome.quantity[0, 0] == pytest.approx(0.3)
    with pytest.raises(InvalidInputError, match="'raise' or 'report', got 'ignore'"):
        SigmaDCDA(SIGMA).clear(torn_bids(), unsolved="ignore")


@pytest.mark.parametrize("family", ECONOMIES)
def test_no_deviation_gains_and_in_the_control_some_do(family):
    economy, types = ECONOMIES[family](3), normal_types(2, 3, seed=5)
    gains = surface_gains(SigmaDCDA(SIGMA), economy, types, 1)
    assert max(gain.max() for gain in gains.values()) < 1e-10
    rule = UniformConditional()
    own = rule.honest_bids(economy, types).surfaces[1]
    shaded = {f"{by:g}": Shifted(own, by) for by in (-0.1, 0.1)}
    control = surface_gains(rule, economy, types, 1, shaded)
    assert max(gain.max() for gain in control.values()) > 1e-3


def test_deviations_hold_one_of_each_kind():
    rule = SigmaDCDA(SIGMA)
    honest = rule.honest_bids(saturating(4), normal_types(2, 4))
    kinds = {type(surface) for surface in surface_deviations(honest, 2).values()}
    assert kinds == {LevelSet, Shifted, Tilted, Kinked, Sheets, Hyperplane}


@pytest.mark.slow
def test_the_page_on_general_bids_prints_what_it_says():
    page = DOCS / "general-bids.md"
    result = doctest.testfile(str(page), module_relative=False)
    assert result.attempted > 15
    assert result.failed == 0
