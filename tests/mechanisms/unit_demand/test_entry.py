"""Entry of the modified Vickrey double auction: cutoffs, fees, and what entry is worth."""

import numpy as np
import pytest
from helpers.samples import sampled_types

from deviator.economies import unit_demands
from deviator.errors import RefusedError
from deviator.mechanisms import (
    EntryReports,
    ModifiedVickreyDoubleAuction,
    balancing_fee,
    equilibrium_cutoffs,
    expected_budget,
    marginal_profits,
)
from deviator.policies import exact_gain


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
    types = sampled_types(economy, 40_000)
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
        types = sampled_types(economy, 100_000)
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
    types = sampled_types(economy, 200)
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
