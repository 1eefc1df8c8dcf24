"""Gains, rounding, constraints and coalitions where payoffs are not utility minus transfer."""

from dataclasses import dataclass

import numpy as np
import pytest

from deviator.economies import (
    NonQuasilinearEconomy,
    QuadraticEconomy,
    UnitDemands,
    private_values,
)
from deviator.envs import deviation_core
from deviator.envs.exchange_core import exchange_core
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import find_certificates, find_witness, market, standing_control
from deviator.evidence.certificates import certify_finite_menu
from deviator.evidence.coalitions import coalition_of
from deviator.evidence.constraints.honest import honest_constraints
from deviator.evidence.constraints.violations import honest_markets
from deviator.evidence.type_grid import type_grid_regret
from deviator.mechanisms import KDoubleAuction, SigmaDCDA, SigmaVCG, UniformDoubleAuction
from deviator.policies import NumericSearch, exact_gain

STEEP = 1e4


@dataclass(frozen=True, eq=False)
class Poor(NonQuasilinearEconomy):
    """Beyond a budget of 0.1 money costs more than itself."""

    traders: QuadraticEconomy
    name = "poor"

    def payoff(self, quantity, transfer, types):
        beyond = np.maximum(transfer - 0.1, 0)
        return self.utility(quantity, types) - transfer - STEEP * beyond


class Vanishing(Poor):
    """A payoff that is no number once anything is paid."""

    def payoff(self, quantity, transfer, types):
        return np.where(transfer > 0, np.nan, self.utility(quantity, types) - transfer)


@dataclass(frozen=True)
class Careful(UnitDemands):
    """Traders of single units who mind losses three times as much as they like gains."""

    def payoff(self, quantity, transfer, types):
        left = self.utility(quantity, types) - transfer
        return np.where(left < 0, 3 * left, left)


ECONOMY = Poor(private_values(4))
CAREFUL = Careful(("buyer", "buyer", "seller", "seller"))
RULE = UniformDoubleAuction()


def profiles(economy, count=30):
    return economy.types().sample(np.random.default_rng(0), count)


def test_rounding_is_that_of_the_payoff_and_not_of_the_money():
    plain, steep = market(RULE, private_values(4)), market(RULE, ECONOMY)
    types = profiles(ECONOMY)
    paid = RULE.clear(RULE.honest_bids(ECONOMY, types)).transfer[:, 0]
    money, payoff = (each.honest_results(types).rounding for each in (plain, steep))
    assert (payoff[paid > 0.11] > 100 * money[paid > 0.11]).all()
    assert (payoff[paid < 0.09] < 4 * money[paid < 0.09] + 1e-12).all()


def test_gains_are_differences_of_payoffs():
    tested, types = market(RULE, ECONOMY), profiles(ECONOMY)
    bids = RULE.honest_bids(ECONOMY, types)
    bid = 0.5 * bids.of_trader(0)
    moved = RULE.clear(bids.with_candidates(0, bid[:, None]))
    honest = RULE.clear(bids)
    wanted = [ECONOMY.payoff(each.quantity, each.transfer, types)[:, 0] for each in (moved, honest)]
    np.testing.assert_allclose(tested.gains(types, bid), wanted[0] - wanted[1], rtol=1e-9)
    witness = find_witness(tested, NumericSearch(RULE, ECONOMY, 0), types)
    gain = witness["deviating_outcome"]["utility"] - witness["honest_outcome"]["utility"]
    assert witness["gain"] == pytest.approx(gain)


def test_honest_markets_measure_losses_in_payoff_and_deficits_in_money():
    tested, types = market(SigmaVCG(ECONOMY), ECONOMY), profiles(ECONOMY)
    markets = honest_markets(tested, types)
    outcome = markets.outcome
    payoff = ECONOMY.payoff(outcome.quantity, outcome.transfer, types)
    np.testing.assert_allclose(markets.excess("individual_rationality"), -payoff.min(axis=1))
    np.testing.assert_allclose(markets.excess("budget_surplus"), -outcome.transfer.sum(axis=1))
    assert not markets.excess("efficiency").any()
    assert not markets.share(markets.violation("budget_surplus")).any()


def test_nothing_is_certified_of_our_own_rules_there():
    tested = market(SigmaDCDA(0.2), ECONOMY)
    assert not find_certificates(tested, "profile", [0]).certificates
    answers = honest_constraints(tested)
    assert {answer.state for answer in answers.values()} <= {"undetermined", "refuted"}
    assert "not quasi-linear" in answers["efficiency"].reason
    with pytest.raises(RefusedError):
        exact_gain(RULE, ECONOMY, profiles(ECONOMY), trader=0)


def test_finite_menus_answer_for_any_payoff_and_certify_none():
    """Of the points of a menu the best one is best whatever money is worth."""
    rule, types = KDoubleAuction(0.5, buyers=2), profiles(CAREFUL, 200)
    gain = exact_gain(rule, CAREFUL, types, trader=0)
    found = NumericSearch(rule, CAREFUL, 0).find(types).gain
    assert (found <= gain + 1e-9).all()
    assert gain.max() > 0
    with pytest.raises(RefusedError, match="an economy of the kind Careful"):
        certify_finite_menu(market(rule, CAREFUL))
    control = standing_control(market(rule, CAREFUL))
    assert type(control.economy) is UnitDemands


def test_those_who_could_pay_each_other_are_refused():
    tested = market(RULE, ECONOMY)
    with pytest.raises(RefusedError, match="leave transfers out"):
        coalition_of(tested, (0, 1))
    party, types = coalition_of(tested, (0, 1), transfers=False), profiles(ECONOMY, 5)
    outcome = RULE.clear(RULE.honest_bids(ECONOMY, types))
    wanted = ECONOMY.payoff(outcome.quantity, outcome.transfer, types)[:, :2]
    np.testing.assert_allclose(party.honest(types).utility, wanted, rtol=1e-12)


def test_environments_pay_payoffs():
    tested, types = market(RULE, ECONOMY), profiles(ECONOMY, 8)
    core = deviation_core(tested)
    action = np.full((8, core.action_size), 0.3)
    wanted = tested.gains(types, core.bid(types, action)) / core.reward_unit
    np.testing.assert_allclose(core.reward(types, action), wanted, rtol=1e-9)
    everybody = exchange_core(tested, baseline="nothing")
    actions = np.zeros((8, 4, everybody.action_size))
    step = everybody.step(everybody.start(types), actions)
    payoff = ECONOMY.payoff(step.outcome.quantity, step.outcome.transfer, types)
    np.testing.assert_allclose(step.reward * np.array(everybody.reward_units), payoff, rtol=1e-12)


def test_payoffs_that_are_no_numbers_are_refused_in_one_sentence():
    economy = Vanishing(private_values(4))
    with pytest.raises(InvalidInputError, match="economy poor must have finite"):
        honest_markets(market(RULE, economy), profiles(economy)).violation("individual_rationality")
    with pytest.raises(InvalidInputError, match="economy poor must have finite"):
        NumericSearch(RULE, economy, 0).find(profiles(economy))


def test_a_grid_of_types_is_refused():
    with pytest.raises(RefusedError, match="states a payoff of its own; search"):
        type_grid_regret(SigmaVCG(ECONOMY), ECONOMY, [0.0, 1.0])
