"""Rules over rounds: what adds up, what a plan says, and what is refused."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from villains.rounds import DrawsLots, HalfARound, LendsUnits, SoundRounds

from deviator.economies import private_values
from deviator.errors import InvalidInputError, RefusedError
from deviator.mechanisms import (
    BidsOverRounds,
    InShares,
    LanguageOverRounds,
    Outcome,
    Round,
    ScheduleLanguage,
    Schedules,
    UniformDoubleAuction,
    Unrolled,
)
from deviator.mechanisms.over_rounds.rounds_mechanism import play, total

ECONOMY = private_values(3, slope=2.0)
TYPES = ECONOMY.types().sample(np.random.default_rng(0), 5)
PLANS = Unrolled(SoundRounds())


def plans(seed=1):
    honest = PLANS.honest_bids(ECONOMY, TYPES).as_array()
    noise = np.random.default_rng(seed).uniform(0.8, 1.2, honest.shape)
    return BidsOverRounds(honest * noise)


def test_a_market_ends_where_one_auction_does_if_bids_stay_the_same():
    bids = SoundRounds().honest_bids(ECONOMY, TYPES)
    once, over = UniformDoubleAuction().clear(bids), SoundRounds().clear(bids)
    np.testing.assert_allclose(over.quantity, once.quantity, rtol=1e-12)
    np.testing.assert_allclose(over.transfer, once.transfer, rtol=1e-12)
    np.testing.assert_allclose(over.price, once.price, rtol=1e-12)


def test_quantities_transfers_and_what_goes_outside_add_up():
    numbers = np.arange(3.0)
    some = Schedules(np.zeros((1, 3)), np.ones((1, 3)))
    first = Outcome(np.array([np.nan]), numbers[None], numbers[None], np.array([False]))
    second = Outcome(np.array([7.0]), numbers[None], -numbers[None], outside=np.array([-3.0]))
    both = total((Round(some, second), Round(some, first), Round(some, first)))
    assert both.quantity.tolist() == [[0.0, 3.0, 6.0]]
    assert both.transfer.tolist() == [[0.0, 1.0, 2.0]]
    assert (both.price.tolist(), both.traded.tolist(), both.outside.tolist()) == (
        [7.0],
        [True],
        [-3.0],
    )


def test_prices_of_traders_and_of_markets_stand_beside_each_other():
    some = Schedules(np.zeros((2, 3)), np.ones((2, 3)))
    nothing = np.zeros((2, 3))
    common = Outcome(np.array([1.0, 2.0]), nothing, nothing)
    apart = Outcome(np.full((2, 3), 5.0), nothing, nothing, np.array([True, False]))
    both = total((Round(some, common), Round(some, apart)))
    assert both.price.tolist() == [[5.0] * 3, [2.0] * 3]


def test_a_plan_is_played_round_by_round():
    bids = plans()
    own = [Schedules.from_array(each) for each in np.split(bids.numbers, 3, axis=-1)]
    wanted = total(play(SoundRounds(), own))
    outcome = PLANS.clear(bids)
    for name in ("price", "quantity", "transfer"):
        np.testing.assert_array_equal(getattr(outcome, name), getattr(wanted, name))


def test_a_batch_of_plans_equals_the_loop():
    whole = PLANS.clear(plans())
    for market in range(len(TYPES)):
        alone = PLANS.clear(plans().of_markets(slice(market, market + 1)))
        np.testing.assert_allclose(alone.quantity[0], whole.quantity[market], rtol=1e-12)
        np.testing.assert_allclose(alone.transfer[0], whole.transfer[market], rtol=1e-12)


def test_candidates_of_a_plan_clear_as_the_whole_market_does():
    bids, moved = plans(), plans(seed=2).numbers[:, 1]
    outcome = PLANS.clear_deviations(bids, 1, moved[:, None])
    numbers = bids.numbers.copy()
    numbers[:, 1] = moved
    wanted = PLANS.clear(BidsOverRounds(numbers))
    np.testing.assert_allclose(outcome.quantity[:, 0], wanted.quantity[:, 1], rtol=1e-12)


def test_every_round_of_a_plan_is_moved_to_what_is_allowed():
    own = plans().numbers[:, 0]
    wild = own[:, None].copy()
    wild[..., 1] = -1.0
    allowed = PLANS.allowed_bids(0, wild, own)
    np.testing.assert_allclose(allowed[:, 0, 1], 1e-3 * own[:, 1])
    np.testing.assert_array_equal(allowed[..., 2:], wild[..., 2:])


@dataclass(frozen=True)
class Limited(SoundRounds):
    def bid_limits(self, trader):
        return np.array([-1.0, 0.1]), np.array([1.0, 2.0])


def test_limits_are_those_of_every_round():
    low, high = Unrolled(Limited()).bid_limits(0)
    assert low.tolist() == [-1.0, 0.1] * 3
    assert high.tolist() == [1.0, 2.0] * 3
    assert PLANS.bid_limits(0) is None


def test_shares_of_a_rule_trade_what_it_trades():
    bids = Schedules([[3.0, 1.0, 2.0]], [[1.0, 2.0, 1.0]])
    whole, shares = UniformDoubleAuction().clear(bids), InShares(UniformDoubleAuction(), 4)
    np.testing.assert_allclose(shares.clear(bids).transfer, whole.transfer, rtol=1e-12)
    single = shares.clear_round(bids, ())
    np.testing.assert_allclose(4 * single.quantity, whole.quantity, rtol=1e-12)


def test_ranges_of_a_plan_are_those_of_each_round():
    language = LanguageOverRounds(ScheduleLanguage(), 2)
    ranges = language.coordinate_ranges(1.0, 2.0, np.ones(3), np.array([1.0, 0.5, 1.0, 0.1]))
    assert ranges.tolist() == [1.0, 0.45, 1.0, 0.09000000000000001]
    assert language.levels(4) == [0, 2]


def test_what_is_no_rule_over_rounds_is_refused():
    bids = SoundRounds().honest_bids(ECONOMY, TYPES)
    with pytest.raises(InvalidInputError, match=r"rounds must be a whole number, got 2\.5"):
        HalfARound().clear(bids)
    with pytest.raises(InvalidInputError, match="draws must be 0 in a rule over rounds"):
        Unrolled(DrawsLots())
    with pytest.raises(InvalidInputError, match="sound-rounds, in round 1, must"):
        LendsUnits().clear(bids)
    with pytest.raises(InvalidInputError, match="takes bids as BidsOverRounds, got Schedules"):
        PLANS.clear(bids)
    with pytest.raises(RefusedError, match="restate the bids of each round"):
        plans().rescaled(2.0, 3.0)
    with pytest.raises(InvalidInputError, match="rounds must be at least 1, got 0"):
        replace(InShares(UniformDoubleAuction(), 1), rounds=0)
    with pytest.raises(RefusedError, match="what trades in shares must be of a rule without lots"):
        InShares(DrawsLots(), rounds=2)
