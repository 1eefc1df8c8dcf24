"""Pay as bid: golden markets, closed forms of gains, and the floor on slopes."""

import numpy as np
import pytest
from helpers.samples import sampled_types
from scipy.optimize import minimize

from deviator.economies import linear_quadratic, private_values, two_groups
from deviator.errors import InvalidInputError, RefusedError
from deviator.mechanisms import PayAsBid, Reports, Schedules
from deviator.policies import BestResponse, NumericSearch, exact_gain


def mixed_private_values():
    return linear_quadratic(np.diag([1.0, 1.2, 0.8, 1.0]), [1.0, 0.7, 2.0, 1.4], [0.3, 0, -0.2, 1])


def test_pay_as_bid_by_hand():
    """u = s q - q^2 / 2, types (3, 0, 0): p = 1, quantities (2, -1, -1), areas 6 - 2 and -1/2.

    The residual line of trader 0 is x / 2. With a floor of 1/2 the gain is 9 / (2 (1 + 1 + 1/2)).
    """
    rule, economy = PayAsBid(floor=0.5), private_values(3)
    types = np.array([[3.0, 0.0, 0.0], [2.0, 2.0, 2.0]])
    outcome = rule.clear(rule.honest_bids(economy, types))
    np.testing.assert_allclose(outcome.transfer, [[4.0, -0.5, -0.5], [0, 0, 0]], atol=1e-15)
    gain = exact_gain(rule, economy, types)
    np.testing.assert_allclose(gain[:, 0], [1.8, 0.0], atol=1e-15)


@pytest.mark.parametrize("floor", [0.05, 0.5])
def test_pay_as_bid_gains_are_the_closed_form_and_what_a_search_finds(floor):
    """(v_i - a)^2 / (2 (mu_i + 2 k + c)), by a bid of slope c (mathematics, section 4)."""
    rule, economy = PayAsBid(floor), mixed_private_values()
    types = sampled_types(economy, 6)
    bids = rule.honest_bids(economy, types)
    for trader in range(4):
        gain = exact_gain(rule, economy, types, trader=trader)
        menu = rule.menu(bids, trader)
        slope = economy.slope[trader]
        value = economy.value(types)[:, trader]
        expected = (value - menu.intercept) ** 2 / (2 * (slope + 2 * menu.slope + floor))
        np.testing.assert_allclose(gain, expected, rtol=1e-10)
        bid = BestResponse(rule, economy).bid(types, trader)
        np.testing.assert_allclose(bid[:, 1], 1 / floor)
        result = rule.clear_deviations(bids, trader, bid[:, None])
        quantity, paid = result.quantity[:, 0], result.transfer[:, 0]
        np.testing.assert_allclose(value * quantity - slope * quantity**2 / 2 - paid, gain)
        for market in range(2):
            one = bids.from_array(bids.as_array()[[market]])
            searched = _searched_gain(rule, one, trader, value[market], slope, floor)
            assert gain[market] * 0.999 < searched <= gain[market] + 1e-9


def _searched_gain(rule, bids, trader, value, slope, floor):
    def loss(numbers):
        candidate = np.array([[[numbers[0], 1 / (floor + numbers[1] ** 2)]]])
        result = rule.clear_deviations(bids, trader, candidate)
        quantity = result.quantity[0, 0]
        return -(value * quantity - slope * quantity**2 / 2 - result.transfer[0, 0])

    starts = [[0.0, 0.1], [1.0, 1.0]]
    options = {"maxiter": 4000, "xatol": 1e-9, "fatol": 1e-12}
    return -min(minimize(loss, x, method="Nelder-Mead", options=options).fun for x in starts)


def test_pay_as_bid_leaves_the_honest_nothing_and_no_deficit():
    rule, economy = PayAsBid(), mixed_private_values()
    types = sampled_types(economy, 300)
    outcome = rule.clear(rule.honest_bids(economy, types))
    utility = economy.utility(outcome.quantity, types) - outcome.transfer
    np.testing.assert_allclose(utility, 0.0, atol=1e-12)
    surplus = 0.5 * (economy.slope * outcome.quantity**2).sum(axis=1)
    np.testing.assert_allclose(outcome.transfer.sum(axis=1), surplus, atol=1e-12)
    assert (surplus > 0).all()
    np.testing.assert_allclose(outcome.quantity, economy.efficient_allocation(types), atol=1e-12)


def test_pay_as_bid_agrees_with_integrating_each_demand():
    """The oracle: bisect for the price, integrate the submitted demand by its midpoint."""
    rule, economy = PayAsBid(), mixed_private_values()
    bids = rule.honest_bids(economy, sampled_types(economy, 20))
    outcome = rule.clear(bids)
    for market in range(20):
        level, steepness = bids.level[market], bids.steepness[market]
        low, high = -100.0, 100.0
        for _ in range(100):
            price = (low + high) / 2
            low, high = (price, high) if (level - steepness * price).sum() > 0 else (low, price)
        for trader in range(4):
            quantity = level[trader] - steepness[trader] * price
            middle = (level[trader] - quantity / 2) / steepness[trader]
            assert outcome.transfer[market, trader] == pytest.approx(middle * quantity, abs=1e-9)


def test_flatter_bids_than_the_floor_are_refused():
    rule = PayAsBid(floor=0.5)
    flat = Schedules(np.ones((1, 3)), np.array([[1.0, 1.0, 2.5]]))
    with pytest.raises(InvalidInputError, match=r"steepness at most 2.0, got steepness 2.5"):
        rule.clear(flat)
    fine = Schedules(np.ones((1, 3)), np.ones((1, 3)))
    with pytest.raises(InvalidInputError, match="got steepness 3"):
        rule.clear_deviations(fine, 0, np.array([[[1.0, 3.0]]]))
    with pytest.raises(InvalidInputError, match="takes bids as Schedules"):
        rule.clear(Reports(np.ones((1, 3))))
    with pytest.raises(RefusedError, match=r"at least as steep as the floor 0.5, got slope 0.4"):
        rule.honest_bids(private_values(3, slope=0.4), np.zeros((1, 3)))
    with pytest.raises(RefusedError, match="private values only"):
        rule.honest_bids(two_groups(4), np.zeros((1, 4)))
    candidates = np.array([[[1.0, 9.0], [1.0, -1.0], [1.0, 1.5]]])
    allowed = rule.language.admissible(candidates, np.array([[1.0, 1.0]]))
    np.testing.assert_allclose(allowed[0, :, 1], [2.0, 1e-3, 1.5])
    ranges = rule.language.coordinate_ranges(5.0, 1.0, np.ones(3), np.array([1.0, 1.5]))
    np.testing.assert_allclose(ranges, [5.0, 0.5])


def test_pay_as_bid_in_other_units():
    rule, economy = PayAsBid(floor=0.5), mixed_private_values()
    bids = rule.honest_bids(economy, sampled_types(economy, 10))
    restated = rule.rescaled(3.0, 7.0)
    assert restated.floor == pytest.approx(0.5 * 3 / 7)
    np.testing.assert_allclose(
        restated.clear(bids.rescaled(3.0, 7.0)).transfer, 21 * rule.clear(bids).transfer
    )


def test_numeric_search_keeps_to_the_floor():
    rule, economy = PayAsBid(floor=0.5), private_values(3)
    types = sampled_types(economy, 20)
    result = NumericSearch(rule, economy, 0).find(types).gain
    exact = exact_gain(rule, economy, types, trader=0)
    assert (result <= exact + 1e-12).all()
    assert result.mean() > 0.99 * exact.mean()
