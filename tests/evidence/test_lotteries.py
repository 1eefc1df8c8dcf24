"""Gains in lotteries: on average over fresh lots, and in each draw, where both are known."""

import numpy as np
import pytest
from helpers.lotteries import OneOfTwoRules, RandomDiscount, RareRebate

from deviator.economies import private_values
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import best_deviation, each_draw, held_out_profiles, largest_gain, market
from deviator.evidence.best_deviation import check_repeatable
from deviator.evidence.constraints.violations import violations
from deviator.evidence.each_draw import market_drawn
from deviator.evidence.fresh_lots import FRESH, fresh_gain, fresh_lots
from deviator.evidence.witness import witness_of_bid
from deviator.mechanisms import UniformDoubleAuction
from deviator.policies import NumericSearch, exact_gain

ECONOMY = private_values(3)
TYPES = np.array([1.0, -0.5, 0.2])


def in_each_draw(discount):
    """Return what who knows the coin gains: discount^2 / (2 (slope + k))."""
    tested = market(UniformDoubleAuction(), ECONOMY)
    slope = tested.mechanism.clear(tested.strategy.bids(TYPES[None])).residual_slope[0, 0]
    return discount**2 / (2 * (1.0 + slope))


def best_bid(tested, types=TYPES):
    return NumericSearch(tested.mechanism, ECONOMY, 0).find(types[None]).bid[0]


def test_fresh_lots_average_what_hardly_ever_happens():
    lots, weight = fresh_lots(3, 2**16, np.random.default_rng(0))
    assert ((lots >= 0) & (lots < 1)).all()
    assert (weight > 0).all()
    assert (weight <= 2).all()
    for event, chance in (
        (lots[:, 0] < 0.3, 0.3),
        (lots[:, 1] < 1e-6, 1e-6),
        (lots[:, 2] > 1 - 1e-9, 1e-9),
        ((lots < 0.5).all(axis=1), 0.125),
    ):
        error = float((weight * event).std()) / 2**8
        assert error < 0.2 * chance
        assert float((weight * event).mean()) == pytest.approx(chance, abs=5 * error)


def test_a_gain_in_each_draw_is_the_known_one():
    tested = market(RandomDiscount(0.2), ECONOMY)
    for lot in (0.25, 0.75):
        known = market_drawn(tested, np.array([lot]))
        gain = known.gains(TYPES[None], best_bid(known)[None])[0]
        assert 0.99 * in_each_draw(0.2) < gain <= in_each_draw(0.2) + 1e-12


def test_a_discount_by_a_coin_pays_in_each_draw_and_not_on_average():
    tested = market(RandomDiscount(0.2), ECONOMY)
    types = held_out_profiles(tested, 100)
    found = each_draw(tested, types)
    assert found.state == "refuted"
    assert 0.5 * in_each_draw(0.2) < found.worst <= in_each_draw(0.2) + 1e-9
    assert found.witness["lots"] == pytest.approx(np.array(found.witness["lots"]))
    best = best_deviation(tested, types, "profile")
    assert best.witness is None
    assert best.beyond_rounding == 0.0


def test_a_rule_that_pays_in_half_of_the_draws_pays_half_as_much_with_its_best_bid():
    """A bid that gains g under the uniform price loses l under the truthful rule."""
    tested, sure = market(OneOfTwoRules(0.5), ECONOMY), market(UniformDoubleAuction(), ECONOMY)
    bid = best_bid(tested)
    found = fresh_gain(tested, TYPES, bid)
    truthful = market_drawn(tested, np.array([0.9]))
    pays, loses = (each.gains(TYPES[None], bid[None])[0] for each in (sure, truthful))
    assert found.gain == pytest.approx(0.5 * (pays + loses), abs=5 * found.error)
    assert loses < 0 < found.least
    assert pays <= exact_gain(UniformDoubleAuction(), ECONOMY, TYPES[None], trader=0)[0]


def test_a_witness_on_average_says_over_how_many_draws_and_how_exactly():
    tested = market(OneOfTwoRules(), ECONOMY)
    witness = witness_of_bid(tested, TYPES, best_bid(tested))
    assert witness["average_over"]["draws"] == FRESH
    assert witness["gain"] > 5 * witness["average_over"]["standard_error"] > 0
    averages = witness["deviating_outcome"]["utility"] - witness["honest_outcome"]["utility"]
    assert averages == pytest.approx(witness["gain"], rel=0.05)


def test_a_rebate_that_is_paid_once_in_a_million_draws_is_part_of_the_average():
    """In the scenarios of a search shading pays, since the rebate is never paid there."""
    tested = market(RareRebate(0.2), ECONOMY)
    bid = best_bid(tested)
    assert tested.gains(TYPES[None], bid[None])[0] > 0.5 * in_each_draw(0.2)
    assert fresh_gain(tested, TYPES, bid).least < 0
    assert witness_of_bid(tested, TYPES, bid) is None


def test_the_worst_profile_is_searched_on_average():
    found, witness = largest_gain(market(OneOfTwoRules(), ECONOMY))
    assert found.gain > 0
    assert "average_over" in witness
    assert largest_gain(market(RandomDiscount(), ECONOMY))[0].gain == 0.0


class DrawsBesides(OneOfTwoRules):
    def clear(self, bids, lots):
        return super().clear(bids, np.random.default_rng().random(lots.shape))


def test_a_lottery_that_draws_by_itself_is_refused():
    tested = market(DrawsBesides(), ECONOMY)
    with pytest.raises(InvalidInputError, match="must clear the same bids alike each time"):
        check_repeatable(tested, held_out_profiles(tested, 50))


def test_what_speaks_of_one_clearing_asks_for_given_lots():
    tested = market(OneOfTwoRules(), ECONOMY)
    with pytest.raises(RefusedError, match="fix them with"):
        violations(tested, "budget_surplus", TYPES[None])
    with pytest.raises(RefusedError, match="a menu must be of a rule without lots"):
        exact_gain(OneOfTwoRules(), ECONOMY, TYPES[None], trader=0)
    known = market_drawn(tested, np.array([0.9]))
    assert violations(known, "budget_surplus", TYPES[None])[0] > 0
