"""What statements are compared with: utilities and derivatives agree, best reports are the best."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from deviator.economies import fundamental_value, private_values
from deviator.mechanisms import NaiveWalrasian, Reports, SigmaVCG
from deviator.paper.checks.altered_utilities import DROP, AlteredUtilities, range_at_no_trade
from deviator.paper.checks.drawn import random_economy
from deviator.paper.checks.exact_reports import best_reports
from deviator.paper.checks.large_markets import RATES, even_market, mixed_market, repaired_slope
from deviator.paper.checks.local_effects import LocalEffects, local_interdependence
from deviator.paper.checks.value_beliefs import VALUES, believed, shift, spread

STEP = 1e-5


def middle_third(marginal):
    low, high = range_at_no_trade(marginal)
    return (2 * low + high) / 3, (low + 2 * high) / 3


def local_effects(n_traders=8, effect=1.5):
    weights = np.eye(n_traders)
    weights[1:, 0] = effect
    level = np.linspace(-16.0, 16.0, n_traders)
    return LocalEffects(weights, np.linspace(-1.0, 1.0, n_traders), level, width=1.0, sweep=12.0)


def profiles(n_traders, batch=40):
    rng = np.random.default_rng(3)
    return 3 * rng.standard_normal((batch, n_traders)), rng.standard_normal((batch, n_traders))


@pytest.mark.parametrize("interval", [range_at_no_trade, middle_third])
def test_altered_utilities_are_integrals_of_altered_marginal_utilities(interval):
    economy = random_economy(np.random.default_rng(1), 5)
    altered = AlteredUtilities(economy, interval)
    quantity, types = profiles(5)
    rise = altered.utility(quantity + STEP, types) - altered.utility(quantity - STEP, types)
    marginal = altered.marginal_utility(quantity, types)
    assert_allclose(rise / (2 * STEP), marginal, atol=1e-5)
    assert (altered.utility(0 * quantity, types) == 0).all()
    low, high = interval(economy.value(types))
    assert (marginal >= low - DROP).all()
    plain = economy.marginal_utility(quantity, types)
    inside = (plain >= low) & (plain <= high)
    assert inside.any()
    assert_allclose(marginal[inside], plain[inside])
    assert_allclose(altered.slopes(quantity, types)[inside], 1.0)


def test_the_derivatives_of_local_effects():
    economy = local_effects()
    quantity, types = profiles(8)
    rise = economy.utility(quantity + STEP, types) - economy.utility(quantity - STEP, types)
    assert_allclose(rise / (2 * STEP), economy.marginal_utility(quantity, types), atol=1e-6)
    above, below = (economy.marginal_utility(quantity + d, types) for d in (STEP, -STEP))
    assert_allclose(
        (above - below) / (2 * STEP), economy.quantity_slopes(quantity, types), atol=1e-6
    )
    effects = economy.type_effects(quantity, types)
    for trader in (0, 3):
        moved = STEP * np.eye(8)[trader]
        above, below = (economy.marginal_utility(quantity, types + d) for d in (moved, -moved))
        assert_allclose((above - below) / (2 * STEP), effects[:, :, trader], atol=1e-6)
        who = np.full(len(types), trader)
        assert_allclose(economy.effects_of(who, quantity, types), effects[:, :, trader])


def test_effects_are_small_where_marginal_utilities_are_close():
    economy = local_effects(n_traders=30)
    near, far = (local_interdependence(economy, distance) for distance in (0.1, 60.0))
    assert near < 0.15
    # Far apart every trader may be at the own level, and all of the effect is felt.
    assert far == pytest.approx(economy.bounds.interdependence, rel=0.05)
    assert near < local_interdependence(economy, 2.0) < far


@pytest.mark.parametrize("economy", [private_values(4, slope=2.0), fundamental_value(4, 1.0, 2.0)])
def test_no_report_beats_the_exact_best_one(economy):
    mechanism = NaiveWalrasian(economy)
    best = best_reports(mechanism, economy)
    types, others = profiles(4, batch=2)[1]
    reports = others.copy()
    reports[1] = float(best.types[1] @ types + best.reports[1] @ others)
    tried = np.tile(reports, (201, 1))
    tried[:, 1] += np.linspace(-2.0, 2.0, 201)
    outcome = mechanism.clear(Reports(tried))
    worth = economy.utility(outcome.quantity, np.tile(types, (201, 1))) - outcome.transfer
    assert worth[:, 1].argmax() == 100


def test_truthful_mechanisms_leave_nothing_over():
    economy = fundamental_value(4, alpha=1.0, beta=2.0)
    assert not best_reports(SigmaVCG(economy, 0.5), economy).left_over.any()
    assert best_reports(NaiveWalrasian(economy), economy).left_over.any()


@pytest.mark.parametrize("family", [even_market, mixed_market])
@pytest.mark.parametrize("rate", RATES)
def test_large_markets_are_within_their_bounds(family, rate):
    market = family(40, RATES[rate](40))
    weights = market.economy.weights
    on_others = (weights.sum(axis=0) - np.diagonal(weights)) / 39
    assert on_others.max() <= market.bounds.interdependence * (1 + 1e-12)
    assert_allclose(market.economy.efficient_allocation(market.types), market.quantity, atol=1e-12)
    sigma = repaired_slope(market.bounds)
    assert market.surplus(sigma) > -1e-12
    assert market.loss(sigma) > 0


def test_shifted_beliefs_move_expectations_and_spread_ones_do_not():
    shifted, spread_out = (
        believed(np.tile(shape(VALUES), (3, 3, 1)), np.zeros(3))
        for shape in (shift(0, 0.5), spread)
    )
    assert shifted.interdependence == pytest.approx(0.5 * shifted.impact)
    assert spread_out.interdependence == pytest.approx(0.0, abs=1e-12)
    assert spread_out.impact > 0.01
    for beliefs in (shifted, spread_out):
        distribution = beliefs.distribution(np.ones(3))
        assert (np.diff(distribution, axis=1) >= -1e-12).all()
        assert_allclose(distribution[:, [0, -1]], [[0.0, 1.0]] * 3, atol=1e-12)
