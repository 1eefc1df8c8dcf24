"""Double auctions for single units: hand-worked markets, plain loops, menus, known theorems."""

import pickle
from itertools import product

import numpy as np
import pytest
from deviator_cremer_mclean import CremerMcLean
from deviator_trade_reduction import TradeReduction
from helpers.samples import sampled_types
from helpers.unit_markets import (
    entry_fee_double_auction,
    k_double_auction,
    modified_vickrey_double_auction,
    trade_reduction,
    unit_markets,
)
from hypothesis import given
from hypothesis import strategies as st

from deviator.economies import UnitDemands, match_units, private_values, unit_demands
from deviator.errors import InvalidInputError, RefusedError
from deviator.mechanisms import (
    EntryFeeDoubleAuction,
    EntryReports,
    KDoubleAuction,
    ModifiedVickreyDoubleAuction,
    PayAsBid,
    Reports,
    Schedules,
)
from deviator.policies import BestResponse, NumericSearch, exact_gain

REPORT_RULES = (KDoubleAuction, TradeReduction, EntryFeeDoubleAuction)
UNIT_RULES = (*REPORT_RULES, ModifiedVickreyDoubleAuction)


def economy_of(buyers, **settings):
    return UnitDemands(tuple("buyer" if buys else "seller" for buys in buyers), **settings)


def rule_for(kind, buyers, **settings):
    return kind(buyers=tuple(np.flatnonzero(buyers).tolist()), **settings)


# Hand-worked markets of buyers 0 and 1, sellers 2 and 3, or as named. Fees are 1.
# Rows: values, transfers of the k-double auction (k = 1/4), of the trade reduction, of the entry
# fee double auction, of the modified Vickrey double auction with everybody inside.
GOLDEN = {
    # Interval [max(3, 4), min(9, 6)] = [4, 6], k-price 4.5. No third pair: (4 + 6) / 2 = 5 lies
    # between 3 and 9. Net of fees 8, 3 and 4, 7: interval [4, 7].
    "one pair": (
        [9.0, 4.0, 3.0, 6.0],
        [4.5, 0, -4.5, 0],
        [5.0, 0, -5.0, 0],
        [5.0, 0, -6.0, 0],
        [5.0, 1, -5.0, 1],
    ),
    # Both pairs can gain: interval [max(6), min(7)] = [6, 7]. The reduction has no third buyer,
    # leaves out (7, 6), and keeps 7 - 6. Net of fees 8, 6 and 4, 7: one pair, interval [6, 7].
    # All enter: buyers pay 6 and the fee, sellers receive 7 less the fee.
    "two pairs": (
        [9.0, 7.0, 3.0, 6.0],
        [6.25, 6.25, -6.25, -6.25],
        [7.0, 0, -6.0, 0],
        [7.0, 0, -6.0, 0],
        [7.0, 7.0, -6.0, -6.0],
    ),
    "no trade": ([1.0, 2.0, 3.0, 4.0], [0] * 4, [0] * 4, [0] * 4, [1.0] * 4),
    # All equal: no pair gains, so none trades.
    "all tied": ([5.0] * 4, [0] * 4, [0] * 4, [0] * 4, [1.0] * 4),
    # Two buyers tie at 8: the one of the lower index buys, at the tied value; (8 + 9) / 2 = 8.5
    # does not lie below 8, so the reduction trades nothing. Net of fees the tie is at 7.
    "tied buyers": (
        [8.0, 8.0, 3.0, 9.0],
        [8.0, 0, -8.0, 0],
        [0] * 4,
        [8.0, 0, -6.0, 0],
        [9.0, 1, -7.0, 1],
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_hand_worked_markets(name):
    values, k_price, reduced, fees, vickrey = (np.array([row]) for row in GOLDEN[name])
    for rule, expected in (
        (KDoubleAuction(k=0.25), k_price),
        (TradeReduction(), reduced),
        (EntryFeeDoubleAuction(fee=1.0), fees),
    ):
        np.testing.assert_array_equal(rule.clear(Reports(values)).transfer, expected, rule.name)
    entered = EntryReports(values, np.ones_like(values))
    outcome = ModifiedVickreyDoubleAuction(fee=1.0).clear(entered)
    np.testing.assert_array_equal(outcome.transfer, vickrey)


@given(unit_markets(), st.floats(0, 1))
def test_rules_agree_with_plain_loops(market, number):
    """The k-price and fees of any size, tied values among them."""
    buyers, values = market
    enters = (values * 7).round() % 3 > 0
    entered = EntryReports(values, np.where(enters, 0.5, -0.5))
    result = {
        "k": rule_for(KDoubleAuction, buyers, k=number).clear(Reports(values)),
        "reduction": rule_for(TradeReduction, buyers).clear(Reports(values)),
        "fee": rule_for(EntryFeeDoubleAuction, buyers, fee=number / 4).clear(Reports(values)),
        "entry": rule_for(ModifiedVickreyDoubleAuction, buyers, fee=number / 4).clear(entered),
    }
    for row in range(len(values)):
        expected = {
            "k": k_double_auction(values[row], buyers, number),
            "reduction": trade_reduction(values[row], buyers),
            "fee": entry_fee_double_auction(values[row], buyers, number / 4),
            "entry": modified_vickrey_double_auction(values[row], enters[row], buyers, number / 4),
        }
        for name, (quantity, transfer) in expected.items():
            np.testing.assert_array_equal(result[name].quantity[row], quantity, name)
            np.testing.assert_allclose(result[name].transfer[row], transfer, atol=1e-14)


@pytest.mark.parametrize("kind", UNIT_RULES)
def test_a_batch_is_the_loop_over_its_markets(kind):
    rule = rule_for(kind, [False, True, True, False, True])
    economy = economy_of([False, True, True, False, True])
    bids = rule.honest_bids(economy, sampled_types(economy, 300))
    together = rule.clear(bids)
    for market in range(300):
        alone = rule.clear(bids.from_array(bids.as_array()[[market]]))
        np.testing.assert_array_equal(alone.transfer[0], together.transfer[market])
        np.testing.assert_array_equal(alone.quantity[0], together.quantity[market])
        np.testing.assert_array_equal(alone.price[0], together.price[market])


@pytest.mark.parametrize("kind", UNIT_RULES)
@pytest.mark.parametrize("trader", [0, 4])
def test_menus_are_what_a_grid_of_bids_reaches(kind, trader):
    """No bid of a fine grid pays less than the menu, and menu_bid attains it to a hair."""
    rule, economy = kind(), unit_demands(2, 3)
    bids = rule.honest_bids(economy, sampled_types(economy, 40))
    menu = rule.menu(bids, trader)
    grid = np.linspace(-0.5, 1.5, 2001)[None, :, None]
    if kind is ModifiedVickreyDoubleAuction:
        inside = np.concatenate([grid, np.ones_like(grid)], axis=2)
        grid = np.concatenate([inside, inside * [1.0, -1.0]], axis=1)
    result = rule.clear_deviations(bids, trader, np.repeat(grid, 40, axis=0))
    for point, quantity in enumerate(menu.quantity.T):
        same = result.quantity == quantity[:, None]
        paid = np.where(same, result.transfer, np.inf).min(axis=1)
        gap = paid - menu.transfer[:, point]
        assert (gap > -1e-12).all()
        assert (gap[np.isfinite(gap)] < 2e-3).all()
        bid = rule.menu_bid(bids, trader, quantity)
        reached = rule.clear_deviations(bids, trader, bid[:, None])
        np.testing.assert_array_equal(reached.quantity[:, 0], quantity)
        np.testing.assert_allclose(reached.transfer[:, 0], menu.transfer[:, point], atol=1e-12)
    unlisted = (result.quantity[:, :, None] != menu.quantity[:, None]).all(axis=2)
    assert not unlisted.any()


@pytest.mark.parametrize("kind", UNIT_RULES)
def test_the_best_response_gains_what_the_menu_says(kind):
    economy = unit_demands(3, 2, low=2.0, high=5.0)
    rule = rule_for(kind, economy.buyers)
    types = sampled_types(economy, 200)
    bids = rule.honest_bids(economy, types)
    for trader in range(5):
        gain = exact_gain(rule, economy, types, trader=trader)
        bid = BestResponse(rule, economy).bid(types, trader)
        pair = np.stack([bid, bids.of_trader(trader)], axis=1)
        result = rule.clear_deviations(bids, trader, pair)
        side = np.where(economy.buyers[trader], 1, -1) * np.abs(result.quantity)
        utility = side * types[:, [trader]] - result.transfer
        np.testing.assert_allclose(utility[:, 0] - utility[:, 1], gain, atol=1e-9)


@pytest.mark.parametrize("kind", UNIT_RULES)
def test_other_units_and_numbers_describe_the_same_market(kind):
    rule, economy = kind(), unit_demands(2, 3)
    bids = rule.honest_bids(economy, sampled_types(economy, 50))
    outcome = rule.clear(bids)
    restated = rule.rescaled(3.0, 7.0).clear(bids.rescaled(3.0, 7.0))
    np.testing.assert_allclose(restated.quantity, 7 * outcome.quantity)
    np.testing.assert_allclose(restated.transfer, 21 * outcome.transfer, atol=1e-12)
    order = [3, 1, 4, 0, 2]
    renumbered = rule.relabelled(order).clear(bids.relabelled(order))
    np.testing.assert_array_equal(renumbered.transfer, outcome.transfer[:, order])
    assert pickle.loads(pickle.dumps(rule)) == rule


@pytest.mark.parametrize("kind", UNIT_RULES)
def test_rules_refuse_what_they_are_not_for(kind):
    rule = kind(buyers=2)
    with pytest.raises(RefusedError, match=r"is for unit demands, got LinearQuadratic"):
        rule.honest_bids(private_values(4), np.zeros((1, 4)))
    with pytest.raises(RefusedError, match=r"own sides and unit, buyers = \(0, 1, 2\)"):
        rule.honest_bids(unit_demands(3, 2), np.zeros((1, 5)))
    with pytest.raises(RefusedError, match="own sides and unit"):
        rule.honest_bids(unit_demands(2, 2).rescaled(1.0, 2.0), np.zeros((1, 4)))
    with pytest.raises(InvalidInputError, match="takes bids as"):
        rule.clear(Schedules(np.ones((1, 4)), np.ones((1, 4))))
    for buyers, message in ((0, "at least 1"), ((1, 1), "different traders"), ((), "at least one")):
        with pytest.raises(InvalidInputError, match=message):
            kind(buyers=buyers)
    with pytest.raises(InvalidInputError, match="some of the 4 traders and not all"):
        kind(buyers=4).clear(
            rule.language.record.from_array(np.ones((1, 4, rule.language.size(4))))
        )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: KDoubleAuction(k=1.2), "k must be at most 1"),
        (lambda: KDoubleAuction(k=-0.1), "k must be non-negative"),
        (lambda: KDoubleAuction(unit=0.0), "unit must be positive"),
        (lambda: EntryFeeDoubleAuction(fee=-1.0), "fee must be non-negative"),
        (lambda: ModifiedVickreyDoubleAuction(fee=-1.0), "fee must be non-negative"),
        (lambda: ModifiedVickreyDoubleAuction(buyer_cutoff=np.nan), "buyer_cutoff must be finite"),
        (lambda: PayAsBid(floor=0.0), "floor must be positive"),
        (lambda: CremerMcLean(private_values(3), stake=0.0), "stake must be positive"),
        (lambda: CremerMcLean(private_values(3), correlation=-0.5), r"above -1 / \(N - 1\)"),
    ],
)
def test_settings_out_of_range_are_refused(make, message):
    with pytest.raises(InvalidInputError, match=message):
        make()


@pytest.mark.parametrize("k", [0.0, 0.3, 1.0])
def test_k_double_auction_gains_what_moving_the_price_brings(k):
    """A trading buyer can bring the price to the lower end, a seller to the upper.

    Satterthwaite and Williams (1989): at k = 0 buyers, at k = 1 sellers, do not set the price, and
    honesty is a dominant strategy for them. The budget is balanced.
    """
    rule, economy = KDoubleAuction(k=k), unit_demands(3, 3)
    types = sampled_types(economy, 500)
    outcome = rule.clear(rule.honest_bids(economy, types))
    match = match_units(types, economy.buyers)
    width = (match.upper - match.lower)[:, None]
    expected = np.where(economy.buyers, k, 1 - k) * width * np.abs(outcome.quantity)
    np.testing.assert_allclose(exact_gain(rule, economy, types), expected, atol=1e-12)
    np.testing.assert_allclose(outcome.transfer.sum(axis=1), 0.0, atol=1e-12)
    assert (expected > 0.01).any()


@pytest.mark.parametrize("trader", [0, 5])
def test_numeric_search_finds_the_gain_of_the_k_double_auction(trader):
    rule, economy = KDoubleAuction(k=0.5), unit_demands(3, 3)
    types = sampled_types(economy, 200, seed=3)
    exact = exact_gain(rule, economy, types, trader=trader)
    result = NumericSearch(rule, economy, trader).find(types).gain
    assert (result <= exact + 1e-12).all()
    assert result.mean() > 0.99 * exact.mean() > 0


@given(unit_markets())
def test_trade_reduction_is_honest_and_never_in_deficit(market):
    """McAfee (1992), theorem 1: no bid gains, at any profile; the surplus is m - 1 price gaps."""
    buyers, values = market
    rule, economy = rule_for(TradeReduction, buyers), economy_of(buyers)
    assert exact_gain(rule, economy, values).max() <= 1e-15
    outcome = rule.clear(Reports(values))
    utility = economy.utility(outcome.quantity, values) - outcome.transfer
    assert (utility >= 0).all()
    assert (outcome.transfer.sum(axis=1) >= -1e-15).all()
    lost = match_units(values, buyers).pairs - (outcome.quantity > 0).sum(axis=1)
    assert set(lost) <= {0, 1}


def test_honesty_fails_where_the_last_pair_trades_at_its_own_prices():
    """The villain: buyers pay b_(m) and sellers receive s_(m), and nobody is left out."""
    economy = unit_demands(3, 3)
    types = sampled_types(economy, 50)

    def utility(bids):
        trades = match_units(bids, economy.buyers).quantity
        last = np.where(trades > 0, bids, np.inf).min(axis=1)
        return np.where(trades[:, 0] > 0, types[:, 0] - last, 0.0)

    shaded = types.copy()
    shaded[:, 0] = 0.9 * types[:, 0]
    assert (utility(shaded) > utility(types) + 1e-3).any()


def test_numeric_search_finds_nothing_in_the_trade_reduction():
    rule, economy = TradeReduction(), unit_demands(3, 3)
    types = sampled_types(economy, 30)
    for trader in (0, 4):
        assert NumericSearch(rule, economy, trader).find(types).gain.max() <= 1e-15


@given(unit_markets())
def test_vickrey_double_auction_runs_the_stated_deficit(market):
    """Without a fee: honesty is dominant, and the deficit is m (upper - lower)."""
    buyers, values = market
    rule = rule_for(EntryFeeDoubleAuction, buyers, fee=0.0)
    match = match_units(values, buyers)
    outcome = rule.clear(Reports(values))
    expected = np.where(match.pairs > 0, match.pairs * (match.lower - match.upper), 0.0)
    np.testing.assert_allclose(outcome.transfer.sum(axis=1), expected, atol=1e-14)
    assert exact_gain(rule, economy_of(buyers), values).max() <= 1e-15
    assert "efficient" in rule.claims


@given(unit_markets(batch=2), st.floats(0, 0.5))
def test_entry_fees_leave_honesty_best_and_surplus_net_of_fees_largest(market, fee):
    """Example 9's general definition: no allocation has a larger surplus net of the fees."""
    buyers, values = market
    rule, economy = rule_for(EntryFeeDoubleAuction, buyers, fee=fee), economy_of(buyers)
    outcome = rule.clear(Reports(values))
    reached = (values * outcome.quantity - fee * np.abs(outcome.quantity)).sum(axis=1)
    for units in product([0, 1], repeat=len(buyers)):
        quantity = np.where(buyers, units, -np.array(units))
        if quantity.sum() == 0:
            other = (values * quantity - fee * np.abs(quantity)).sum(axis=1)
            assert (other <= reached + 1e-12).all()
    assert exact_gain(rule, economy, values).max() <= 1e-12
    utility = economy.utility(outcome.quantity, values) - outcome.transfer
    assert utility.min() >= -1e-12


def test_entry_fees_of_a_quarter_of_the_range_leave_no_deficit_and_smaller_ones_may():
    economy = unit_demands(2, 2, low=1.0, high=3.0)
    rule, smaller = EntryFeeDoubleAuction(fee=0.5), EntryFeeDoubleAuction(fee=0.49)
    types = np.concatenate([sampled_types(economy, 5000), [[3.0, 1.0, 1.0, 3.0]]])
    budget = rule.clear(Reports(types)).transfer.sum(axis=1)
    assert budget.min() >= -1e-12
    assert smaller.clear(Reports(types)).transfer.sum(axis=1)[-1] == pytest.approx(-0.04)
    assert "budget_surplus" not in rule.claims
    nobody = rule.clear(Reports(np.array([[1.0, 2.0, 1.5, 2.0]])))
    assert not nobody.traded[0]
    assert not nobody.transfer.any()
