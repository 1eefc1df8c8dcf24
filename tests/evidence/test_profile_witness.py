"""Witnesses of what honest bidding breaks: budget, efficiency, participation, market clearing."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from villains.constraints import PaysOutRounding

from deviator.economies import (
    fundamental_value,
    private_values,
    saturating,
    two_groups,
    unit_demands,
)
from deviator.errors import InvalidInputError
from deviator.evidence import market, profile_witness
from deviator.evidence.constraints.violations import honest_markets
from deviator.evidence.profile_witness import witness_at
from deviator.mechanisms import (
    KDoubleAuction,
    Mutated,
    SigmaDCDA,
    UniformConditional,
    UniformDoubleAuction,
    sigma_vcg,
)

TYPES = np.array([1.013, 0.021, -0.442, -0.618])


def test_what_is_rounding_to_a_search_is_rounding_to_a_witness():
    for paid, beyond in ((1e-14, False), (1e-9, True)):
        tested = market(PaysOutRounding(paid), private_values(4))
        violation = honest_markets(tested, TYPES[None]).violation("budget_surplus")[0]
        witness = witness_at(tested, "budget_surplus", TYPES)
        assert (violation > 0) == (witness is not None) == beyond


def test_deficit_of_vcg_in_closed_form():
    """With private values and equal slopes k = mu / (N - 1), and VCG loses sum k q^2 / 2."""
    witness = profile_witness(market(SigmaDCDA(0.0), private_values(4)), "budget_surplus", TYPES)
    quantity = np.array(witness["quantities"])
    assert witness["types"] == [1.0, 0.0, -0.4, -0.6]
    assert witness["violation"] == pytest.approx((quantity**2).sum() / 6)
    assert witness["share"] == pytest.approx(1 / 3)
    assert Fraction(witness["exact"]["share"]) == Fraction(1, 3)
    assert witness["arithmetic"] == "rational"


def test_taxes_cost_efficiency():
    """Of the gains from trade a tax of slope sigma leaves all but (sigma / (mu + sigma))^2."""
    witness = profile_witness(market(SigmaDCDA(0.5), private_values(4)), "efficiency", TYPES)
    assert witness["share"] == pytest.approx((0.5 / 1.5) ** 2)
    assert sum(witness["first_best"]["quantities"]) == pytest.approx(0)


def test_who_loses_is_named():
    """Charging twice the area under the residual demand leaves buyers with less than nothing."""
    rule = Mutated(SigmaDCDA(0.0), "transfer", 1.0)
    tested = market(rule, private_values(4))
    witness = profile_witness(tested, "individual_rationality", np.array([8.0, 7.0, 6.9, 6.8]))
    loser = witness["trader"]
    assert witness["utilities"][loser] == min(witness["utilities"]) == -witness["violation"]


@pytest.mark.parametrize(
    ("rule", "economy"),
    [
        (UniformConditional(), fundamental_value(4)),
        (UniformDoubleAuction(), private_values(4)),
        (KDoubleAuction(), unit_demands(2, 2)),
    ],
)
def test_nothing_is_shown_of_faithful_rules(rule, economy):
    tested = market(rule, economy)
    types = tested.distribution.sample(np.random.default_rng(0), 1)
    shown = {
        constraint: profile_witness(tested, constraint, types)
        for constraint in ("market_clearing", "budget_surplus", "efficiency")
    }
    assert not any(shown.values())


def test_rounding_is_no_violation():
    """Types of 1e8 leave eight digits for quantities: what is left is no excess demand."""
    tested = market(UniformDoubleAuction(), private_values(4))
    types = 1e8 + np.random.default_rng(0).standard_normal((50, 4))
    for constraint in ("market_clearing", "budget_surplus", "efficiency"):
        assert all(profile_witness(tested, constraint, profile) is None for profile in types)


def test_surfaces_are_cleared_in_floating_point():
    tested = market(SigmaDCDA(0.2), saturating(4))
    witness = profile_witness(tested, "efficiency", TYPES)
    assert witness["arithmetic"] == "floating point"
    assert witness["honest_bids"] is None
    assert witness["exact"] is None


def test_types_stay_in_their_sets():
    economy = replace(private_values(4), type_low=np.full(4, -0.617), type_high=np.full(4, 1.011))
    tested = market(sigma_vcg(economy, 0.0), economy)
    types = np.clip(TYPES, -0.617, 1.011)
    witness = profile_witness(tested, "budget_surplus", types)
    assert min(witness["types"]) >= -0.617
    assert max(witness["types"]) <= 1.011


def test_a_deviation_takes_another_witness():
    tested = market(SigmaDCDA(0.0), two_groups(4))
    with pytest.raises(InvalidInputError, match="find_witness"):
        profile_witness(tested, "incentive_compatibility", TYPES)
    with pytest.raises(InvalidInputError, match="types must"):
        profile_witness(tested, "efficiency", np.array([np.nan, 0, 0, 0]))
