"""Violations in money: closed forms, batches, rounding, units."""

import numpy as np
import pytest
from helpers.direct_markets import GENERAL
from villains.constraints import Auction, LeavesUnitsOver, NotANumber

from deviator.economies import (
    NormalTypes,
    factored,
    fundamental_value,
    private_values,
    saturating,
    unit_demands,
)
from deviator.errors import InvalidInputError
from deviator.evidence import market
from deviator.evidence.constraints.trader_gains import searched_trader_gains, trader_gains
from deviator.evidence.constraints.violations import (
    HONEST_CONSTRAINTS,
    gains_from_trade,
    honest_markets,
    violations,
)
from deviator.mechanisms import (
    DiscreteVCG,
    EntryFeeDoubleAuction,
    ModifiedVickreyDoubleAuction,
    SigmaDCDA,
    SigmaVCG,
    SpreadVCG,
    UniformConditional,
    UniformDoubleAuction,
    sigma_vcg,
)
from deviator.policies import exact_gain

FACTORED = factored(
    [1.0, 1.1, 0.9, 1.2, 1.0],
    [[0.1], [0.1], [0.0], [0.05], [0.1]],
    [[1.0, 0.5, 0.0, 0.5, 1.0]],
    [1.0, 1.3, 0.8, 1.1, 0.9],
)
SMOOTH = saturating(4)
MARKETS = [
    market(SigmaDCDA(0.2), GENERAL),
    market(SigmaVCG(FACTORED, 0.1), FACTORED),
    market(SpreadVCG(GENERAL, 0.2), GENERAL),
    market(DiscreteVCG(GENERAL, 0.5), GENERAL),
    market(sigma_vcg(SMOOTH, 0.3), SMOOTH),
    market(SigmaDCDA(0.3), SMOOTH),
    market(EntryFeeDoubleAuction(0.1, buyers=3), unit_demands(3, 2)),
    market(ModifiedVickreyDoubleAuction(), unit_demands(2, 2)),
    market(LeavesUnitsOver(), private_values(4)),
]


def drawn(tested, count, seed=0):
    return tested.distribution.sample(np.random.default_rng(seed), count)


@pytest.mark.parametrize("tested", MARKETS, ids=lambda tested: tested.mechanism.name)
def test_a_batch_is_what_a_loop_gives(tested) -> None:
    types = drawn(tested, 3)
    for constraint in HONEST_CONSTRAINTS:
        batch = violations(tested, constraint, types)
        loop = [violations(tested, constraint, types[[row]])[0] for row in range(len(types))]
        np.testing.assert_allclose(batch, loop, rtol=1e-8, atol=1e-12)
        assert (batch >= 0).all()


def test_the_vcg_mechanism_loses_the_areas_under_its_residual_curves() -> None:
    tested = market(SigmaDCDA(0.0), GENERAL)
    types = drawn(tested, 50)
    outcome = tested.mechanism.clear(tested.strategy.bids(types))
    expected = (outcome.residual_slope * outcome.quantity**2 / 2).sum(axis=1)
    np.testing.assert_allclose(violations(tested, "budget_surplus", types), expected, rtol=1e-9)
    assert not violations(tested, "efficiency", types).any()
    assert not violations(tested, "individual_rationality", types).any()


def test_a_tax_costs_its_square_of_the_gains_from_trade() -> None:
    economy = fundamental_value(6, slope=1.5)
    tested, types = market(SigmaDCDA(0.5), economy), drawn(market(SigmaDCDA(0.5), economy), 50)
    lost = violations(tested, "efficiency", types)
    expected = (0.5 / 2.0) ** 2 * gains_from_trade(economy, types)
    np.testing.assert_allclose(lost, expected, rtol=1e-9)
    np.testing.assert_allclose(honest_markets(tested, types).share(lost), 1 / 16, rtol=1e-9)


def test_what_is_left_over_costs_the_largest_marginal_utility() -> None:
    tested = market(LeavesUnitsOver(), private_values(4))
    types = drawn(tested, 20)
    markets = honest_markets(tested, types)
    left = violations(tested, "market_clearing", types)
    np.testing.assert_allclose(left, 0.1 * markets.marginal, rtol=1e-9)
    assert not violations(market(Auction(), private_values(4)), "market_clearing", types).any()


def test_whoever_pays_to_enter_and_does_not_trade_has_lost_the_fee() -> None:
    tested = market(ModifiedVickreyDoubleAuction(), unit_demands(2, 2))
    types = np.array([[1.0, 1.0, 0.0, 1.0], [1.0, 1.0, 0.0, 0.0]])
    outcome = tested.mechanism.clear(tested.strategy.bids(types))
    fee = outcome.transfer[0, outcome.quantity[0] == 0].max()
    lost = violations(tested, "individual_rationality", types)
    assert fee > 0
    np.testing.assert_allclose(lost, [fee, 0.0])


@pytest.mark.parametrize("shift", [1e6, 1e8])
def test_rounding_is_no_violation(shift: float) -> None:
    economy = private_values(4)
    law = NormalTypes.independent(4, mean=shift)
    tested = market(UniformDoubleAuction(), economy, distribution=law)
    types = drawn(tested, 500)
    # The sum of p q_i is not 0 in floating point.
    assert honest_markets(tested, types).excess("budget_surplus").max() > 0
    for constraint in HONEST_CONSTRAINTS:
        assert not violations(tested, constraint, types).any()


def test_a_stated_precision_makes_small_violations_rounding() -> None:
    class Coarse(LeavesUnitsOver):
        precision = 1e-3

    tested, types = market(Coarse(), private_values(4)), np.eye(4)
    assert not violations(tested, "market_clearing", types).any()


def test_violations_know_no_units() -> None:
    economy, types = GENERAL, np.random.default_rng(0).standard_normal((20, 4))
    for price, quantity in ((1e-9, 1e9), (1e6, 1e-3)):
        other = economy.rescaled(price, quantity)
        for constraint in HONEST_CONSTRAINTS:
            usual = violations(market(SigmaVCG(economy, 0.1), economy), constraint, types)
            rule = SigmaVCG(economy, 0.1).rescaled(price, quantity)
            scaled = violations(market(rule, other), constraint, price * types)
            np.testing.assert_allclose(scaled, price * quantity * usual, rtol=1e-9)


def test_gains_from_trade_of_single_units_are_the_best_pairs() -> None:
    types = np.array([[0.9, 0.2, 0.1, 0.4], [0.1, 0.2, 0.3, 0.4]])
    np.testing.assert_allclose(gains_from_trade(unit_demands(2, 2), types), [0.8, 0.0])


def test_shares_are_infinite_where_there_is_nothing_to_gain() -> None:
    tested = market(EntryFeeDoubleAuction(0.1), unit_demands(2, 2))
    markets = honest_markets(tested, np.array([[0.1, 0.2, 0.3, 0.4]]))
    assert markets.share(np.array([0.5])) == np.inf
    assert markets.share(np.array([0.0])) == 0


def test_read_gains_are_the_exact_ones_and_searched_ones_come_near() -> None:
    tested = market(UniformConditional(), GENERAL)
    types = drawn(tested, 6)
    expected = exact_gain(tested.mechanism, GENERAL, types)
    read = trader_gains(tested, [3, 1], types)
    assert read.kind == "exact"
    np.testing.assert_allclose(read.gain, expected[:, [3, 1]], rtol=1e-12)
    found = searched_trader_gains(tested, [3, 1], types).gain
    assert (found <= read.gain * (1 + 1e-9) + 1e-15).all()
    assert found.sum() > 0.9 * read.gain.sum()


def test_gains_are_searched_where_bids_are_surfaces_and_where_there_is_no_menu() -> None:
    types = np.array([[1.0, 0.5, -0.5, -1.0]])
    surfaces = trader_gains(market(UniformConditional(), SMOOTH), [0], types)
    assert surfaces.kind == "searched"
    assert surfaces.gain[0, 0] == pytest.approx(0.0453, rel=0.01)
    reports = trader_gains(market(DiscreteVCG(GENERAL, 0.5), GENERAL), [0, 2], types)
    assert reports.kind == "searched"
    assert reports.gain.shape == (1, 2)


@pytest.mark.parametrize(
    ("constraint", "types", "message"),
    [
        ("incentive_compatibility", np.zeros((1, 4)), "constraint must be one of"),
        ("fairness", np.zeros((1, 4)), "constraint must be one of"),
        ("efficiency", np.zeros((1, 3)), "types must have shape"),
        ("efficiency", np.full((1, 4), np.nan), "types must be finite"),
    ],
)
def test_bad_input_is_one_sentence(constraint, types, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        violations(market(UniformDoubleAuction(), private_values(4)), constraint, types)


def test_outcomes_that_are_no_numbers_are_an_error() -> None:
    with pytest.raises(InvalidInputError, match="must return a finite transfer"):
        violations(market(NotANumber(), private_values(4)), "efficiency", np.zeros((1, 4)))
