"""Pivotal mechanisms: where quantities never fall truth is best, elsewhere the pair is named."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from deviator.economies import (
    LinearQuadratic,
    NormalTypes,
    factored,
    fundamental_value,
    heterogeneous,
    linear_quadratic,
    private_values,
    tight,
    two_groups,
)
from deviator.errors import RefusedError
from deviator.evidence import market, type_grid_regret
from deviator.evidence.certificates import certify_single_crossing
from deviator.mechanisms import (
    CallableTax,
    DiscreteVCG,
    EntryFeeVCG,
    SigmaVCG,
    SpreadVCG,
    TaxVCG,
)
from deviator.policies import Revelation

CONVEX = [
    lambda economy: SpreadVCG(economy, 0.3),
    lambda economy: TaxVCG(economy, [[0.1, 1], [0.4, 2]]),
    lambda economy: TaxVCG(economy, [[0.2, 3]]),
    lambda economy: DiscreteVCG(economy, 0.5, 0.1, 0.05),
]
NOBODY_ELSE_MORE = [
    private_values(4),
    fundamental_value(4),
    two_groups(4),
    heterogeneous(4),
    tight(3, cross_effect=0.6),
    factored([1.0, 1.2, 0.8], [[0.3], [0.1], [0.2]], [[1.0, 0.5, 1.0]], slope=[1.0, 2.0, 0.5]),
    linear_quadratic([[1, -2, 0.3], [0.5, 1, -1], [0.9, 0.2, 2]], [1.0, 3.0, 0.4]),
]
CROSSED = linear_quadratic([[1, 0, 0], [1.2, 2, 0], [0, 0, 1]], 1.0)
"""The type of trader 0 moves trader 1 more than trader 0."""


@pytest.mark.parametrize("rule", CONVEX)
@pytest.mark.parametrize("economy", NOBODY_ELSE_MORE, ids=lambda economy: economy.name)
def test_single_crossing_proves_convex_taxes_truthful(rule, economy):
    mechanism = rule(economy)
    certificate = certify_single_crossing(market(mechanism, economy, trader=1))
    assert all(condition.holds for condition in certificate.conditions)
    assert (certificate.cap, certificate.every_profile, certificate.trades) == (0.0, True, True)
    assert type_grid_regret(mechanism, economy, [-1.5, 1.25]).holds


@pytest.mark.parametrize("rule", CONVEX[:1] + CONVEX[3:])
def test_bounded_types_are_certified_too(rule):
    economy = replace(fundamental_value(4), type_low=np.full(4, -1.0), type_high=np.full(4, 2.0))
    certificate = certify_single_crossing(market(rule(economy), economy))
    assert (certificate.cap, certificate.every_profile) == (0.0, True)
    assert certificate.region == "every profile of the type sets"


@pytest.mark.parametrize(
    "economy", [private_values(4), fundamental_value(4), heterogeneous(4), tight(3)]
)
def test_entry_fees_are_certified_where_types_move_all_others_alike(economy):
    mechanism = EntryFeeVCG(economy, fee=0.3)
    certificate = certify_single_crossing(market(mechanism, economy))
    assert (certificate.cap, certificate.every_profile) == (0.0, True)
    assert type_grid_regret(mechanism, economy, [-1.5, 1.25]).holds


def test_entry_fees_are_refused_where_quantities_may_fall():
    """In two groups the quantity of trader 0 falls as its type passes .75: the rule says so."""
    economy = two_groups(4, alpha=1.0, beta=1.55)
    pair, told = (
        "type of trader 0 moves others by 0 to 0.775",
        "transfers make reports truthful only",
    )
    with pytest.raises(RefusedError, match=f"{pair}, .*; {told}"):
        certify_single_crossing(market(EntryFeeVCG(economy, fee=0.3), economy))


@pytest.mark.parametrize("rule", CONVEX)
def test_without_single_crossing_the_pair_is_named(rule):
    with pytest.raises(RefusedError, match=r"trader 0 moves trader 1 by 1.2, itself by 1"):
        certify_single_crossing(market(rule(CROSSED), CROSSED))


@pytest.mark.parametrize(
    "mechanism", [SpreadVCG(CROSSED), EntryFeeVCG(CROSSED), TaxVCG(CROSSED, [[0.4, 2], [0.1, 2]])]
)
def test_straight_demand_needs_no_single_crossing(mechanism):
    """Everybody trades always, so the price responds by the same average at every profile."""
    certificate = certify_single_crossing(market(mechanism, CROSSED))
    assert (certificate.cap, certificate.every_profile) == (0.0, True)


def test_a_price_that_moves_more_than_the_own_value_is_not_implementable():
    economy = linear_quadratic([[1, 0, 0], [3, 2, 0], [3, 0, 1]], 1.0)
    with pytest.raises(RefusedError, match=r"no transfers .* trader 0 .* at the rate -1.33333"):
        certify_single_crossing(market(SpreadVCG(economy), economy))


@dataclass(frozen=True, eq=False)
class Rebates(SpreadVCG):
    """Hands money back to whoever trades much."""

    def _transfers(self, types, trader, reports, quantity, markets):
        paid = super()._transfers(types, trader, reports, quantity, markets)
        return paid - 1e6 * (np.abs(quantity) > 50)


class OwnUtility(LinearQuadratic):
    def utility(self, quantity, types):
        return super().utility(quantity, types) + (quantity > 50)


def test_what_a_third_party_changed_is_refused():
    economy = fundamental_value(4)
    with pytest.raises(RefusedError, match=r"not about spread-vcg .*Rebates"):
        certify_single_crossing(market(Rebates(economy, 0.3), economy))
    own = OwnUtility(economy.weights, economy.slope, economy.intercept)
    with pytest.raises(RefusedError, match="linear-quadratic economy, got OwnUtility"):
        certify_single_crossing(market(SpreadVCG(own, 0.3), own))
    patched = SpreadVCG(economy, 0.3)
    object.__setattr__(patched, "allocate", Rebates(economy, 0.3).allocate)
    with pytest.raises(RefusedError, match="has its allocate set on the object"):
        certify_single_crossing(market(patched, economy))


def test_a_method_planted_in_our_class_is_refused(monkeypatch):
    economy = fundamental_value(4)
    monkeypatch.setattr(SpreadVCG, "_transfers", Rebates._transfers)
    with pytest.raises(RefusedError, match="has _transfers replaced"):
        certify_single_crossing(market(SpreadVCG(economy, 0.3), economy))


def test_taxes_of_unknown_shape_are_refused():
    """Convex at every quantity that is sampled, and not in a sliver between."""
    economy = private_values(3)
    tax = CallableTax(lambda x: x**2, lambda x: 2 * x, lambda x: 2 + 0 * x)
    with pytest.raises(RefusedError, match="got CallableTax, whose shape is sampled"):
        certify_single_crossing(market(TaxVCG(economy, tax), economy))


def test_other_markets_are_refused():
    economy, other = fundamental_value(4), fundamental_value(4, beta=0.9)
    rule = SpreadVCG(economy, 0.3)
    with pytest.raises(RefusedError, match=r"is about spread-vcg, .* and not about sigma-vcg"):
        certify_single_crossing(market(SigmaVCG(economy, 0.1), economy))
    with pytest.raises(RefusedError, match="is about one economy"):
        certify_single_crossing(market(rule, other))
    twin = Revelation(SpreadVCG(economy, 0.3), economy)
    with pytest.raises(RefusedError, match="got the strategy honest of another mechanism"):
        certify_single_crossing(market(rule, economy, strategy=twin))


def test_markets_that_are_too_large_or_cannot_be_cleared_are_refused():
    n = 201
    large = factored(np.ones(n), np.full((n, 1), 0.1), np.ones((1, n)), slope=1.0)
    with pytest.raises(RefusedError, match="at most 200 traders, got 201"):
        certify_single_crossing(market(SpreadVCG(large, 0.3), large))
    economy, law = private_values(3), NormalTypes.independent(3, deviation=1e6)
    tested = market(DiscreteVCG(economy, 0.5), economy, distribution=law)
    with pytest.raises(RefusedError, match="honest markets that can be cleared: a trader may hold"):
        certify_single_crossing(tested)


def test_a_fee_that_keeps_all_out_is_told():
    economy = private_values(3)
    certificate = certify_single_crossing(market(EntryFeeVCG(economy, fee=1e6), economy))
    assert (certificate.cap, certificate.trades) == (0.0, False)
