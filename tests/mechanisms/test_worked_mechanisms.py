"""The worked mechanisms: certificates, golden markets, oracles, the theorems they are known for."""

import pickle
from itertools import product

import numpy as np
import pytest
from deviator_cremer_mclean import Beliefs, CremerMcLean
from deviator_trade_reduction import TradeReduction
from helpers.oracles import sigma_vcg
from helpers.unit_markets import (
    entry_fee_double_auction,
    k_double_auction,
    modified_vickrey_double_auction,
    trade_reduction,
    unit_markets,
)
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from deviator.economies import (
    UnitDemands,
    fundamental_value,
    linear_quadratic,
    match_units,
    private_values,
    two_groups,
    unit_demands,
)
from deviator.errors import InvalidInputError, RefusedError
from deviator.mechanisms import (
    EntryFeeDoubleAuction,
    EntryReports,
    KDoubleAuction,
    Mechanism,
    ModifiedVickreyDoubleAuction,
    NaiveWalrasian,
    PayAsBid,
    Reports,
    Schedules,
    balancing_fee,
    equilibrium_cutoffs,
    expected_budget,
    marginal_profits,
)
from deviator.policies import BestResponse, NumericSearch, exact_gain

REPORT_RULES = (KDoubleAuction, TradeReduction, EntryFeeDoubleAuction)
UNIT_RULES = (*REPORT_RULES, ModifiedVickreyDoubleAuction)


def economy_of(buyers, **settings):
    return UnitDemands(tuple("buyer" if buys else "seller" for buys in buyers), **settings)


def rule_for(kind, buyers, **settings):
    return kind(buyers=tuple(np.flatnonzero(buyers).tolist()), **settings)


def sampled(economy, batch, seed=0):
    return economy.types().sample(np.random.default_rng(seed), batch)


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
    for rule, wanted in (
        (KDoubleAuction(k=0.25), k_price),
        (TradeReduction(), reduced),
        (EntryFeeDoubleAuction(fee=1.0), fees),
    ):
        np.testing.assert_array_equal(rule.clear(Reports(values)).transfer, wanted, rule.name)
    entered = EntryReports(values, np.ones_like(values))
    outcome = ModifiedVickreyDoubleAuction(fee=1.0).clear(entered)
    np.testing.assert_array_equal(outcome.transfer, vickrey)


@given(unit_markets(), st.floats(0, 1))
def test_rules_agree_with_plain_loops(market, number):
    """The k-price and fees of any size, tied values among them."""
    buyers, values = market
    enters = (values * 7).round() % 3 > 0
    entered = EntryReports(values, np.where(enters, 0.5, -0.5))
    found = {
        "k": rule_for(KDoubleAuction, buyers, k=number).clear(Reports(values)),
        "reduction": rule_for(TradeReduction, buyers).clear(Reports(values)),
        "fee": rule_for(EntryFeeDoubleAuction, buyers, fee=number / 4).clear(Reports(values)),
        "entry": rule_for(ModifiedVickreyDoubleAuction, buyers, fee=number / 4).clear(entered),
    }
    for row in range(len(values)):
        wanted = {
            "k": k_double_auction(values[row], buyers, number),
            "reduction": trade_reduction(values[row], buyers),
            "fee": entry_fee_double_auction(values[row], buyers, number / 4),
            "entry": modified_vickrey_double_auction(values[row], enters[row], buyers, number / 4),
        }
        for name, (quantity, transfer) in wanted.items():
            np.testing.assert_array_equal(found[name].quantity[row], quantity, name)
            np.testing.assert_allclose(found[name].transfer[row], transfer, atol=1e-14)


@pytest.mark.parametrize("kind", UNIT_RULES)
def test_a_batch_is_the_loop_over_its_markets(kind):
    rule = rule_for(kind, [False, True, True, False, True])
    economy = economy_of([False, True, True, False, True])
    bids = rule.honest_bids(economy, sampled(economy, 300))
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
    bids = rule.honest_bids(economy, sampled(economy, 40))
    menu = rule.menu(bids, trader)
    grid = np.linspace(-0.5, 1.5, 2001)[None, :, None]
    if kind is ModifiedVickreyDoubleAuction:
        inside = np.concatenate([grid, np.ones_like(grid)], axis=2)
        grid = np.concatenate([inside, inside * [1.0, -1.0]], axis=1)
    found = rule.clear_deviations(bids, trader, np.repeat(grid, 40, axis=0))
    for point, quantity in enumerate(menu.quantity.T):
        same = found.quantity == quantity[:, None]
        paid = np.where(same, found.transfer, np.inf).min(axis=1)
        gap = paid - menu.transfer[:, point]
        assert (gap > -1e-12).all()
        assert (gap[np.isfinite(gap)] < 2e-3).all()
        bid = rule.menu_bid(bids, trader, quantity)
        reached = rule.clear_deviations(bids, trader, bid[:, None])
        np.testing.assert_array_equal(reached.quantity[:, 0], quantity)
        np.testing.assert_allclose(reached.transfer[:, 0], menu.transfer[:, point], atol=1e-12)
    unlisted = (found.quantity[:, :, None] != menu.quantity[:, None]).all(axis=2)
    assert not unlisted.any()


@pytest.mark.parametrize("kind", UNIT_RULES)
def test_the_best_response_gains_what_the_menu_says(kind):
    economy = unit_demands(3, 2, low=2.0, high=5.0)
    rule = rule_for(kind, economy.buyers)
    types = sampled(economy, 200)
    bids = rule.honest_bids(economy, types)
    for trader in range(5):
        gain = exact_gain(rule, economy, types, trader=trader)
        bid = BestResponse(rule, economy).bid(types, trader)
        pair = np.stack([bid, bids.of_trader(trader)], axis=1)
        found = rule.clear_deviations(bids, trader, pair)
        side = np.where(economy.buyers[trader], 1, -1) * np.abs(found.quantity)
        utility = side * types[:, [trader]] - found.transfer
        np.testing.assert_allclose(utility[:, 0] - utility[:, 1], gain, atol=1e-9)


@pytest.mark.parametrize("kind", UNIT_RULES)
def test_other_units_and_numbers_describe_the_same_market(kind):
    rule, economy = kind(), unit_demands(2, 3)
    bids = rule.honest_bids(economy, sampled(economy, 50))
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
    types = sampled(economy, 500)
    outcome = rule.clear(rule.honest_bids(economy, types))
    match = match_units(types, economy.buyers)
    width = (match.upper - match.lower)[:, None]
    wanted = np.where(economy.buyers, k, 1 - k) * width * np.abs(outcome.quantity)
    np.testing.assert_allclose(exact_gain(rule, economy, types), wanted, atol=1e-12)
    np.testing.assert_allclose(outcome.transfer.sum(axis=1), 0.0, atol=1e-12)
    assert (wanted > 0.01).any()


@pytest.mark.parametrize("trader", [0, 5])
def test_numeric_search_finds_the_gain_of_the_k_double_auction(trader):
    rule, economy = KDoubleAuction(k=0.5), unit_demands(3, 3)
    types = sampled(economy, 200, seed=3)
    exact = exact_gain(rule, economy, types, trader=trader)
    found = NumericSearch(rule, economy, trader).find(types).gain
    assert (found <= exact + 1e-12).all()
    assert found.mean() > 0.99 * exact.mean() > 0


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
    types = sampled(economy, 50)

    def utility(bids):
        trades = match_units(bids, economy.buyers).quantity
        last = np.where(trades > 0, bids, np.inf).min(axis=1)
        return np.where(trades[:, 0] > 0, types[:, 0] - last, 0.0)

    shaded = types.copy()
    shaded[:, 0] = 0.9 * types[:, 0]
    assert (utility(shaded) > utility(types) + 1e-3).any()


def test_numeric_search_finds_nothing_in_the_trade_reduction():
    rule, economy = TradeReduction(), unit_demands(3, 3)
    types = sampled(economy, 30)
    for trader in (0, 4):
        assert NumericSearch(rule, economy, trader).find(types).gain.max() <= 1e-15


@given(unit_markets())
def test_vickrey_double_auction_runs_the_stated_deficit(market):
    """Without a fee: honesty is dominant, and the deficit is m (upper - lower)."""
    buyers, values = market
    rule = rule_for(EntryFeeDoubleAuction, buyers, fee=0.0)
    match = match_units(values, buyers)
    outcome = rule.clear(Reports(values))
    wanted = np.where(match.pairs > 0, match.pairs * (match.lower - match.upper), 0.0)
    np.testing.assert_allclose(outcome.transfer.sum(axis=1), wanted, atol=1e-14)
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
    types = np.concatenate([sampled(economy, 5000), [[3.0, 1.0, 1.0, 3.0]]])
    budget = rule.clear(Reports(types)).transfer.sum(axis=1)
    assert budget.min() >= -1e-12
    assert smaller.clear(Reports(types)).transfer.sum(axis=1)[-1] == pytest.approx(-0.04)
    assert "budget_surplus" not in rule.claims
    nobody = rule.clear(Reports(np.array([[1.0, 2.0, 1.5, 2.0]])))
    assert not nobody.traded[0]
    assert not nobody.transfer.any()


@pytest.mark.parametrize(("n_buyers", "n_sellers"), [(3, 3), (1, 2), (5, 2)])
def test_entry_cutoffs_make_the_marginal_trader_indifferent(n_buyers, n_sellers):
    """In closed form, and by simulation within three standard errors; a wrong cutoff is not."""
    economy = unit_demands(n_buyers, n_sellers, low=1.0, high=3.0)
    rule = ModifiedVickreyDoubleAuction(fee=0.1, buyers=n_buyers)
    cutoffs = equilibrium_cutoffs(0.1, economy)
    np.testing.assert_allclose(marginal_profits(cutoffs, economy), 0.1, atol=1e-12)
    for trader, cutoff, inward in ((0, cutoffs.buyer, 0.15), (n_buyers, cutoffs.seller, -0.15)):
        mean, error = _interim_utility_of_entry(rule, economy, trader, cutoff)
        assert abs(mean) < 3 * error
        mean, error = _interim_utility_of_entry(rule, economy, trader, cutoff + inward)
        assert mean > 3 * error
        mean, error = _interim_utility_of_entry(rule, economy, trader, cutoff - inward)
        assert mean < -3 * error


def _interim_utility_of_entry(rule, economy, trader, value):
    types = sampled(economy, 40_000)
    types[:, trader] = value
    array = rule.honest_bids(economy, types).as_array().copy()
    array[:, trader] = [value, 1.0]
    outcome = rule.clear(EntryReports.from_array(array))
    utility = (economy.utility(outcome.quantity, types) - outcome.transfer)[:, trader]
    return utility.mean(), utility.std() / 200


def test_entry_at_wrong_cutoffs_is_no_equilibrium():
    """Where the others enter too seldom, the marginal trader's profit is not the fee."""
    economy = unit_demands(3, 3)
    low, high = marginal_profits((0.2, 0.8), economy), marginal_profits((0.6, 0.4), economy)
    assert max(low) < 0.05 < min(high)


def test_marginal_profit_in_closed_form():
    """One buyer, two sellers: integral of 1 - (1 - x)^2 up to beta, constant beyond the cutoff."""

    def area(edge):
        return edge - (1 - (1 - edge) ** 3) / 3

    economy = unit_demands(1, 2)
    all_enter, _ = marginal_profits((0.6, 1.0), economy)
    assert all_enter == pytest.approx(area(0.6), abs=1e-14)
    few_enter, _ = marginal_profits((0.6, 0.4), economy)
    assert few_enter == pytest.approx(area(0.4) + 0.2 * (1 - 0.6**2), abs=1e-14)


@pytest.mark.parametrize(("n_buyers", "n_sellers"), [(3, 3), (2, 4)])
def test_the_balancing_fee_covers_the_deficit_on_average(n_buyers, n_sellers):
    economy = unit_demands(n_buyers, n_sellers, low=1.0, high=3.0)
    rule = ModifiedVickreyDoubleAuction.balanced(economy)
    assert rule.fee == pytest.approx(balancing_fee(economy))
    for fee, balanced in ((rule.fee, True), (0.9 * rule.fee, False)):
        tried = ModifiedVickreyDoubleAuction(fee=fee, buyers=n_buyers)
        types = sampled(economy, 100_000)
        budget = tried.clear(tried.honest_bids(economy, types)).transfer.sum(axis=1)
        error = budget.std() / np.sqrt(len(budget))
        stated = expected_budget(fee, equilibrium_cutoffs(fee, economy), economy)
        assert abs(budget.mean() - stated) < 3 * error
        assert (abs(stated) < 1e-9) == balanced


def test_entry_in_other_units_is_the_same():
    economy = unit_demands(3, 3)
    restated = economy.rescaled(3.0, 7.0)
    assert balancing_fee(restated) == pytest.approx(21 * balancing_fee(economy))
    left, right = equilibrium_cutoffs(0.05, economy), equilibrium_cutoffs(1.05, restated)
    np.testing.assert_allclose(right, 3 * np.array(left))


def test_too_high_a_fee_leaves_no_entry():
    with pytest.raises(RefusedError, match="leaves none for 2 buyers and 2 sellers"):
        equilibrium_cutoffs(0.6, unit_demands(2, 2))


def test_paying_for_nothing_is_an_ex_post_regret():
    """With a fee nothing is claimed; without, everybody enters and Vickrey's promises hold."""
    economy = unit_demands(3, 3)
    types = sampled(economy, 200)
    rule, free = ModifiedVickreyDoubleAuction(fee=0.05), ModifiedVickreyDoubleAuction(fee=0.0)
    gain = exact_gain(rule, economy, types)
    outcome = rule.clear(rule.honest_bids(economy, types))
    idle = (outcome.quantity == 0) & (outcome.transfer > 0)
    assert idle.any()
    np.testing.assert_allclose(gain[idle], np.maximum(gain[idle], 0.05))
    assert not rule.claims
    assert exact_gain(free, economy, types).max() <= 1e-15
    assert free.claims == {"truthful", "individually_rational", "efficient"}
    assert (free.honest_bids(economy, types).entry > 0).all()


def mixed_private_values():
    return linear_quadratic(np.diag([1.0, 1.2, 0.8, 1.0]), [1.0, 0.7, 2.0, 1.4], [0.3, 0, -0.2, 1])


def test_pay_as_bid_by_hand():
    """u = s q - q^2 / 2, types (3, 0, 0): p = 1, quantities (2, -1, -1), areas 6 - 2 and -1/2.

    The residual line of trader 0 is x / 2. With a floor of 1/2 he gains 9 / (2 (1 + 1 + 1/2)).
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
    types = sampled(economy, 6)
    bids = rule.honest_bids(economy, types)
    for trader in range(4):
        gain = exact_gain(rule, economy, types, trader=trader)
        menu = rule.menu(bids, trader)
        slope = economy.slope[trader]
        value = economy.value(types)[:, trader]
        wanted = (value - menu.intercept) ** 2 / (2 * (slope + 2 * menu.slope + floor))
        np.testing.assert_allclose(gain, wanted, rtol=1e-10)
        bid = BestResponse(rule, economy).bid(types, trader)
        np.testing.assert_allclose(bid[:, 1], 1 / floor)
        found = rule.clear_deviations(bids, trader, bid[:, None])
        quantity, paid = found.quantity[:, 0], found.transfer[:, 0]
        np.testing.assert_allclose(value * quantity - slope * quantity**2 / 2 - paid, gain)
        for market in range(2):
            one = bids.from_array(bids.as_array()[[market]])
            searched = _searched_gain(rule, one, trader, value[market], slope, floor)
            assert gain[market] * 0.999 < searched <= gain[market] + 1e-9


def _searched_gain(rule, bids, trader, value, slope, floor):
    def loss(numbers):
        candidate = np.array([[[numbers[0], 1 / (floor + numbers[1] ** 2)]]])
        found = rule.clear_deviations(bids, trader, candidate)
        quantity = found.quantity[0, 0]
        return -(value * quantity - slope * quantity**2 / 2 - found.transfer[0, 0])

    starts = [[0.0, 0.1], [1.0, 1.0]]
    options = {"maxiter": 4000, "xatol": 1e-9, "fatol": 1e-12}
    return -min(minimize(loss, x, method="Nelder-Mead", options=options).fun for x in starts)


def test_pay_as_bid_leaves_the_honest_nothing_and_no_deficit():
    rule, economy = PayAsBid(), mixed_private_values()
    types = sampled(economy, 300)
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
    bids = rule.honest_bids(economy, sampled(economy, 20))
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
    bids = rule.honest_bids(economy, sampled(economy, 10))
    restated = rule.rescaled(3.0, 7.0)
    assert restated.floor == pytest.approx(0.5 * 3 / 7)
    np.testing.assert_allclose(
        restated.clear(bids.rescaled(3.0, 7.0)).transfer, 21 * rule.clear(bids).transfer
    )


def test_numeric_search_keeps_to_the_floor():
    rule, economy = PayAsBid(floor=0.5), private_values(3)
    types = sampled(economy, 20)
    found = NumericSearch(rule, economy, 0).find(types).gain
    exact = exact_gain(rule, economy, types, trader=0)
    assert (found <= exact + 1e-12).all()
    assert found.mean() > 0.99 * exact.mean()


BELIEVED = [
    (private_values(3), {"correlation": 0.5}),
    (two_groups(4), {"mean": 0.4, "deviation": 1.3, "correlation": 0.3, "stake": 0.7}),
    (two_groups(4), {"mean": -1.0, "correlation": -0.2}),
]


def conditional_profiles(law, trader, own):
    """Profiles whose average gives E[. | s_i] of anything quadratic exactly: mean +- sqrt(n) L."""
    others = [j for j in range(len(law.mean)) if j != trader]
    with_own = law.covariance[others, trader] / law.covariance[trader, trader]
    mean = law.mean[others] + with_own * (own - law.mean[trader])
    spread = law.covariance[np.ix_(others, others)] - np.outer(
        with_own, law.covariance[trader, others]
    )
    steps = np.sqrt(len(others)) * np.linalg.cholesky(spread).T
    profiles = np.full((2 * len(others), len(law.mean)), float(own))
    profiles[:, others] = np.concatenate([mean + steps, mean - steps])
    return profiles


def interim(auction, economy, law, trader, own, report):
    types = conditional_profiles(law, trader, own)
    reports = types.copy()
    reports[:, trader] = report
    outcome = auction.clear(Reports(reports))
    return (economy.utility(outcome.quantity, types) - outcome.transfer)[:, trader].mean()


def test_cremer_mclean_by_hand():
    """N = 3, u = s q - q^2 / 2, correlation 1/2, stake 1, reports (1, 0, -1).

    U(r; s) = (5 s / 6 - 2 r / 3)(2 r / 3 - s / 3) + 1/9, r2 = 1/3, var = 2/9, gamma = -13/2. Trader
    0 has e = -2/3: his bet pays -1/6 + 4/9 - 13/9; trader 1 has e = 0: -1/9 + 13/9.
    """
    outcome = CremerMcLean(private_values(3)).clear(Reports(np.array([[1.0, 0.0, -1.0]])))
    np.testing.assert_allclose(outcome.transfer, [[7 / 6, -4 / 3, 7 / 6]])


@pytest.mark.parametrize(("economy", "settings"), BELIEVED)
def test_bets_take_all_surplus_and_the_stake_under_the_beliefs(economy, settings):
    """Type s who reports r expects -stake (s - r)^2; so the interim gain is 0, and so is utility."""
    auction = CremerMcLean(economy, **settings)
    law = auction.beliefs.law()
    for trader, own, report in product(range(2), (-1.5, 0.3), (-1.5, 0.8)):
        expected = interim(auction, economy, law, trader, own, report)
        assert expected == pytest.approx(-auction.stake * (own - report) ** 2, abs=1e-11)
    types = law.sample(np.random.default_rng(0), 50)
    gain = exact_gain(auction, economy, types, information="own", distribution=law)
    assert gain.max() < 1e-20


@pytest.mark.parametrize(("economy", "settings"), BELIEVED)
def test_bets_are_neither_honest_nor_free_elsewhere(economy, settings):
    """At single profiles, under another correlation, and without bets there is something to gain."""
    auction = CremerMcLean(economy, **settings)
    law = auction.beliefs.law()
    types = law.sample(np.random.default_rng(0), 50)
    assert exact_gain(auction, economy, types).mean() > 0.05
    outcome = auction.clear(Reports(types))
    utility = economy.utility(outcome.quantity, types) - outcome.transfer
    assert utility.min() < -0.05
    assert outcome.transfer.sum(axis=1).min() < -0.05
    other = Beliefs(economy.n_traders, auction.mean, auction.deviation, 0.15).law()
    own = {"information": "own", "distribution": other}
    assert exact_gain(auction, economy, types, **own).mean() > 1e-3
    assert abs(interim(auction, economy, other, 0, 1.0, 1.0)) > 1e-3
    plain = NaiveWalrasian(economy)
    own = {"information": "own", "distribution": law}
    assert exact_gain(plain, economy, types, **own).mean() > 1e-3
    assert interim(plain, economy, law, 0, 1.0, 1.0) > 1e-3


@pytest.mark.parametrize(("economy", "settings"), BELIEVED)
def test_bets_agree_with_expectations_taken_numerically(economy, settings):
    """The oracle: Walrasian outcomes by loops, U by averages, its derivatives by differences."""
    auction = CremerMcLean(economy, **settings)
    beliefs, law = auction.beliefs, auction.beliefs.law()
    rho, n = beliefs.correlation, economy.n_traders
    r2 = (n - 1) * rho**2 / (1 + (n - 2) * rho)
    var = r2 * (1 - r2) * beliefs.deviation**2
    plain = NaiveWalrasian(economy)
    reports = np.array([0.9, -0.4, 0.2, 0.6][:n])
    outcome = auction.clear(Reports(reports[None]))
    for i in range(n):
        r = reports[i]

        def utility(own, i=i, r=r):
            return interim(plain, economy, law, i, own, r)

        first = (utility(r + 1) - utility(r - 1)) / 2
        second = utility(r + 1) - 2 * utility(r) + utility(r - 1)
        seen = np.delete(reports, i) - beliefs.mean
        error = rho / (1 + (n - 2) * rho) * seen.sum() - r2 * (r - beliefs.mean)
        gamma = -(second / 2 + auction.stake) / r2**2
        bet = -utility(r) - first / r2 * error + gamma * (error**2 - var)
        price, quantity, *_ = sigma_vcg(
            economy.weights, economy.slope, economy.intercept, 0, reports
        )
        assert outcome.quantity[0, i] == pytest.approx(quantity[i], abs=1e-12)
        assert outcome.transfer[0, i] == pytest.approx(price * quantity[i] - bet, abs=1e-10)


def test_the_cremer_mclean_menu_is_what_reports_reach():
    economy = two_groups(4)
    auction = CremerMcLean(economy, mean=0.4, correlation=0.3)
    bids = Reports(sampled(economy, 20))
    for trader in range(4):
        menu = auction.menu(bids, trader)
        reports = np.linspace(-2, 2, 9)[None, :, None].repeat(20, axis=0)
        found = auction.clear_deviations(bids, trader, reports)
        for place in range(9):
            np.testing.assert_allclose(
                menu.transfer(found.quantity[:, place]), found.transfer[:, place], atol=1e-10
            )
    best = BestResponse(auction, economy).bid(bids.types, 0)
    found = auction.clear_deviations(
        bids, 0, np.stack([best[:, 0], bids.types[:, 0]], 1)[:, :, None]
    )
    quantity = np.zeros((20, 4))
    utility = []
    for place in range(2):
        quantity[:, 0] = found.quantity[:, place]
        utility.append(economy.utility(quantity, bids.types)[:, 0] - found.transfer[:, place])
    gain = exact_gain(auction, economy, bids.types, trader=0)
    np.testing.assert_allclose(utility[0] - utility[1], gain, atol=1e-9)


def test_no_correlation_leaves_nothing_to_bet_on():
    with pytest.raises(RefusedError, match="bets need beliefs that depend on the own type"):
        CremerMcLean(private_values(3), correlation=0.0)


def test_bets_in_other_units():
    economy = two_groups(4)
    auction = CremerMcLean(economy, mean=0.4, correlation=0.3, stake=0.6)
    bids = Reports(sampled(economy, 20))
    restated = auction.rescaled(3.0, 7.0).clear(bids.rescaled(3.0, 7.0))
    np.testing.assert_allclose(restated.transfer, 21 * auction.clear(bids).transfer, rtol=1e-9)


def test_markets_where_nobody_trades_pass_the_check_of_clearing():
    """Equal types: quantities are rounding errors, and so is their sum."""
    rule = NaiveWalrasian(fundamental_value(3, beta=0.7))
    types = np.array([[0.8, 0.8, 0.8], [1.0, 0.1, -0.4]])
    candidates = np.array([[[0.8]], [[0.7]]])
    outcome = Mechanism.clear_deviations(rule, Reports(types), 0, candidates)
    assert outcome.quantity[0, 0] == pytest.approx(0, abs=1e-14)
