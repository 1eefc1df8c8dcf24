"""Constraints that hold by a proof: what is confirmed, and which markets get no proof."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from deviator.economies import (
    LinearQuadratic,
    assumption_bounds,
    factored,
    fundamental_value,
    fundamental_value_information,
    linear_quadratic,
    private_values,
    public_statistics,
    saturating,
    sigma_budget,
    sigma_n_from,
    two_groups,
    unit_demands,
)
from deviator.evidence import market
from deviator.evidence.constraints import ConstraintVerdict, honest
from deviator.evidence.constraints.honest import honest_constraints
from deviator.evidence.constraints.proved import find_proofs
from deviator.evidence.constraints.violations import HONEST_CONSTRAINTS, violations
from deviator.mechanisms import (
    DiscreteVCG,
    EntryFeeDoubleAuction,
    EntryFeeVCG,
    KDoubleAuction,
    ModifiedVickreyDoubleAuction,
    NaiveWalrasian,
    PayAsBid,
    SigmaDCDA,
    SigmaVCG,
    SmoothSigmaVCG,
    SpreadVCG,
    TaxVCG,
    UniformConditional,
    UniformDoubleAuction,
    UnitDemandMechanism,
)
from deviator.policies import LinearBayes, Revelation

CLEARS, SURPLUS, RATIONAL, EFFICIENT = HONEST_CONSTRAINTS
ALL = {CLEARS, SURPLUS, RATIONAL, EFFICIENT}

COMMON = fundamental_value(4)
PRIVATE = private_values(4)
BOUNDED = replace(COMMON, type_low=np.full(4, 0.5), type_high=np.full(4, 2.0))
CROSSED = linear_quadratic([[1, 0, 0], [1.2, 2, 0], [0, 0, 1]], 1.0)
"""The type of trader 0 moves trader 1 more than trader 0."""
LARGE = factored(np.ones(90), np.full((90, 1), 0.5 / 90), np.ones((1, 90)), slope=np.ones(90))
SMOOTH = saturating(4)
UNITS = unit_demands(3, 3)
STATISTICS = public_statistics(LARGE, sigma_budget(LARGE))
COVERING = sigma_n_from(assumption_bounds(SMOOTH, kind="maximum"))


def proved(mechanism, economy, **settings):
    return set(find_proofs(market(mechanism, economy, **settings)).confirmed)


@pytest.mark.parametrize(
    ("mechanism", "economy", "holding"),
    [
        (SpreadVCG(COMMON, 0.3), COMMON, {CLEARS, RATIONAL}),
        (SpreadVCG(COMMON, 0.0), COMMON, {CLEARS, RATIONAL, EFFICIENT}),
        (SpreadVCG(BOUNDED, 0.1), BOUNDED, {CLEARS, RATIONAL}),
        (TaxVCG(COMMON, [[0.1, 1], [0.4, 2]]), COMMON, {CLEARS, RATIONAL}),
        (TaxVCG(COMMON, ()), COMMON, {CLEARS, RATIONAL, EFFICIENT}),
        (TaxVCG(COMMON, [[9.0, 2]]), COMMON, {CLEARS, RATIONAL, SURPLUS}),
        (DiscreteVCG(COMMON, 0.5, 0.1, 0.05), COMMON, {CLEARS, RATIONAL}),
        (EntryFeeVCG(COMMON, 0.3), COMMON, {CLEARS, RATIONAL}),
        (EntryFeeVCG(COMMON, 0.0), COMMON, {CLEARS, RATIONAL, EFFICIENT}),
        (SigmaVCG(BOUNDED, 0.0), BOUNDED, {CLEARS, RATIONAL, EFFICIENT}),
        (SigmaVCG(BOUNDED, 9.0), BOUNDED, {CLEARS, RATIONAL, SURPLUS}),
        (SigmaVCG(BOUNDED, 9.0, "pivotal"), BOUNDED, {CLEARS, RATIONAL, SURPLUS}),
        (SigmaVCG(LARGE, 0.01), LARGE, {CLEARS, RATIONAL}),
        (SmoothSigmaVCG(SMOOTH, 0.0), SMOOTH, {CLEARS, RATIONAL, EFFICIENT}),
        (SmoothSigmaVCG(SMOOTH, COVERING), SMOOTH, {CLEARS, RATIONAL, SURPLUS}),
        (SmoothSigmaVCG(SMOOTH, 0.5 * COVERING), SMOOTH, {CLEARS, RATIONAL}),
        (SigmaDCDA(0.0), SMOOTH, {CLEARS, RATIONAL, EFFICIENT}),
        (SigmaDCDA(COVERING), SMOOTH, {CLEARS, RATIONAL, SURPLUS}),
        (UniformConditional(), SMOOTH, ALL),
        (KDoubleAuction(0.3), UNITS, ALL),
        (EntryFeeDoubleAuction(0.0), UNITS, {CLEARS, RATIONAL, EFFICIENT}),
        (EntryFeeDoubleAuction(0.25), UNITS, {CLEARS, RATIONAL, SURPLUS}),
        (EntryFeeDoubleAuction(0.2499), UNITS, {CLEARS, RATIONAL}),
        (ModifiedVickreyDoubleAuction(0.0), UNITS, {CLEARS, RATIONAL, EFFICIENT}),
        (ModifiedVickreyDoubleAuction(0.05), UNITS, {CLEARS}),
        (ModifiedVickreyDoubleAuction(0.0, 0.2, 0.8), UNITS, {CLEARS, RATIONAL}),
        (ModifiedVickreyDoubleAuction(0.5, 0.2, 0.8), UNITS, {CLEARS, SURPLUS}),
        (PayAsBid(), PRIVATE, ALL),
        (UniformDoubleAuction(), PRIVATE, ALL),
        (NaiveWalrasian(COMMON), COMMON, ALL),
        (UniformConditional(public_statistics(LARGE, 0.0)), LARGE, ALL),
    ],
    ids=lambda given: getattr(given, "name", None),
)
def test_what_holds_is_proved(mechanism, economy, holding):
    tested = market(mechanism, economy)
    answers = find_proofs(tested).confirmed
    assert set(answers) == holding
    for answer in answers.values():
        assert (answer.state, answer.scope, answer.cap) == ("confirmed", "every profile", 0.0)
        assert all(condition["holds"] for condition in answer.certificate["conditions"])


@pytest.mark.parametrize("rule", [SigmaVCG, lambda economy, sigma: SigmaDCDA(sigma, STATISTICS)])
def test_a_tax_that_just_covers_the_discounts_of_a_large_market_leaves_no_deficit(rule):
    sigma = sigma_budget(LARGE)
    assert proved(rule(LARGE, sigma), LARGE) == {CLEARS, RATIONAL, SURPLUS}
    less = SigmaVCG(LARGE, 0.99 * sigma)
    two_trade = np.zeros((1, 90))
    two_trade[0, :2] = 1.0, -1.0
    assert SURPLUS not in proved(less, LARGE)
    assert violations(market(less, LARGE), SURPLUS, two_trade)[0] > 0


def test_the_least_fee_that_leaves_no_deficit_is_known():
    """At a fee just below a quarter of the range, one pair among traders priced out loses money."""
    just_below = EntryFeeDoubleAuction(0.25 - 1e-6)
    types = np.array([[1.0, 0.0, 0.0, 0.0, 1.0, 1.0]])
    assert violations(market(just_below, UNITS), SURPLUS, types)[0] > 0
    assert violations(market(EntryFeeDoubleAuction(0.25), UNITS), SURPLUS, types)[0] == 0


@dataclass(frozen=True, eq=False)
class Shaved(SpreadVCG):
    """Takes a little more from whoever trades much."""

    def _transfers(self, types, trader, reports, quantity, markets):
        paid = super()._transfers(types, trader, reports, quantity, markets)
        return paid + 1e3 * (np.abs(quantity) > 50)


@dataclass(frozen=True)
class ShavedAuction(UnitDemandMechanism):
    """The k-double auction, which pays traders of the highest values for being there."""

    buyers: object = None
    unit: float = 1.0
    name = "shaved"

    def clear(self, bids):
        outcome = KDoubleAuction().clear(bids)
        return replace(outcome, transfer=outcome.transfer - 0.01 * (bids.types > 0.999))

    def price_to_trade(self, bids, trader):
        return KDoubleAuction().price_to_trade(bids, trader)


class OwnUtility(LinearQuadratic):
    def utility(self, quantity, types):
        return super().utility(quantity, types) - 1e6 * (np.abs(quantity) > 50)


def replaced():
    """A sound rule on which somebody has put another clearing."""
    rule = KDoubleAuction()
    object.__setattr__(rule, "clear", rule.clear)
    return rule


@pytest.mark.parametrize(
    ("mechanism", "economy"),
    [
        (Shaved(COMMON, 0.3), COMMON),
        (ShavedAuction(), UNITS),
        (replaced(), UNITS),
    ],
)
def test_foreign_rules_get_no_proof(mechanism, economy):
    assert proved(mechanism, economy) == set()


def test_foreign_economies_get_no_proof():
    economy = OwnUtility(COMMON.weights, COMMON.slope, COMMON.intercept)
    assert proved(SpreadVCG(economy, 0.3), economy) == set()


def test_strategies_that_are_not_honest_get_no_proof():
    other = PayAsBid(0.2)
    assert proved(PayAsBid(), PRIVATE, strategy=Revelation(other, PRIVATE)) == set()
    shading = LinearBayes(fundamental_value_information(4, rho=0.5, noise=1.0), 1.0)
    assert proved(UniformDoubleAuction(), COMMON, strategy=shading) == set()
    designed, lived = fundamental_value(4), two_groups(4)
    rule = SpreadVCG(designed, 0.3)
    assert proved(rule, lived) == set()


def test_without_single_crossing_nothing_is_said_of_participation():
    groups = two_groups(4, alpha=1.0, beta=0.7)
    assert RATIONAL not in proved(EntryFeeVCG(groups, 0.3), groups)
    assert RATIONAL not in proved(SpreadVCG(CROSSED, 0.3), CROSSED)
    answer = honest_constraints(market(EntryFeeVCG(groups, 0.3), groups))[RATIONAL]
    assert answer.state == "undetermined"
    assert "a proof needs that no quantity falls in the own type" in answer.reason


def test_proofs_take_the_place_of_open_answers():
    answers = honest_constraints(market(EntryFeeDoubleAuction(0.1), UNITS))
    states = {name: answer.state for name, answer in answers.items()}
    assert states == {
        CLEARS: "confirmed",
        SURPLUS: "refuted",
        RATIONAL: "confirmed",
        EFFICIENT: "refuted",
    }


def test_a_violation_of_what_is_proved_stands_beside_the_proof(monkeypatch):
    tested = market(KDoubleAuction(), UNITS)
    found = ConstraintVerdict(
        SURPLUS, "refuted", "every profile", 1.0, 1.0, None, "a deficit was found", {"types": []}
    )
    monkeypatch.setattr(honest, "searched_constraints", lambda tested: {SURPLUS: found})
    answer = honest_constraints(tested)[SURPLUS]
    assert answer.state == "undetermined"
    assert "a deficit was found; and yet it is proved: Transfers sum to 0" in answer.reason
