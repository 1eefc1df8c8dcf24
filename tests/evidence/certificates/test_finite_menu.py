"""Single units: caps equal brute force over corners of the box and all steps of the menu."""

import itertools
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deviator.economies import NormalTypes, UniformBox, UnitDemands, unit_demands
from deviator.errors import RefusedError
from deviator.evidence import market
from deviator.evidence.certificates import certify_finite_menu
from deviator.mechanisms import (
    EntryFeeDoubleAuction,
    KDoubleAuction,
    ModifiedVickreyDoubleAuction,
    SigmaDCDA,
)
from deviator.policies import exact_gain

SLIVER = UniformBox([0.0, 0.0, 0.49, 0.49], [0.5, 0.5, 1.0, 1.0])
"""Values of buyers and sellers overlap between .49 and .5."""

APART = UniformBox([0.0, 0.0, 0.5, 0.51], [0.5, 0.4, 1.0, 1.0])


def sides(buyers):
    return UnitDemands(tuple("buyer" if buys else "seller" for buys in buyers))


def places(buyers):
    return tuple(np.flatnonzero(buyers).tolist())


def worst_gain_at_corners(tested, box):
    """The largest gain of any bid beside another value, at corners of a box: plain brute force."""
    profiles = np.array(list(itertools.product(*zip(box.low, box.high, strict=True))))
    edges = np.unique(np.concatenate([box.low, box.high]))
    bids = np.concatenate([edges - 1e-9, edges + 1e-9])
    candidates = np.broadcast_to(bids[:, None], (len(profiles), len(bids), 1))
    utility = tested.utilities(profiles, candidates)
    return float((utility.max(axis=1) - utility[:, 0]).max())


@settings(max_examples=60)
@given(st.data())
def test_the_cap_of_the_k_double_auction_is_the_worst_gain_over_the_box(data):
    n = data.draw(st.integers(3, 5))
    buyers = [True, False, *data.draw(st.lists(st.booleans(), min_size=n - 2, max_size=n - 2))]
    end = st.integers(0, 8).map(lambda step: step / 8)
    ends = data.draw(st.lists(st.tuples(end, end), min_size=n, max_size=n))
    box = UniformBox([min(pair) for pair in ends], [max(pair) + 0.01 for pair in ends])
    k = data.draw(st.sampled_from([0.0, 0.25, 0.5, 1.0]))
    rule = KDoubleAuction(k, buyers=places(buyers))
    trader = data.draw(st.integers(0, n - 1))
    tested = market(rule, sides(buyers), distribution=box, trader=trader)
    certificate = certify_finite_menu(tested)
    assert all(condition.holds for condition in certificate.conditions)
    assert certificate.cap == pytest.approx(worst_gain_at_corners(tested, box), abs=1e-7)


def test_values_that_overlap_in_a_sliver_have_a_small_cap_and_are_not_vacuous():
    tested = market(KDoubleAuction(), unit_demands(2, 2), distribution=SLIVER)
    certificate = certify_finite_menu(tested)
    assert certificate.trades
    assert not certificate.every_profile
    assert certificate.region == "every profile that the law allows"
    assert certificate.cap == pytest.approx(0.005, rel=1e-12)
    types = np.array([[0.5, 0.0, 0.49, 1.0]])
    gain = exact_gain(tested.mechanism, tested.economy, types, trader=0)
    assert 0 < gain[0] <= certificate.cap


def test_values_that_never_overlap_leave_nothing_to_gain_and_no_trade():
    certificate = certify_finite_menu(
        market(KDoubleAuction(), unit_demands(2, 2), distribution=APART)
    )
    assert (certificate.cap, certificate.every_profile, certificate.trades) == (0.0, False, False)
    idle = next(one for one in certificate.conditions if one.name.startswith("nobody trades"))
    assert idle.detail == "buyers value a unit at 0.5 at most, sellers at 0.5 at least"


@pytest.mark.parametrize(("k", "trader"), [(0.0, 0), (1.0, 3)])
def test_who_never_moves_the_price_is_certified_at_every_profile(k, trader):
    law = NormalTypes.independent(4)
    tested = market(KDoubleAuction(k), unit_demands(2, 2), distribution=law, trader=trader)
    certificate = certify_finite_menu(tested)
    assert (certificate.cap, certificate.every_profile) == (0.0, True)
    other = market(tested.mechanism, tested.economy, distribution=law, trader=3 - trader)
    with pytest.raises(RefusedError, match="needs a law on a box"):
        certify_finite_menu(other)


@pytest.mark.parametrize("fee", [0.0, 0.1])
@pytest.mark.parametrize("trader", [0, 4])
@pytest.mark.parametrize("law", [None, NormalTypes.independent(5, 0.5, 3.0)])
def test_pivotal_prices_are_certified_at_every_profile_of_any_law(fee, trader, law):
    tested = market(EntryFeeDoubleAuction(fee), unit_demands(2, 3), distribution=law, trader=trader)
    certificate = certify_finite_menu(tested)
    assert all(condition.holds for condition in certificate.conditions)
    assert (certificate.cap, certificate.every_profile) == (0.0, True)


@pytest.mark.parametrize("trader", [0, 5])
def test_equilibrium_entry_gains_nothing_in_expectation_and_something_at_worst(trader):
    tested = market(ModifiedVickreyDoubleAuction(0.05), unit_demands(3, 3), trader=trader)
    expected = certify_finite_menu(tested, "own")
    assert 0 <= expected.cap <= 1e-11
    assert not expected.every_profile
    worst = certify_finite_menu(tested, "profile")
    types = np.random.default_rng(0).uniform(size=(20_000, 6))
    gain = exact_gain(tested.mechanism, tested.economy, types, trader=trader).max()
    assert 0.05 <= gain <= worst.cap <= gain + 0.15


def test_a_wrong_cutoff_costs_what_the_certificate_says_at_most():
    """Trader 0 knows the own value: the mean gain from entering in its place is below the cap."""
    rule, economy = ModifiedVickreyDoubleAuction(0.05, 0.3, 0.6), unit_demands(2, 2)
    certificate = certify_finite_menu(market(rule, economy), "own")
    types = np.random.default_rng(0).uniform(size=(100_000, 4))
    types[:, 0] = 0.3
    bids = rule.honest_bids(economy, types)
    entering = rule.clear_deviations(bids, 0, np.tile([0.3, 1.0], (len(types), 1, 1)))
    utility = economy.utility_of(0, entering.quantity, types) - entering.transfer
    assert abs(utility.mean()) == pytest.approx(certificate.cap, abs=5e-4)


def test_free_entry_is_the_vickrey_auction():
    tested = market(ModifiedVickreyDoubleAuction(0.0), unit_demands(2, 2))
    for information in ("own", "profile"):
        certificate = certify_finite_menu(tested, information)
        assert (certificate.cap, certificate.every_profile) == (0.0, True)
    outside = market(tested.mechanism, tested.economy, distribution=UniformBox([-1] * 4, [2] * 4))
    assert certify_finite_menu(outside).cap > 0


@dataclass(frozen=True)
class Rebates(EntryFeeDoubleAuction):
    """Hands money back to whoever bids a certain number."""

    def clear(self, bids):
        outcome = super().clear(bids)
        outcome.transfer[bids.types == 0.123456789] -= 1.0
        return outcome


def test_other_markets_are_refused():
    economy = unit_demands(2, 2)
    with pytest.raises(RefusedError, match=r"not about entry-fee-double-auction .*Rebates"):
        certify_finite_menu(market(Rebates(), economy))
    with pytest.raises(RefusedError, match=r"is about k-double-auction, .* not about sigma-dcda"):
        certify_finite_menu(market(SigmaDCDA(0.1), economy))
    with pytest.raises(RefusedError, match="economy's own sides"):
        certify_finite_menu(market(KDoubleAuction(buyers=1), economy))


def test_a_method_planted_in_our_class_is_refused(monkeypatch):
    monkeypatch.setattr(EntryFeeDoubleAuction, "_fee_per_unit", lambda *_: 0.0)
    with pytest.raises(RefusedError, match="has _fee_per_unit replaced"):
        certify_finite_menu(market(EntryFeeDoubleAuction(0.1), unit_demands(2, 2)))
