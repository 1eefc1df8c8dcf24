"""Auctions of several units: worked examples, plain loops, menus beside all bids, honest bids."""

import pickle
from fractions import Fraction

import numpy as np
import pytest
from helpers.several_units import (
    all_bids,
    drawn_types,
    exact,
    uniform,
    unit_economies,
    vickrey,
)
from hypothesis import given
from hypothesis import strategies as st
from villains import several_units as villains

from deviator.economies import multi_unit_demands, private_values, unit_demands
from deviator.errors import InvalidInputError, RefusedError
from deviator.mechanisms import (
    EntryFeeDoubleAuction,
    KDoubleAuction,
    Mutated,
    Reports,
    UniformPriceMultiUnit,
    UnitBids,
    VickreyMultiUnit,
)
from deviator.plugins.conformance import checks_for
from deviator.policies import NumericSearch, exact_gain

KINDS = (
    (VickreyMultiUnit, {}),
    (UniformPriceMultiUnit, {}),
    (UniformPriceMultiUnit, {"k": 1.0}),
    (UniformPriceMultiUnit, {"k": 0.25}),
)

RULES = st.sampled_from(KINDS)


def check_named(name, subject):
    """Run the check of that name in the kit of a rule or an economy."""
    next(check for check in checks_for(subject) if check.name == name).run(subject)


# Krishna (2010), Auction Theory, 2nd edition: six units and three bidders, Section 12.1 (bidder 1
# pays 20 + 24 + 28 = 72); two units, values (10, 6) and (9, 2), Section 13.3 (they pay 2 and 6).
SIX_UNITS = [[50, 47, 40, 32, 15, 5], [42, 28, 20, 12, 7, 3], [45, 35, 24, 14, 9, 6]]
TWO_UNITS = [[10, 6], [9, 2], [0, 0]]
GOLDEN = {
    "Krishna 12.1": (VickreyMultiUnit(6, 6), SIX_UNITS, [3, 1, 2], [72, 32, 60]),
    "Krishna 12.1, uniform": (
        UniformPriceMultiUnit(6, 6),
        SIX_UNITS,
        [3, 1, 2],
        [3 * 32, 32, 2 * 32],
    ),
    "Krishna 13.3": (VickreyMultiUnit(2, 2), TWO_UNITS, [1, 1, 0], [2, 6, 0]),
    # The lowest winning bid is 9, the highest losing one 6.
    "lowest winning": (UniformPriceMultiUnit(2, 2, k=1.0), TWO_UNITS, [1, 1, 0], [9, 9, 0]),
    # Trader 2 owns two units and values them at 1 each: both go, to 10 and 9. For the first unit
    # the others bid 10 more, with both 19; trader 0 takes the place of 6, trader 1 that of 6.
    "exchange": (
        VickreyMultiUnit(0, 2, (0, 0, 2)),
        [[10, 6], [9, 2], [1, 1]],
        [1, 1, -2],
        [2, 6, -19],
    ),
    "exchange, one price": (
        UniformPriceMultiUnit(0, 2, (0, 0, 2), k=0.5),
        [[10, 6], [9, 2], [1, 1]],
        [1, 1, -2],
        [7.5, 7.5, -15],
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_worked_examples(name):
    rule, prices, quantity, transfer = GOLDEN[name]
    outcome = rule.clear(UnitBids(np.array([prices], dtype=float)))
    np.testing.assert_array_equal(outcome.quantity, [quantity])
    np.testing.assert_allclose(outcome.transfer, [transfer])
    np.testing.assert_array_equal(outcome.quantity.sum(axis=1) + outcome.outside, 0)


@given(unit_economies(), RULES, st.integers(0, 99))
def test_clearing_is_what_a_plain_loop_gives(economy, kind, seed):
    """Ties are common on this grid, and the loop decides them by index too."""
    rule = kind[0].for_economy(economy, **kind[1])
    bids = rule.honest_bids(economy, drawn_types(economy, seed))
    outcome = rule.clear(bids)
    for market, prices in enumerate(bids.prices):
        owned, total = economy.endowments, economy.total
        if kind[0] is VickreyMultiUnit:
            held, paid = vickrey(exact(prices), total, owned)
        else:
            held, paid = uniform(exact(prices), total, owned, Fraction(kind[1].get("k", 0.0)))
        np.testing.assert_array_equal(outcome.quantity[market], np.subtract(held, owned))
        np.testing.assert_allclose(
            outcome.transfer[market], [float(each) for each in paid], atol=1e-12
        )


@given(unit_economies(), RULES, st.integers(0, 99))
def test_ties_decide_who_gets_units_and_nothing_else(economy, kind, seed):
    """Honest traders are left with the same, whoever comes first among equal bids."""
    rule, types = kind[0].for_economy(economy, **kind[1]), drawn_types(economy, seed)
    order = list(range(economy.n_traders))[::-1]
    payoffs = []
    for market, auction, profile in (
        (economy, rule, types),
        (economy.relabelled(order), rule.relabelled(order), types[:, order]),
    ):
        outcome = auction.clear(auction.honest_bids(market, profile))
        payoffs.append(market.utility(outcome.quantity, profile) - outcome.transfer)
    np.testing.assert_allclose(payoffs[1], payoffs[0][:, order], atol=1e-12)


@given(unit_economies(), RULES, st.integers(0, 99), st.data())
def test_menus_are_what_all_bids_reach(economy, kind, seed, data):
    """Bids of prices a hair beside every other bid: none is cheaper, and one comes close."""
    rule = kind[0].for_economy(economy, **kind[1])
    trader = data.draw(st.integers(0, economy.n_traders - 1))
    bids = rule.honest_bids(economy, drawn_types(economy, seed, batch=1))
    edges = np.unique(np.delete(bids.prices[0], trader, axis=0))
    prices = np.unique(np.concatenate([edges - 1e-9, edges + 1e-9, [-1.0, 9.0]]))[-12:]
    prices = np.unique(np.concatenate([prices, edges[:3] - 1e-9]))
    outcome = rule.clear_deviations(bids, trader, all_bids(prices, economy.numbers)[None])
    menu = rule.menu(bids, trader)
    for units, least in zip(menu.quantity[0], menu.transfer[0], strict=True):
        there = outcome.quantity[0] == units
        if there.any():
            paid = outcome.transfer[0][there].min()
            assert paid >= least - 1e-12
            reached = rule.menu_bid(bids, trader, np.array([units]))
            at_bid = rule.clear_deviations(bids, trader, reached[:, None])
            assert at_bid.quantity[0, 0] == units
            assert at_bid.transfer[0, 0] == pytest.approx(least, abs=1e-12)
    assert set(outcome.quantity[0]) <= set(menu.quantity[0])


@given(unit_economies(), st.integers(0, 99))
def test_no_point_of_a_vickrey_menu_beats_honest_bids(economy, seed):
    rule, types = VickreyMultiUnit.for_economy(economy), drawn_types(economy, seed)
    assert exact_gain(rule, economy, types).max() <= 1e-12


def test_demand_reduction_pays_what_is_known():
    """Ausubel, Cramton, Pycia, Rostek and Weretka (2014), two units: a flat demand v for two
    and a trader who bids s for one, both uniform on [0, 1]. A bid b for the second unit brings
    v - (1 - v) b on average, which is best at b = 0, whatever v: v, and honest bids v^2."""
    economy = multi_unit_demands(3, [[1, 1], [1, 0], [0, 0]], offered=2)
    rule = UniformPriceMultiUnit.for_economy(economy)
    rivals = (np.arange(2000) + 0.5) / 2000
    for value, bid in ((0.5, 0.5), (0.5, 0.0), (0.8, 0.4), (0.3, 0.0)):
        types = np.stack([np.full_like(rivals, value), rivals, 0 * rivals], axis=1)
        bids = rule.honest_bids(economy, types)
        chosen = np.tile([value, bid], (len(rivals), 1, 1))
        outcome = rule.clear_deviations(bids, 0, chosen)
        payoff = economy.utility_of(0, outcome.quantity, types) - outcome.transfer
        assert payoff.mean() == pytest.approx(value - (1 - value) * bid, abs=1e-6)


def test_the_menu_finds_demand_reduction_exactly():
    """At a profile: v where s > v, and 2 s - v where v / 2 < s < v; 1/4 on average."""
    economy = multi_unit_demands(3, [[1, 1], [1, 0], [0, 0]], offered=2)
    rule = UniformPriceMultiUnit.for_economy(economy)
    types = economy.types().sample(np.random.default_rng(0), 20_000)
    value, rival = types[:, 0], types[:, 1]
    wanted = np.where(rival > value, value, np.maximum(2 * rival - value, 0.0))
    gain = exact_gain(rule, economy, types, trader=0)
    np.testing.assert_allclose(gain, wanted, atol=1e-12)
    assert gain.mean() == pytest.approx(0.25, abs=0.01)
    found = NumericSearch(rule, economy, 0).find(types[:50]).gain
    assert (found <= gain[:50] + 1e-12).all()
    assert found.sum() >= 0.97 * gain[:50].sum()
    assert not exact_gain(rule, economy, types, trader=1).any()


def test_single_units_are_a_special_case():
    """Buyers want one unit, sellers own one: the double auctions of these, with ties or without."""
    single, several = unit_demands(2, 2), multi_unit_demands(4, [1.0], 0, [0, 0, 1, 1])
    types = np.random.default_rng(0).uniform(size=(200, 4))
    for one, many in (
        (EntryFeeDoubleAuction(0.0), VickreyMultiUnit.for_economy(several)),
        (KDoubleAuction(0.3), UniformPriceMultiUnit.for_economy(several, k=0.3)),
    ):
        theirs, ours = one.clear(Reports(types)), many.clear(many.honest_bids(several, types))
        np.testing.assert_array_equal(ours.quantity, theirs.quantity)
        np.testing.assert_allclose(ours.transfer, theirs.transfer, atol=1e-15)
        gains = exact_gain(many, several, types), exact_gain(one, single, types)
        np.testing.assert_allclose(*gains, atol=1e-12)


def test_batches_are_loops_and_copies_are_the_same():
    economy = multi_unit_demands(5, [1, 0.6, 0.3], offered=4)
    types = economy.types().sample(np.random.default_rng(0), 40)
    for kind, settings in KINDS:
        rule = pickle.loads(pickle.dumps(kind.for_economy(economy, **settings)))
        whole = rule.clear(rule.honest_bids(economy, types))
        for market in range(len(types)):
            alone = rule.clear(rule.honest_bids(economy, types[[market]]))
            np.testing.assert_array_equal(alone.transfer[0], whole.transfer[market])


@pytest.mark.parametrize("kind", villains.MECHANISMS, ids=lambda kind: kind.__name__)
def test_the_kit_catches_villains(kind):
    with pytest.raises(AssertionError):
        check_named(villains.MECHANISMS[kind], kind())


@pytest.mark.parametrize("fault", ["own-bid-leak", "payment-cap", "transfer-grid", "tie-rebate"])
def test_faults_that_are_planted_in_vickreys_auction_pay(fault):
    economy = multi_unit_demands(3)
    rule = Mutated(VickreyMultiUnit(), fault, 0.2)
    types = economy.types().sample(np.random.default_rng(0), 60)
    assert NumericSearch(rule, economy, 0).find(types).gain.max() > 1e-3
    with pytest.raises(RefusedError, match="not one price each"):
        Mutated(VickreyMultiUnit(), "uniform-blend", 0.2)


def test_the_kit_catches_an_economy_that_forgets_what_is_offered():
    sound = multi_unit_demands(3)
    economy = villains.ForgetsSupply(sound.factors, sound.offered)
    with pytest.raises(AssertionError, match="must sum to 2, what is sold from outside"):
        check_named("check_efficient_allocation", economy)


def test_the_order_of_a_traders_prices_says_nothing():
    prices = np.random.default_rng(0).uniform(size=(3, 4, 3))
    bids, ranked = UnitBids(prices), UnitBids(-np.sort(-prices, axis=-1))
    np.testing.assert_array_equal(bids.falling, ranked.prices)
    for kind, settings in KINDS:
        rule = kind(4, 3, **settings)
        np.testing.assert_array_equal(rule.clear(bids).transfer, rule.clear(ranked).transfer)
        menus = rule.menu(bids, 1), rule.menu(ranked, 1)
        np.testing.assert_array_equal(menus[0].transfer, menus[1].transfer)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"offered": -1}, "offered must be"),
        ({"numbers": 0}, "numbers must be"),
        ({"endowments": (3, 0, 0)}, "from 0 to 2"),
        ({"unit": 0.0}, "unit must be positive"),
    ],
)
def test_malformed_settings_are_refused(settings, message):
    with pytest.raises(InvalidInputError, match=message):
        VickreyMultiUnit(**settings)


def test_other_bids_and_economies_are_refused():
    rule, economy = VickreyMultiUnit(), multi_unit_demands(3, [1, 0.5, 0.2])
    with pytest.raises(RefusedError, match=r"build it with VickreyMultiUnit\.for_economy"):
        rule.honest_bids(economy, np.zeros((1, 3)))
    with pytest.raises(RefusedError, match="is for multi-unit demands"):
        rule.honest_bids(private_values(3), np.zeros((1, 3)))
    with pytest.raises(InvalidInputError, match="takes 2 prices from each trader, got 3"):
        rule.clear(UnitBids(np.zeros((1, 3, 3))))
    with pytest.raises(InvalidInputError, match="takes bids as UnitBids"):
        rule.clear(Reports(np.zeros((1, 3))))
    with pytest.raises(InvalidInputError, match="must be 1 to 4 among 3 traders"):
        VickreyMultiUnit(5).clear(UnitBids(np.zeros((1, 3, 2))))
    with pytest.raises(InvalidInputError, match="k must be at most 1"):
        UniformPriceMultiUnit(k=1.5)
