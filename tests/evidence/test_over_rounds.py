"""Plans for the rounds of a rule: what is searched, what bounds it, and that nothing is certified."""

import numpy as np
import pytest
from villains.rounds import SoundRounds

from deviator.economies import private_values
from deviator.evidence import (
    best_deviation,
    deviation_size,
    find_certificates,
    in_shares,
    largest_gain,
    market,
    of_single_rounds,
    over_rounds,
    standing_control,
)
from deviator.evidence.adversary.far import far_deviations
from deviator.evidence.plain_data import market_as_data
from deviator.mechanisms import InShares, UniformDoubleAuction, Unrolled
from deviator.policies import AffineStrategy, EveryRound, NumericSearch, Revelation

ECONOMY = private_values(3, slope=2.0)
SHARES = market(InShares(UniformDoubleAuction(), 3), ECONOMY)
ONCE = market(UniformDoubleAuction(), ECONOMY)
TYPES = ECONOMY.types().sample(np.random.default_rng(0), 40)


def test_there_and_back_again():
    plans = over_rounds(SHARES)
    assert over_rounds(plans) is plans
    assert over_rounds(ONCE) is ONCE is of_single_rounds(ONCE)
    assert isinstance(plans.strategy, Revelation)
    back = of_single_rounds(plans)
    assert (back.mechanism, back.bid_size) == (SHARES.mechanism, 2)
    np.testing.assert_array_equal(
        back.strategy.bids(TYPES).as_array(), SHARES.strategy.bids(TYPES).as_array()
    )


def test_other_strategies_are_followed_in_every_round():
    base, effect = np.tile([0.0, 0.4], (3, 1)), np.tile([0.5, 0.0], (3, 1))
    strategy = AffineStrategy(SHARES.mechanism.language, base, effect)
    plans = over_rounds(market(SHARES.mechanism, ECONOMY, strategy=strategy))
    assert isinstance(plans.strategy, EveryRound)
    assert (plans.strategy.name, plans.strategy.n_traders) == (strategy.name, 3)
    assert of_single_rounds(plans).strategy is strategy
    once = strategy.bids(TYPES).as_array()
    np.testing.assert_array_equal(
        plans.strategy.bids(TYPES).as_array(), np.concatenate([once] * 3, axis=-1)
    )


@pytest.mark.parametrize("information", ["profile", "own"])
def test_no_plan_for_shares_gains_more_than_one_bid(information):
    plans = over_rounds(SHARES)
    search = NumericSearch(plans.mechanism, ECONOMY, 0, information, rounds=8, candidates=16)
    found = plans.gains(TYPES, search.bid(TYPES, 0))
    known = best_deviation(ONCE, TYPES, information).gain
    assert 0.95 * known <= found.mean() <= known + 1e-9
    best = best_deviation(plans, TYPES, information)
    assert (best.gain, best.kind) == (known, "exact" if information == "profile" else "searched")
    assert deviation_size(plans) == deviation_size(ONCE)


def test_a_plan_gains_no_less_than_the_best_constant_bid():
    tested = market(SoundRounds(), ECONOMY)
    constant = NumericSearch(SoundRounds(), ECONOMY, 0, rounds=4).find(TYPES).gain
    plans = over_rounds(tested)
    found = NumericSearch(plans.mechanism, ECONOMY, 0, rounds=4).find(TYPES).gain
    assert (found >= constant - 1e-12).all()
    assert found.mean() > 1.5 * constant.mean()
    assert (far_deviations(plans, TYPES).gain >= 0.9 * far_deviations(tested, TYPES).gain).all()


def test_the_worst_profile_and_a_witness_are_found():
    found, witness = largest_gain(over_rounds(market(SoundRounds(), ECONOMY)), effort=0.2)
    assert found.gain > 0
    assert (witness["rounds"], len(witness["bid"])) == (3, 6)
    assert "rounds" not in market_as_data(ONCE)


def test_the_control_is_that_of_single_bids_in_shares():
    plans = over_rounds(market(SoundRounds(), ECONOMY))
    control = standing_control(plans)
    assert control.mechanism == Unrolled(InShares(UniformDoubleAuction(), 3))
    assert in_shares(ONCE, plans).mechanism == control.mechanism
    assert in_shares(control, plans) is control
    assert in_shares(ONCE, ONCE) is ONCE


def test_nothing_is_certified():
    for tested in (SHARES, over_rounds(SHARES)):
        found = find_certificates(tested, "profile", [0, 1])
        assert not found.certificates
        assert "nothing is certified of a rule over rounds" in found.refusals[0]
