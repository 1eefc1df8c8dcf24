"""Spreads and entry fees: who trades, and where they are refused."""

from itertools import combinations

import numpy as np
import pytest
from helpers.direct_markets import GENERAL
from helpers.samples import normal_types
from hypothesis import given, settings
from hypothesis import strategies as st

from deviator.economies import (
    affects_others_alike,
    factored,
    heterogeneous,
    linear_quadratic,
    private_values,
    single_crossing_violation,
    two_groups,
)
from deviator.errors import RefusedError
from deviator.mechanisms import EntryFeeVCG, Reports, SpreadVCG

TWO_IN_EACH = two_groups(4, alpha=1.0, beta=1.55, slope=1.0)


@given(st.integers(0, 10_000), st.floats(0, 2), st.integers(3, 7))
@settings(max_examples=40, deadline=None)
def test_a_spread_clears_at_bid_and_ask_or_nobody_trades(seed, half_spread, n):
    rng = np.random.default_rng(seed)
    own = rng.uniform(0.5, 1.5, n)
    weights = own * rng.uniform(0, 0.9, (n, n))
    np.fill_diagonal(weights, own)
    economy = linear_quadratic(weights, rng.uniform(0.5, 2, n), rng.normal(size=n))
    types = rng.standard_normal((20, n))
    price, quantity = SpreadVCG(economy, half_spread).allocate(types)
    marginal = economy.marginal_utility(quantity, types) - price[:, None]
    side = np.sign(quantity)
    assert np.abs(quantity.sum(axis=1)).max() < 1e-12
    assert np.abs(marginal - side * half_spread)[side != 0].max(initial=0) < 1e-12
    assert np.abs(marginal)[side == 0].max(initial=0) <= half_spread + 1e-12
    idle = np.ptp(economy.value(types), axis=1) <= 2 * half_spread
    np.testing.assert_array_equal(idle, (quantity == 0).all(axis=1))


def best_set(economy, fee, types):
    """Quantities of the largest total less fees, one market, every set of traders tried."""
    value, best, n = economy.value(types[None])[0], (0.0, np.zeros(len(types))), len(types)
    for size in range(2, n + 1):
        for chosen in map(list, combinations(range(n), size)):
            y = 1 / economy.slope[chosen]
            price = value[chosen] @ y / y.sum()
            quantity = np.zeros(n)
            quantity[chosen] = y * (value[chosen] - price)
            total = value @ quantity - economy.slope @ quantity**2 / 2 - fee * size
            best = max(best, (total, quantity), key=lambda pair: pair[0])
    return best[1]


@pytest.mark.parametrize(
    "economy",
    [private_values(6), heterogeneous(6), linear_quadratic(np.eye(5), [0.5, 0.8, 1.0, 1.5, 2.0])],
)
@pytest.mark.parametrize("fee", [0.0, 0.05, 0.3])
def test_an_entry_fee_leaves_the_best_of_all_sets_of_traders(economy, fee):
    types = normal_types(60, economy.n_traders, seed=3)
    rule = EntryFeeVCG(economy, fee)
    result = rule.allocate(types).quantity
    brute = np.array([best_set(economy, fee, profile) for profile in types])
    np.testing.assert_allclose(result, brute, atol=1e-12)
    clearing = rule.price_clearing(types)
    np.testing.assert_allclose(
        clearing.quantity[clearing.exists], brute[clearing.exists], atol=1e-12
    )
    assert np.isnan(clearing.price[~clearing.exists]).all()
    assert clearing.exists.all() == (fee == 0)


def test_where_the_fee_market_falls_in_the_own_type_it_is_refused_with_the_witness():
    """mathematics: N = 4, alpha = 1, weight .775 within groups, phi = .3: q_1 falls at s_1 = .75."""
    rng = np.random.default_rng(5)
    rule, types = EntryFeeVCG(TWO_IN_EACH, 0.3), 2 * rng.standard_normal((200, 4))
    with pytest.raises(
        RefusedError, match=r"trader \d's falls from .* as its type rises"
    ) as caught:
        rule.clear(Reports(types))
    text = str(caught.value)
    trader = int(text.split("trader ")[1].split("'")[0])
    pair = np.tile([float(s) for s in text.split("[")[1].split("]")[0].split(",")], (2, 1))
    pair[1, trader] = float(text.split("rises to ")[1].split(" ")[0])
    stated = [float(text.split(word)[1].split(" ")[0]) for word in ("falls from ", " to ")]
    assert pair[1, trader] > pair[0, trader]
    assert stated[1] < stated[0]
    np.testing.assert_allclose(rule.allocate(pair).quantity[:, trader], stated, atol=1e-4)
    assert "truthful" not in rule.claims


def test_single_crossing_decides_whether_spreads_leave_quantities_monotone():
    crossing = linear_quadratic([[1, 0, 0], [1.3, 2, 0], [0, 0, 2]], 1.0)
    assert single_crossing_violation(crossing) == (0, 1)
    # Only traders 0 and 1 trade: the price rises by more than the own value.
    types = crossing.types_behind(np.array([[2.0, -2.0, 0.0]]))
    with pytest.raises(RefusedError, match="weaken the interdependence"):
        SpreadVCG(crossing, 1.5).clear(Reports(types))
    assert "truthful" not in SpreadVCG(crossing, 1.5).claims
    assert "truthful" in SpreadVCG(GENERAL, 1.5).claims
    alike = factored([1.0] * 3, [[0.1]] * 3, [[1.0, 0.5, 0.2]], 1.0)
    assert single_crossing_violation(alike) is None
    assert affects_others_alike(alike)
    assert not affects_others_alike(GENERAL)


def test_a_spread_is_refused_whatever_profile_is_cleared_where_a_quantity_falls_somewhere():
    """Trader 0's type moves trader 4 by 1.4: where those two trade alone, quantity 0 falls."""
    crossing = linear_quadratic(np.eye(5) + 1.4 * np.outer(np.eye(5)[4], np.eye(5)[0]), 1.0)
    rule = SpreadVCG(crossing, 0.3)
    for reports in ([1.0, 0.0, 0.0, 0.0, -2.4], [0.0] * 5):
        with pytest.raises(RefusedError, match="trader 0's falls from"):
            rule.clear(Reports([reports]))
    fall = rule.monotonicity_violation()
    pair = np.stack([fall.types, fall.types])
    pair[1, fall.trader] = fall.higher
    quantities = rule.allocate(pair).quantity[:, fall.trader]
    np.testing.assert_allclose(quantities, [fall.quantity, fall.lower_quantity], atol=1e-12)
    assert fall.lower_quantity < fall.quantity
    assert SpreadVCG(GENERAL, 0.3).monotonicity_violation() is None


def test_where_a_fee_alone_lets_quantities_fall_the_reason_is_named():
    economy = linear_quadratic([[1, 0.2, 0], [0, 1, 0], [0, 0, 1]], 1.0)
    assert "Examples 1 and 3" in EntryFeeVCG(economy, 0.1)._why_quantities_fall()
