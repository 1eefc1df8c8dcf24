"""Planted faults: each distorts what it says, breaks the constraint it names, and is none at 0."""

import copy
import pickle
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
from helpers.outcomes import assert_outcomes_agree
from helpers.samples import normal_types
from numpy.testing import assert_array_equal
from villains.certificates import AllowsLittle

from deviator.economies import (
    multi_unit_demands,
    private_values,
    saturating,
    two_groups,
    unit_demands,
)
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence.constraints import CONSTRAINTS
from deviator.mechanisms import (
    DiscreteVCG,
    EntryFeeDoubleAuction,
    KDoubleAuction,
    Mutated,
    NaiveWalrasian,
    Reports,
    ResidualLineMechanism,
    SigmaDCDA,
    SigmaVCG,
    SpreadVCG,
    UniformDoubleAuction,
    UniformPriceMultiUnit,
)
from deviator.mechanisms.mutated import (
    FAULTS,
    FaultKind,
    LineMutant,
    OutcomeMutant,
    Violated,
    faults_for,
)
from deviator.mechanisms.outcome import check_cleared
from deviator.policies import NumericSearch
from deviator.trust import is_ours

GROUPS, PRIVATE, UNITS = two_groups(4, beta=0.3), private_values(4), unit_demands(3, 3)
MARKETS = [
    (SigmaDCDA(0.5), GROUPS),
    (SigmaVCG(PRIVATE, 0.4), PRIVATE),
    (UniformDoubleAuction(), PRIVATE),
    (SpreadVCG(PRIVATE, 0.1), PRIVATE),
    (DiscreteVCG(PRIVATE, 0.25, 0.1), PRIVATE),
    (KDoubleAuction(), UNITS),
    (EntryFeeDoubleAuction(0.02), UNITS),
]
PLANTED = [
    pytest.param(mechanism, economy, fault.name, id=f"{mechanism.name}-{fault.name}")
    for mechanism, economy in MARKETS
    for fault in faults_for(mechanism)
]
SOUND = SigmaDCDA(0.5)


def types_of(economy, batch, seed=3):
    return economy.types().sample(np.random.default_rng(seed), batch)


def honest(mechanism, economy, types):
    return mechanism.clear(mechanism.honest_bids(economy, types))


def violation(mechanism, economy, constraint, types):
    """The largest violation at honest bids, in units of the good or of money."""
    if constraint == "incentive_compatibility":
        traders = (0, 1, economy.n_traders - 1)
        searched = [NumericSearch(mechanism, economy, i).find(types[:12]).gain for i in traders]
        return float(np.max(searched))
    outcome = honest(mechanism, economy, types)
    if constraint == "market_clearing":
        return float(np.abs(outcome.quantity.sum(axis=1)).max())
    if constraint == "budget_surplus":
        return float((-outcome.transfer.sum(axis=1)).max())
    utility = economy.utility(outcome.quantity, types)
    if constraint == "individual_rationality":
        return float((outcome.transfer - utility).max())
    best = economy.utility(economy.efficient_allocation(types), types).sum(axis=1)
    return float((best - utility.sum(axis=1)).mean())


def test_there_are_at_least_25_faults_of_every_kind_for_every_constraint():
    assert len(FAULTS) >= 25
    assert {fault.kind for fault in FAULTS.values()} == set(get_args(FaultKind))
    assert {fault.violates for fault in FAULTS.values()} == set(CONSTRAINTS)
    assert get_args(Violated) == CONSTRAINTS
    assert [fault.name for fault in FAULTS.values()] == list(FAULTS)
    assert all(fault.distorts.startswith("size of") for fault in FAULTS.values())
    for mechanism, _ in MARKETS:
        assert len(faults_for(mechanism)) >= 25


@pytest.mark.parametrize(("mechanism", "economy", "fault"), PLANTED)
def test_a_fault_of_1_percent_changes_outcomes_and_at_0_nothing_does(mechanism, economy, fault):
    types = types_of(economy, 400 if fault == "near-ties" else 12)
    bids = mechanism.honest_bids(economy, types)
    sound, none, planted = (
        rule.clear(bids)
        for rule in (mechanism, Mutated(mechanism, fault, 0.0), Mutated(mechanism, fault, 0.01))
    )
    np.testing.assert_array_equal(none.quantity, sound.quantity)
    np.testing.assert_array_equal(none.transfer, sound.transfer)
    changed = [
        not np.allclose(getattr(planted, field), getattr(sound, field), rtol=1e-12, atol=0)
        for field in ("quantity", "transfer")
    ]
    assert any(changed)
    own = bids.of_trader(1)[:, None]
    kept = Mutated(mechanism, fault, 0.0).clear_deviations(bids, 1, own)
    np.testing.assert_array_equal(kept.transfer, mechanism.clear_deviations(bids, 1, own).transfer)


@pytest.mark.parametrize("mechanism", [SOUND, SpreadVCG(PRIVATE, 0.1), KDoubleAuction()])
@pytest.mark.parametrize("fault", [name for name in FAULTS if FAULTS[name].needs == ""])
def test_a_batch_equals_the_loop_and_deviations_equal_clearing(mechanism, fault):
    economy = dict((rule.name, market) for rule, market in MARKETS)[mechanism.name]
    mutant, types = Mutated(mechanism, fault, 0.01), types_of(economy, 5)
    bids = mutant.honest_bids(economy, types)
    whole = mutant.clear(bids)
    for market in range(5):
        alone = mutant.clear(mutant.honest_bids(economy, types[[market]]))
        np.testing.assert_allclose(alone.quantity[0], whole.quantity[market], atol=1e-12)
        np.testing.assert_allclose(alone.transfer[0], whole.transfer[market], atol=1e-12)
    tried = np.stack([bids.of_trader(2), bids.of_trader(1)], axis=1)
    result = mutant.clear_deviations(bids, 2, tried)
    np.testing.assert_allclose(result.transfer[:, 0], whole.transfer[:, 2], atol=1e-12)
    np.testing.assert_allclose(result.quantity[:, 0], whole.quantity[:, 2], atol=1e-12)


@pytest.mark.parametrize("fault", list(FAULTS))
def test_other_units_of_money_and_of_the_good_are_the_same_fault(fault):
    mutant, types = Mutated(SOUND, fault, 0.0125), types_of(GROUPS, 20)
    price, quantity = 2.0**-20, 2.0**17
    outcome = honest(mutant, GROUPS, types)
    restated = honest(
        mutant.rescaled(price, quantity), GROUPS.rescaled(price, quantity), types * price
    )
    np.testing.assert_allclose(restated.quantity, outcome.quantity * quantity, rtol=1e-9)
    scale = np.abs(outcome.transfer).max() * price * quantity
    np.testing.assert_allclose(
        restated.transfer, outcome.transfer * (price * quantity), atol=1e-9 * scale
    )


@pytest.mark.parametrize("fault", list(FAULTS))
def test_a_fault_of_1_percent_breaks_the_constraint_that_it_names(fault):
    """Where the sound rule keeps the constraint: sigma-DCDA, VCG, and single units."""
    constraint = FAULTS[fault].violates
    mechanism, economy = {
        "budget_surplus": (KDoubleAuction(), UNITS),
        "efficiency": (SigmaVCG(PRIVATE), PRIVATE),
    }.get(constraint, (SOUND, GROUPS))
    types = types_of(economy, 200)
    sound = violation(mechanism, economy, constraint, types)
    planted = violation(Mutated(mechanism, fault, 0.01), economy, constraint, types)
    assert sound < 1e-8
    assert planted > max(1e-7, 10 * sound)


def test_line_faults_stay_exact_and_others_have_no_menu():
    bids = SOUND.honest_bids(GROUPS, types_of(GROUPS, 3))
    for fault in ("transfer", "residual-slope", "tax", "clearing"):
        mutant = Mutated(SOUND, fault, 0.1)
        assert isinstance(mutant, Mutated)
        assert isinstance(mutant, ResidualLineMechanism)
        assert mutant.menu(bids, 0) is not None
    assert not isinstance(Mutated(SOUND, "subsidy", 0.1), ResidualLineMechanism)
    assert Mutated(SOUND, "subsidy", 0.1).menu(bids, 0) is None
    assert type(Mutated(SpreadVCG(PRIVATE), "transfer", 0.1)) is OutcomeMutant


def test_surfaces_are_cleared_with_the_fault():
    economy = saturating(4)
    types = normal_types(2, 4, seed=2)
    bids = SOUND.honest_bids(economy, types)
    sound = SOUND.clear(bids)
    dearer = Mutated(SOUND, "transfer", 0.1).clear(bids)
    np.testing.assert_allclose(dearer.transfer, 1.1 * sound.transfer, rtol=1e-12)
    steeper = Mutated(SOUND, "residual-slope", 0.1).clear(bids)
    assert (steeper.transfer < sound.transfer).all()
    assert_outcomes_agree(Mutated(SOUND, "tax", 0.0).clear(bids), sound, 0, 0)
    short = Mutated(SOUND, "short-delivery", 0.01).clear(bids)
    np.testing.assert_allclose(short.quantity[:, 0], 0.99 * sound.quantity[:, 0], rtol=1e-12)
    with pytest.raises(RefusedError, match="plant rationing"):
        Mutated(SOUND, "clearing", 0.1).clear(bids)
    with pytest.raises(RefusedError, match="surfaces are functions"):
        Mutated(SOUND, "own-bid-leak", 0.1).clear(bids)


def test_mutants_copy_pickle_and_are_restated():
    for fault in ("transfer", "lump-sum"):
        mutant = Mutated(SOUND, fault, 0.1, trader=2)
        for other in (copy.deepcopy(mutant), pickle.loads(pickle.dumps(mutant)), replace(mutant)):
            assert type(other) is type(mutant)
            assert (other.fault, other.size, other.trader) == (fault, 0.1, 2)
        assert mutant.relabelled([2, 0, 1, 3]).trader == 0
        assert is_ours(type(mutant))
    assert type(Mutated(SOUND, "transfer", 0.1)) is LineMutant
    assert Mutated(SOUND, "lump-sum", 0.01, 2).name == "sigma-dcda with lump-sum +0.01"


def test_the_trader_whom_a_fault_is_about_can_be_chosen():
    types = types_of(GROUPS, 5)
    sound = honest(SOUND, GROUPS, types)
    paid = honest(Mutated(SOUND, "lump-sum", 0.01, trader=3), GROUPS, types).transfer
    np.testing.assert_array_equal(paid[:, :3], sound.transfer[:, :3])
    assert (paid[:, 3] < sound.transfer[:, 3]).all()


def test_autarky_stays_empty():
    mutant = Mutated(KDoubleAuction(), "entry-charge", 0.01)
    outcome = mutant.clear(Reports(np.array([[0.1, 0.1, 0.1, 0.9, 0.9, 0.9]])))
    assert not outcome.transfer.any()


@pytest.mark.parametrize(
    ("bad", "error", "rule"),
    [
        (lambda: Mutated(SOUND, "theft", 0.1), InvalidInputError, "fault must be one of transfer,"),
        (lambda: Mutated(SOUND, "transfer", np.nan), InvalidInputError, "size must be finite"),
        (lambda: Mutated(SOUND, "rationing", 1.5), InvalidInputError, "at most 1 for rationing"),
        (lambda: Mutated(SOUND, "clearing", 1.0), InvalidInputError, "below 1 for clearing"),
        (lambda: Mutated("rule", "transfer", 0.1), InvalidInputError, "must be a Mechanism, got str"),
        (lambda: Mutated(SigmaDCDA(), "tax", 0.1), RefusedError, "needs payments by a tax slope"),
        (lambda: Mutated(KDoubleAuction(), "residual-slope", 0.1), RefusedError, "by the residual slope"),
        (
            lambda: Mutated(NaiveWalrasian(PRIVATE), "uniform-blend", 0.1),
            RefusedError,
            "payments that are not one price each",
        ),
    ],
)  # fmt: skip
def test_bad_faults_are_one_clear_sentence(bad, error, rule):
    with pytest.raises(error, match=rule) as caught:
        bad()
    assert "\n" not in str(caught.value)


def test_a_mutant_allows_no_bid_that_the_rule_forbids():
    """Else a search in the mutant tries, and a verdict names, bids that nobody may submit."""
    rule = AllowsLittle()
    own, wild = np.array([[1.0, 1.0]]), np.array([[[9.0, 9.0]]])
    for fault in ("transfer", "residual-slope"):
        allowed = Mutated(rule, fault, 0.1).allowed_bids(0, wild, own)
        assert_array_equal(allowed, rule.allowed_bids(0, wild, own))
        assert (allowed != wild).any()


@pytest.mark.parametrize(
    "fault", faults_for(UniformPriceMultiUnit(3, 2)), ids=lambda each: each.name
)
def test_faults_of_other_constraints_clear_markets_in_which_somebody_outside_sells(fault):
    """Else a mutant that withholds units is refused as one that does not clear."""
    economy = multi_unit_demands(4, offered=3)
    mutant = Mutated(UniformPriceMultiUnit.for_economy(economy), fault.name, 0.1)
    types = economy.types().sample(np.random.default_rng(0), 20)
    outcome = mutant.clear(mutant.honest_bids(economy, types))
    if fault.violates == "market_clearing":
        assert np.abs(outcome.excess).max() > 0.01
    else:
        check_cleared(mutant.name, outcome, types.shape)
