"""Certificates, mutants, witnesses and verdicts."""

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import get_args

import numpy as np
import pytest
from helpers.market_strategies import economies, floats
from hypothesis import given, settings
from hypothesis import strategies as st

from deviator.economies import (
    UniformBox,
    fundamental_value,
    fundamental_value_information,
    heterogeneous,
    linear_quadratic,
    private_values,
    tight,
    two_groups,
    two_groups_information,
)
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import certify, market
from deviator.evidence.best_deviation import pays
from deviator.evidence.witness import find_witness, recheck
from deviator.mechanisms import (
    Mutated,
    NaiveWalrasian,
    ResidualLineMechanism,
    SigmaDCDA,
    SigmaVCG,
    UniformConditional,
    UniformDoubleAuction,
)
from deviator.mechanisms.mutated import Fault
from deviator.policies import BestResponse, LinearBayes, exact_gain, expected_exact_gain
from deviator.studies import audit

MENU = "the menu comes from the payment rule and vanishes at 0"
CONCAVE = "the objective is concave"


def condition(certificate, name):
    return next(one for one in certificate.conditions if one.name == name)


@settings(max_examples=25)
@given(st.data())
def test_sigma_dcda_is_certified_at_every_profile(data):
    economy = data.draw(economies())
    trader = data.draw(st.integers(0, economy.n_traders - 1))
    sigma = data.draw(floats(0.0, 2.0))
    certificate = certify(market(SigmaDCDA(sigma), economy, trader=trader))
    assert all(condition.holds for condition in certificate.conditions)
    assert certificate.every_profile
    assert certificate.cap == 0.0


@pytest.mark.parametrize("fault", get_args(Fault))
@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("sigma", [0.3, 1])
def test_every_mutant_is_caught(fault, direct, sigma):
    """Each planted fault opens a gain, which the certificate states and the oracle attains."""
    economy = two_groups(6)
    sound = SigmaVCG(economy, sigma) if direct else SigmaDCDA(sigma)
    for size in (0.5, 0.01, -0.1):
        tested = market(Mutated(sound, fault, size), economy)
        certificate = certify(tested)
        assert not certificate.every_profile
        assert certificate.cap > 1e-9
        exact = expected_exact_gain(tested.mechanism, economy, tested.distribution, 0)
        assert certificate.cap == pytest.approx(exact, rel=1e-9)
        assert audit(tested.mechanism, economy, held_out=2000).state == "refuted"


def test_the_mutant_that_satisfies_the_honest_first_order_condition_fails():
    """1.5 k: honesty solves v - mu q = p + sigma q by construction, and still does not pay."""
    economy = fundamental_value(5)
    certificate = certify(market(Mutated(SigmaDCDA(0.4), "residual-slope", 0.5), economy))
    conditions = {condition.name: condition.holds for condition in certificate.conditions}
    assert not conditions.pop("honesty is first-order optimal")
    assert all(conditions.values())


def test_a_mutant_that_charges_for_nothing_fails_on_its_menu():
    class EntryFee(type(SigmaDCDA())):  # a fee even at q = 0, planted below a final class
        def payment(self, price, quantity, residual_slope, tax_slope):
            paid = super().payment(price, quantity, residual_slope, tax_slope)
            return paid + residual_slope

    certificate = certify(market(EntryFee(0.4), fundamental_value(4)))
    assert certificate.cap is None
    assert not condition(certificate, MENU).holds


@pytest.mark.parametrize("slope", [1e-9, 1.0, 1e9])
def test_certificates_do_not_depend_on_units(slope):
    economy = fundamental_value(4, slope=slope)
    assert certify(market(SigmaDCDA(0.4 * slope), economy)).cap == 0.0


@pytest.mark.parametrize("n", [5, 8, 10])
def test_sampling_error_is_not_mistaken_for_a_contradiction(n):
    """Uniform profiles are not moment-matched: their mean gain may exceed the expected one."""
    types = UniformBox.common(n, -1.0, 1.0)
    verdict = audit("naive-walrasian", private_values(n), distribution=types, held_out=2000)
    assert verdict.state == "refuted"


def test_payment_rules_that_cannot_be_read_off():
    class Sized(type(UniformDoubleAuction())):
        def payment(self, price, quantity, residual_slope, tax_slope):
            return price * quantity + abs(quantity)

    class Cubic(type(UniformDoubleAuction())):
        def payment(self, price, quantity, residual_slope, tax_slope):
            return price * quantity + quantity * quantity * quantity

    economy, types = private_values(4), np.ones((1, 4))
    for rule, message in ((Sized(), "uses + - *"), (Cubic(), "quadratic in the quantity")):
        with pytest.raises(RefusedError, match=re.escape(message)):
            exact_gain(rule, economy, types)


@pytest.mark.parametrize("divisor", [2, 5, 16, 20])
def test_payment_rules_with_fractions_certify(divisor):
    class Taxed(type(UniformDoubleAuction())):
        def payment(self, price, quantity, residual_slope, tax_slope):
            return price * quantity + quantity * quantity / divisor

    tested = market(Taxed(), private_values(4))
    exact = expected_exact_gain(tested.mechanism, tested.economy, tested.distribution, 0)
    assert certify(tested).cap == pytest.approx(exact, rel=1e-10)


@dataclass(frozen=True)
class Discount(ResidualLineMechanism):
    """Gives back a share of the price impact; its setting is a float, as users write it."""

    share: float
    name = "discount"
    language = UniformDoubleAuction.language
    clearing = UniformDoubleAuction.clearing

    def payment(self, price, quantity, residual_slope, tax_slope):
        return price * quantity - self.share * residual_slope * quantity * quantity / 2


@pytest.mark.parametrize(
    "share",
    [0.3, pytest.param(0.0, marks=pytest.mark.slow), pytest.param(1.0, marks=pytest.mark.slow)],
)
def test_payment_rules_with_float_settings_are_read_off_exactly(share):
    economy = private_values(5, alpha=1.0, slope=1.3)
    tested = market(Discount(share), economy)
    certificate = certify(tested)
    exact = expected_exact_gain(tested.mechanism, economy, tested.distribution, 0)
    assert certificate.cap == pytest.approx(exact, rel=1e-12, abs=1e-30)
    assert certificate.every_profile == (share == 1.0)
    assert audit(Discount(share), economy).state == ("confirmed" if share == 1 else "refuted")


@pytest.mark.parametrize("information", ["profile", "own"])
def test_caps_of_controls_are_their_exact_gains(information):
    for economy in (private_values(5), heterogeneous(4)):
        for mechanism in (UniformConditional(), NaiveWalrasian(economy)):
            tested = market(mechanism, economy, trader=1)
            cap = certify(tested, information).cap
            arguments = (mechanism, economy, tested.distribution, 1)
            exact = expected_exact_gain(*arguments, information=information)
            assert cap == pytest.approx(exact, rel=1e-10)


def test_caps_round_up():
    economy = private_values(10, slope=2.0)
    cap = Fraction(certify(market(NaiveWalrasian(economy), economy)).cap)
    assert cap >= Fraction(1, 440)  # 10/9 * 9/(4 * 100 * 11), the mean of footnote 28's gain
    assert cap - Fraction(1, 440) < Fraction(1, 10**17)


@pytest.mark.parametrize("information", ["profile", "own"])
def test_equilibrium_schedules(information):
    for beliefs, null in (
        (fundamental_value_information(8, 0.4, 0.5), True),
        (two_groups_information(8, 0.4, 0.5), information == "own"),
    ):
        tested = market(
            UniformDoubleAuction(),
            beliefs.economy(1.0),
            distribution=beliefs.types(),
            strategy=LinearBayes(beliefs, 1.0),
        )
        assert (certify(tested, information).cap < 1e-20) == null


@pytest.mark.parametrize(("gain", "pay"), [(1.0, (True, False)), (-1.0, (False, False))])
def test_one_lucky_gain_of_a_learner_pays_where_it_knew_when_to_deviate(gain, pay):
    tested = market(SigmaDCDA(), private_values(3))
    gains = np.zeros(1000)
    gains[0] = gain
    assert tuple(pays(tested, gains, rung) for rung in ("profile", "own")) == pay
    assert pays(tested, gains + 0.2, "own")


def test_certificates_refuse_what_they_cannot_promise():
    with pytest.raises(RefusedError, match="needs Normal types"):
        certify(
            market(UniformDoubleAuction(), private_values(4), distribution=UniformBox.common(4)),
            "own",
        )
    with pytest.raises(RefusedError, match="INJ"):
        certify(market(SigmaDCDA(), tight(4, 1.0, 1.0)))
    # Not monotone: honesty is not optimal, the objective is not concave, nothing is certified.
    strange = linear_quadratic([[1, 0, 0], [2, 1, 0], [2, 0, 1]], 0.2)
    certificate = certify(market(SigmaDCDA(), strange))
    assert certificate.cap is None
    assert not condition(certificate, CONCAVE).holds


def test_witnesses_are_small_and_hold_exactly():
    economy = fundamental_value(6)
    tested = market(UniformConditional(), economy, trader=2)
    types = np.random.default_rng(0).normal(size=(500, 6))
    witness = find_witness(tested, BestResponse(tested.mechanism, economy), types)
    assert max(len(str(abs(number))) for number in witness["types"]) <= 4
    gain = recheck(tested, np.array(witness["types"]), np.array(witness["bid"]))
    assert gain > 0
    assert float(gain) == witness["gain"]
    honest = np.array(witness["honest_bids"])[2]
    assert recheck(tested, np.array(witness["types"]), honest) == pytest.approx(0, abs=1e-15)
    sound = market(SigmaDCDA(0.2), economy, trader=2)
    assert recheck(sound, np.array(witness["types"]), np.array(witness["bid"])) <= 0


def test_there_is_no_witness_where_honesty_is_optimal():
    economy = fundamental_value(6)
    tested = market(SigmaDCDA(0.2), economy)
    types = np.random.default_rng(0).normal(size=(500, 6))
    assert find_witness(tested, BestResponse(UniformConditional(), economy), types) is None


@pytest.mark.parametrize(("fault", "size"), [("colour", 0.1), ("clearing", 1.0)])
def test_malformed_mutants(fault, size):
    with pytest.raises(InvalidInputError):
        Mutated(SigmaDCDA(), fault, size)
