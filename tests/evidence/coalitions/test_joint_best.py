"""Exact joint deviations of coalitions: closed forms, brute force, and what has no bound."""

from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import minimize

import deviator
from deviator.economies import (
    factored,
    fundamental_value,
    heterogeneous,
    linear_quadratic,
    private_values,
    public_statistics,
    saturating,
    two_groups,
)
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import market
from deviator.evidence.coalitions import best_joint_deviation, coalition_of
from deviator.mechanisms import (
    Mutated,
    PayAsBid,
    SigmaDCDA,
    SigmaVCG,
    UniformConditional,
    UniformDoubleAuction,
)
from deviator.policies import LinearBayes, exact_gain

ECONOMIES = (private_values(5, 1.2, 0.8), fundamental_value(6), heterogeneous(6), two_groups(6))


def markets():
    for economy in ECONOMIES:
        yield market(SigmaVCG(economy, 0.0), economy)
        yield market(SigmaVCG(economy, 0.4), economy)
        yield market(deviator.make("naive-walrasian", economy=economy), economy)
        yield market(deviator.make("uniform-conditional"), economy)
    yield market(UniformDoubleAuction(), ECONOMIES[0])
    yield market(Mutated(deviator.make("uniform-conditional"), "transfer", 0.1), ECONOMIES[1])


MARKETS = list(markets())
NAMES = [f"{each.mechanism.name} {each.economy.name}" for each in MARKETS]


def profiles(tested, count=40, seed=0):
    return np.random.default_rng(seed).standard_normal((count, tested.economy.n_traders))


@pytest.mark.parametrize("tested", MARKETS, ids=NAMES)
def test_a_coalition_of_one_gains_what_its_member_gains(tested):
    types = profiles(tested)
    best = best_joint_deviation(coalition_of(tested, [2]), types)
    alone = exact_gain(tested.mechanism, tested.economy, types, trader=2)
    np.testing.assert_allclose(best.gain, alone, atol=1e-12)
    assert best.reach == "exact"


@pytest.mark.parametrize("tested", MARKETS, ids=NAMES)
def test_no_levels_gain_more_than_the_best_joint_deviation(tested):
    party = coalition_of(tested, [0, 3])
    types = profiles(tested, 2)
    best = best_joint_deviation(party, types)
    cleared = party.gains(types, best.bids)
    np.testing.assert_allclose(party.value(cleared), best.gain, rtol=1e-9, atol=1e-12)
    level = tested.mechanism.language.level
    for one in range(len(types)):
        base = party.base_bids(types[[one]])[:, [0, 3]]

        def loss(shift, base=base, one=one):
            bids = base.copy()
            bids[0, :, level] += shift
            return -float(party.value(party.gains(types[[one]], bids))[0])

        found = minimize(loss, np.zeros(2), method="Nelder-Mead", tol=1e-10)
        assert -found.fun <= best.gain[one] + 1e-9
        assert -found.fun == pytest.approx(best.gain[one], rel=1e-4)


@pytest.mark.parametrize("tested", MARKETS, ids=NAMES)
def test_no_step_from_the_best_bids_gains_more(tested):
    """First-order conditions and concavity, in all numbers of the bids where shapes are free."""
    party, types = coalition_of(tested, [1, 2]), profiles(tested, 3)
    best = best_joint_deviation(party, types)
    rng = np.random.default_rng(1)
    for size in (1e-4, 1e-2, 1.0):
        for _ in range(20):
            step = size * rng.standard_normal(best.bids.shape) * np.abs(best.bids).mean()
            own = party.base_bids(types)[:, [1, 2]]
            allowed = [
                tested.mechanism.allowed_bids(
                    place, (best.bids + step)[:, slot, None], own[:, slot]
                )
                for slot, place in enumerate((1, 2))
            ]
            moved = party.gains(types, np.concatenate(allowed, axis=1))
            assert (party.value(moved) <= best.gain + 1e-10).all()


def test_a_pair_in_a_vcg_mechanism_gains_by_a_closed_form():
    n, mu = 7, 1.3
    economy = private_values(n, 1.0, mu)
    types = np.random.default_rng(0).standard_normal((20, n))
    for sigma in (0.0, 0.3, 5.0):
        tested = market(SigmaVCG(economy, sigma), economy)
        quantity = tested.mechanism.clear(tested.strategy.bids(types)).quantity
        known = (mu + sigma) * (quantity[:, 1] ** 2 + quantity[:, 4] ** 2) / (2 * (n - 1) * (n - 2))
        best = best_joint_deviation(coalition_of(tested, [1, 4]), types)
        np.testing.assert_allclose(best.gain, known, rtol=1e-10)
        assert (best.gain > 0).all()


def test_members_who_pay_each_other_are_one_larger_trader_at_a_uniform_price():
    """v_i - mu_i q_i = p + Q / B for every member, where B is how steeply the others sell."""
    economy = private_values(6, 1.1, 0.9)
    tested = market(UniformDoubleAuction(), economy)
    types = np.random.default_rng(0).standard_normal((10, 6))
    party = coalition_of(tested, [0, 2, 5])
    best = best_joint_deviation(party, types)
    bids = party.base_bids(types)
    bids[:, [0, 2, 5]] = best.bids
    outcome = tested.mechanism.clear(tested.mechanism.language.record.from_array(bids))
    others = bids[:, [1, 3, 4], 1].sum(axis=1)
    together = outcome.quantity[:, [0, 2, 5]].sum(axis=1)
    marginal = (economy.value(types) - economy.slope * outcome.quantity)[:, [0, 2, 5]]
    np.testing.assert_allclose(
        marginal, np.repeat((outcome.price + together / others)[:, None], 3, axis=1), rtol=1e-10
    )


def test_interchangeable_pairs_gain_alike():
    economy = heterogeneous(6)
    tested = market(SigmaVCG(economy, 0.3), economy)
    types = np.random.default_rng(0).standard_normal((4000, 6))
    means = {
        pair: best_joint_deviation(coalition_of(tested, pair), types).gain.mean()
        for pair in combinations(range(6), 2)
    }
    small = [means[pair] for pair in combinations(range(3), 2)]
    mixed = [means[i, j] for i in range(3) for j in range(3, 6)]
    assert max(small) <= 1.15 * min(small)
    assert max(mixed) <= 1.15 * min(mixed)
    assert min(mixed) > 1.5 * max(small)
    swapped = types[:, [1, 0, 2, 3, 4, 5]]
    for first, second in (((0, 2), (1, 2)), ((0, 5), (1, 5))):
        np.testing.assert_allclose(
            best_joint_deviation(coalition_of(tested, first), types).gain,
            best_joint_deviation(coalition_of(tested, second), swapped).gain,
            rtol=1e-9,
        )


@pytest.mark.parametrize("members", [(0, 1), (0, 2, 3)])
@pytest.mark.parametrize("transfers", [True, False])
@pytest.mark.parametrize("sigma", [0.0, 0.3, 20.0])
def test_gains_in_the_auction_have_no_bound_whatever_the_tax(members, transfers, sigma):
    """Prices and quantities stay, each member gains a thousand times what honesty brings."""
    economy = fundamental_value(6)
    tested = market(SigmaDCDA(sigma), economy)
    party, types = coalition_of(tested, members, transfers), profiles(tested)
    best = best_joint_deviation(party, types)
    assert best.reach == "unbounded"
    assert np.isinf(best.cap).all()
    places = list(members)
    honest = tested.mechanism.clear(tested.strategy.bids(types))
    bids = party.base_bids(types)
    bids[:, places] = best.bids
    moved = tested.mechanism.clear(tested.mechanism.language.record.from_array(bids))
    np.testing.assert_allclose(moved.quantity, honest.quantity, atol=1e-7)
    gains = party.gains(types, best.bids)
    np.testing.assert_allclose(gains, 1000 * party.honest(types).utility, rtol=1e-4)


def test_members_of_auctions_with_statistics_move_slopes_too():
    economy = factored(np.ones(6), np.full((6, 1), 0.1), np.ones((1, 6)), 1.0)
    tested = market(SigmaDCDA(0.3, statistics=public_statistics(economy, 0.3)), economy)
    party, types = coalition_of(tested, (0, 1), transfers=False), profiles(tested)
    best = best_joint_deviation(party, types)
    assert (best.reach, best.own_types) == ("unbounded", False)
    least = party.honest(types).utility.min(axis=1)
    np.testing.assert_allclose(best.gain, 1000 * least, rtol=1e-4)
    one_price = market(UniformConditional(statistics=public_statistics(economy)), economy)
    dense = market(UniformConditional(), linear_quadratic(economy.weights, 1.0))
    np.testing.assert_allclose(
        best_joint_deviation(coalition_of(one_price, (0, 1)), types).gain,
        best_joint_deviation(coalition_of(dense, (0, 1)), types).gain,
        rtol=1e-9,
    )


def test_rewritten_bids_take_no_more_than_the_members_own_types():
    economy = fundamental_value(6)
    party = coalition_of(market(SigmaDCDA(0.3), economy), (0, 1))
    types = profiles(party.tested)
    changed = types.copy()
    changed[:, 2:] = changed[::-1, 2:]
    first, second = (best_joint_deviation(party, each) for each in (types, changed))
    assert first.own_types
    np.testing.assert_allclose(second.bids, first.bids, rtol=1e-9)


def test_bids_of_honest_shapes_gain_as_in_the_direct_mechanism():
    economy = fundamental_value(6)
    auction, direct = (market(rule, economy) for rule in (SigmaDCDA(0.3), SigmaVCG(economy, 0.3)))
    types = profiles(auction)
    levels = best_joint_deviation(coalition_of(auction, [0, 1]), types, shapes=False)
    reports = best_joint_deviation(coalition_of(direct, [0, 1]), types)
    np.testing.assert_allclose(levels.gain, reports.gain, rtol=1e-9)
    assert levels.reach == "exact"


@pytest.mark.parametrize(("price", "quantity"), [(1e9, 1e-6), (1e-7, 1e8)])
@pytest.mark.parametrize("transfers", [True, False])
def test_units_do_not_matter(price, quantity, transfers):
    economy = fundamental_value(5)
    restated = economy.rescaled(price, quantity)
    types = np.random.default_rng(0).standard_normal((20, 5))
    for rule in (SigmaVCG(economy, 0.3), SigmaDCDA(0.3), deviator.make("uniform-conditional")):
        here, there = (
            best_joint_deviation(coalition_of(tested, (0, 1), transfers), scale * types)
            for tested, scale in (
                (market(rule, economy), 1.0),
                (market(rule.rescaled(price, quantity), restated), price),
            )
        )
        assert here.reach == there.reach
        np.testing.assert_allclose(
            there.gain / (price * quantity), here.gain, rtol=1e-5, atol=1e-11
        )


def test_a_batch_equals_the_loop():
    for tested in (MARKETS[5], MARKETS[7], market(SigmaDCDA(0.3), ECONOMIES[1])):
        for transfers in (True, False):
            party, types = coalition_of(tested, [0, 4], transfers), profiles(tested, 7)
            together = best_joint_deviation(party, types)
            for one in range(7):
                alone = best_joint_deviation(party, types[[one]])
                np.testing.assert_allclose(alone.gain, together.gain[[one]], rtol=1e-9, atol=1e-12)
                np.testing.assert_allclose(alone.bids, together.bids[[one]], rtol=1e-6, atol=1e-9)


def test_an_equilibrium_may_be_deviated_from_together():
    information = deviator.economies.fundamental_value_information(6, 0.2, 0.5)
    strategy = LinearBayes(information, 1.0)
    tested = market(UniformDoubleAuction(), information.economy(1.0), strategy=strategy)
    types = profiles(tested)
    alone = exact_gain(tested.mechanism, tested.economy, types, others=strategy, trader=0)
    pair = best_joint_deviation(coalition_of(tested, [0, 1]), types)
    assert alone.max() < 1e-12
    assert pair.gain.mean() > 1e-3


def test_what_has_no_exact_answer_is_refused_with_the_way_out():
    economy = private_values(5)
    bounded = linear_quadratic(np.eye(5), 1.0, type_low=-1.0, type_high=1.0)
    refused = (
        (PayAsBid(0.5), economy, "built-in rule of straight residual lines"),
        (SigmaVCG(bounded), bounded, "bids without limits"),
    )
    for rule, traders, words in refused:
        tested = market(rule, traders)
        with pytest.raises(RefusedError, match=words):
            best_joint_deviation(coalition_of(tested, [0, 1]), np.zeros((1, 5)))
    smooth = saturating(5)
    with pytest.raises(RefusedError, match="bids of numbers"):
        coalition_of(market(SigmaDCDA(0.2), smooth), [0, 1])


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ((0, 0), "name every member once"),
        ((0, 5), "below n_traders = 5"),
        ((-1,), "at least 0"),
        ((), "leave somebody to trade with"),
        (range(5), "leave somebody to trade with"),
        (("buyer", 1), "by index"),
        ("01", "list of traders' indices"),
        (3, "list of traders' indices"),
        ((0.5, 1), "whole number"),
    ],
)
def test_coalitions_that_are_none_are_refused_in_a_sentence(members, words):
    economy = private_values(5)
    with pytest.raises(InvalidInputError, match=words):
        coalition_of(market(UniformDoubleAuction(), economy), members)
