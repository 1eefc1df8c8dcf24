"""Several units: caps hold beside all steps of the menu, proofs beside sampled markets."""

import numpy as np
import pytest
from helpers.several_units import unit_economies
from hypothesis import given, settings
from hypothesis import strategies as st
from villains.several_units import OwnLosingBids

from deviator import audit
from deviator.economies import NormalTypes, UniformBox, multi_unit_demands, unit_demands
from deviator.errors import RefusedError
from deviator.evidence import market
from deviator.evidence.certificates import certify_finite_menu
from deviator.evidence.certificates.find import find_certificates
from deviator.evidence.constraints.proved import find_proofs
from deviator.evidence.constraints.violations import violations
from deviator.mechanisms import KDoubleAuction, UniformPriceMultiUnit, VickreyMultiUnit
from deviator.policies import exact_gain

FLAT_AND_SINGLE = multi_unit_demands(3, [[1, 1], [1, 0], [0, 0]], offered=2)


@settings(max_examples=40)
@given(unit_economies(), st.sampled_from([None, 0.0, 0.3, 1.0]), st.data())
def test_no_gain_is_above_the_cap(economy, k, data):
    """Profiles at corners of a box and inside it; the formula is compared with what runs too."""
    end = st.integers(0, 4).map(lambda step: step / 4)
    pairs = data.draw(st.lists(st.tuples(end, end), min_size=4, max_size=4))[: economy.n_traders]
    low, high = (np.array([pick(pair) for pair in pairs]) for pick in (min, max))
    box = UniformBox(low, high + 0.01)
    rule = (
        VickreyMultiUnit.for_economy(economy)
        if k is None
        else UniformPriceMultiUnit.for_economy(economy, k=k)
    )
    share = np.random.default_rng(0).uniform(-0.5, 1.5, (300, economy.n_traders)).clip(0, 1)
    types = box.low + share * (box.high - box.low)
    gains = exact_gain(rule, economy, types)
    for trader in range(economy.n_traders):
        certificate = certify_finite_menu(market(rule, economy, distribution=box, trader=trader))
        assert all(condition.holds for condition in certificate.conditions)
        assert gains[:, trader].max() <= certificate.cap + 1e-12
        single = not any(economy.factors[trader][1:]) and not economy.endowments[trader]
        assert certificate.every_profile == (k is None or (k == 0 and single))


def test_the_cap_of_the_known_example_is_reached():
    """The flat demand gains up to 1, near v = 1 and s = 1; whoever wants one unit gains nothing."""
    rule = UniformPriceMultiUnit.for_economy(FLAT_AND_SINGLE)
    caps = [
        certify_finite_menu(market(rule, FLAT_AND_SINGLE, trader=trader)).cap for trader in range(3)
    ]
    assert caps == [1.0, 0.0, 0.0]
    single = multi_unit_demands(4, [1.0], offered=2)
    card = audit(UniformPriceMultiUnit.for_economy(single), single, held_out=200)
    assert card.state == "confirmed"
    types = np.array([[1.0, 1.0 - 1e-9, 0.0]])
    assert exact_gain(rule, FLAT_AND_SINGLE, types, trader=0) == pytest.approx(1.0)


def test_vickrey_is_certified_and_its_constraints_are_proved():
    auction = multi_unit_demands(4, [1, 0.7, 0.4], offered=4)
    card = audit(VickreyMultiUnit.for_economy(auction), auction, held_out=500)
    assert {one.state for one in card.constraints.values()} == {"confirmed"}
    exchange = multi_unit_demands(4, [1, 0.7], offered=0, endowments=[2, 1, 0, 0])
    tested = market(VickreyMultiUnit.for_economy(exchange), exchange)
    proofs = find_proofs(tested)
    assert set(proofs.confirmed) == {"market_clearing", "individual_rationality", "efficiency"}
    assert "nobody inside sells" in proofs.failures["budget_surplus"]
    types = exchange.types().sample(np.random.default_rng(0), 50)
    assert violations(tested, "budget_surplus", types).max() > 0.1


def test_the_uniform_price_is_refuted_with_a_witness():
    rule = UniformPriceMultiUnit.for_economy(FLAT_AND_SINGLE)
    card = audit(rule, FLAT_AND_SINGLE, trader=0, held_out=500)
    states = {name: one.state for name, one in card.constraints.items()}
    assert states.pop("incentive_compatibility") == "refuted"
    assert set(states.values()) == {"confirmed"}


def test_own_losing_bids_are_refuted_and_never_certified():
    economy = multi_unit_demands(3)
    tested = market(OwnLosingBids(), economy)
    found = find_certificates(tested, "profile", [0])
    assert not found.certificates
    card = audit(OwnLosingBids(), economy, trader=0, held_out=500)
    assert card.constraints["incentive_compatibility"].state == "refuted"


@pytest.mark.parametrize(
    ("rule", "economy", "law", "message"),
    [
        (VickreyMultiUnit(), multi_unit_demands(3), "normal", "types that are not negative"),
        (VickreyMultiUnit(2, 1), unit_demands(2, 2), None, "multi-unit demands"),
        (KDoubleAuction(), multi_unit_demands(4), None, "needs unit demands"),
    ],
)
def test_other_markets_are_refused(rule, economy, law, message):
    drawn = NormalTypes.independent(economy.n_traders) if law else economy.types()
    with pytest.raises(RefusedError, match=message):
        certify_finite_menu(market(rule, economy, distribution=drawn))


def test_types_beyond_the_economys_own_are_no_reason_against_dominance():
    economy = multi_unit_demands(3)
    law = UniformBox([0.0] * 3, [5.0] * 3)
    certificate = certify_finite_menu(market(VickreyMultiUnit(), economy, distribution=law))
    assert (certificate.cap, certificate.every_profile) == (0.0, True)
