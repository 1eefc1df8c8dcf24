"""Markets for single units: utilities, who trades, at what prices."""

from itertools import product

import numpy as np
import pytest
from helpers.unit_markets import clearing_interval, ranked, unit_markets
from hypothesis import given

from deviator.economies import (
    UnitDemands,
    check_assumptions,
    holding_threshold,
    match_units,
    unit_demands,
)
from deviator.errors import InvalidInputError


@given(unit_markets())
def test_matching_is_what_sorting_both_sides_gives(market):
    buyers, values = market
    match = match_units(values, buyers)
    for row in range(len(values)):
        bids, asks, pairs = ranked(values[row], buyers)
        lower, upper = clearing_interval(bids, asks, pairs)
        assert (match.pairs[row], match.lower[row], match.upper[row]) == (pairs, lower, upper)
    assert (match.quantity.sum(axis=1) == 0).all()
    assert (np.where(buyers, match.quantity, -match.quantity) >= 0).all()


@given(unit_markets())
def test_the_threshold_is_where_a_trader_starts_to_hold_a_unit(market):
    buyers, values = market
    for trader in range(len(buyers)):
        edge = holding_threshold(values, buyers, trader)
        for toward, holds in ((np.inf, 1), (-np.inf, 0)):
            moved = values.copy()
            moved[:, trader] = np.nextafter(edge, toward)
            held = match_units(moved, buyers).quantity[:, trader] + ~buyers[trader]
            np.testing.assert_array_equal(held, holds)


@given(unit_markets())
def test_no_feasible_allocation_is_better_than_the_efficient_one(market):
    buyers, values = market
    economy = UnitDemands(tuple("buyer" if buys else "seller" for buys in buyers))
    best = economy.utility(economy.efficient_allocation(values), values).sum(axis=1)
    for units in product([0, 1], repeat=len(buyers)):
        quantity = np.where(buyers, units, -np.array(units))
        if quantity.sum() == 0:
            reached = economy.utility(np.broadcast_to(1.0 * quantity, values.shape), values)
            assert (reached.sum(axis=1) <= best + 1e-12).all()


@pytest.mark.parametrize("seed", range(3))
def test_short_sales_and_second_units_do_not_pay(seed):
    """Whatever quantities sum to 0, feasible or not, the efficient allocation is worth more."""
    economy = unit_demands(3, 2)
    rng = np.random.default_rng(seed)
    types = economy.types().sample(rng, 200)
    quantity = rng.normal(scale=2.0, size=types.shape)
    quantity -= quantity.mean(axis=1, keepdims=True)
    best = economy.utility(economy.efficient_allocation(types), types).sum(axis=1)
    assert (economy.utility(quantity, types).sum(axis=1) <= best + 1e-12).all()
    free_short_sales = types * np.minimum(quantity, np.where(economy.buyers, 1.0, 0.0))
    assert (free_short_sales.sum(axis=1) > best).any()


@pytest.mark.parametrize("unit", [1.0, 2.5])
def test_derivatives_are_those_of_utility(unit):
    economy = UnitDemands(("buyer", "seller", "buyer", "seller"), unit=unit)
    rng = np.random.default_rng(0)
    types = rng.uniform(0, 1.5, size=(300, 4))
    quantity = unit * rng.normal(scale=1.5, size=(300, 4))
    step = 1e-7
    slope = (economy.utility(quantity + step, types) - economy.utility(quantity - step, types)) / (
        2 * step
    )
    np.testing.assert_allclose(economy.marginal_utility(quantity, types), slope, atol=1e-6)
    effects = economy.type_effects(quantity, types)
    for trader in range(4):
        raised = types.copy()
        raised[:, trader] += step
        change = economy.marginal_utility(quantity, raised) - economy.marginal_utility(
            quantity, types
        )
        np.testing.assert_allclose(effects[:, :, trader], change / step, atol=1e-6)
    assert (economy.quantity_slopes(quantity, types) == 0).all()


def test_utility_is_concave_and_worth_nothing_without_trade():
    economy = unit_demands(2, 2)
    types = np.broadcast_to([0.2, 0.9, 0.4, 1.3], (400, 4))
    grid = np.broadcast_to(np.linspace(-3, 3, 400)[:, None], (400, 4))
    bend = np.diff(economy.utility(grid, types), n=2, axis=0)
    assert bend.max() < 1e-12
    assert (economy.utility(np.zeros((1, 4)), types[:1]) == 0).all()


def test_values_are_of_a_bounded_set():
    economy = unit_demands(2, 2, low=0.5, high=2.0)
    np.testing.assert_array_equal(economy.type_set, [[0.5] * 4, [2.0] * 4])
    np.testing.assert_array_equal(economy.types().support, economy.type_set)
    result = check_assumptions(economy)["INF"]
    assert result.verdict == "fails"
    assert "trader 0 is in [0.5, 2]" in result.witness


def test_other_units_and_names_describe_the_same_traders():
    economy = UnitDemands(("buyer", "seller", "seller"), low=0.2, high=0.8)
    types = economy.types().sample(np.random.default_rng(0), 50)
    assert types.min() > 0.2
    assert types.max() < 0.8
    quantity = economy.efficient_allocation(types)
    restated = economy.rescaled(3.0, 5.0)
    np.testing.assert_allclose(restated.efficient_allocation(3 * types), 5 * quantity)
    np.testing.assert_allclose(
        restated.utility(5 * quantity, 3 * types), 15 * economy.utility(quantity, types)
    )
    assert restated.types().high[0] == pytest.approx(2.4)
    order = [2, 0, 1]
    renumbered = economy.relabelled(order)
    assert renumbered.roles == ("seller", "buyer", "seller")
    assert renumbered.trader_of_role("buyer") == 1
    np.testing.assert_array_equal(
        renumbered.efficient_allocation(types[:, order]), quantity[:, order]
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: unit_demands(1, 1), "at least 3"),
        (lambda: unit_demands(0, 3), "n_buyers must be at least 1"),
        (lambda: UnitDemands(("buyer",) * 3), "at least one of each"),
        (lambda: UnitDemands(("buyer", "seller", "broker")), "'buyer' or 'seller'"),
        (lambda: unit_demands(2, 2, low=0.5, high=0.5), "low must be below high"),
        (lambda: unit_demands(2, 2, low=-0.5), "non-negative"),
        (lambda: UnitDemands(("buyer", "seller", "seller"), unit=0), "unit must be positive"),
        (lambda: unit_demands(2, 2).trader_of_role("small"), "buyer, seller"),
    ],
)
def test_malformed_markets_are_refused(make, message):
    with pytest.raises(InvalidInputError, match=message):
        make()
