"""Certificates of every trader at once, in any units, and sentences where there are none."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.market_strategies import economies, floats
from hypothesis import given, settings
from hypothesis import strategies as st

from deviator.economies import (
    UniformBox,
    fundamental_value_information,
    linear_quadratic,
    normal_information,
    private_values,
    saturating,
    two_groups,
    two_groups_information,
)
from deviator.errors import InvalidInputError
from deviator.evidence import Certificate, certify, find_certificates, market
from deviator.mechanisms import (
    Mutated,
    NaiveWalrasian,
    PayAsBid,
    SigmaDCDA,
    SigmaVCG,
    UniformConditional,
    UniformDoubleAuction,
)
from deviator.policies import LinearBayes, expected_exact_gain


@settings(max_examples=5)
@given(st.data())
def test_all_traders_at_once_are_each_alone(data):
    economy, sigma = data.draw(economies()), data.draw(floats(0.0, 2.0))
    traders = range(economy.n_traders)
    for rule in (SigmaDCDA(sigma), UniformConditional(), NaiveWalrasian(economy)):
        tested = market(rule, economy)
        found = find_certificates(tested, "profile", traders)
        assert found.refusals == ()
        for trader in traders:
            alone = certify(replace(tested, trader=trader))
            assert found.certificates[trader] == alone
            gain = expected_exact_gain(rule, economy, tested.distribution, trader)
            assert alone.cap == pytest.approx(gain, rel=1e-9, abs=1e-20)


def test_traders_differ():
    """Trader 0 has private values, and only the others can gain in the equilibrium."""
    values = np.eye(6)
    values[1:4, 1:4] = values[4:, 4:] = 0.4
    np.fill_diagonal(values, 1.0)
    beliefs = normal_information(0.0, 0.0, values, values + 0.5 * np.eye(6), values)
    strategy = LinearBayes(beliefs, 1.0)
    tested = market(
        UniformDoubleAuction(),
        beliefs.economy(1.0),
        distribution=beliefs.types(),
        strategy=strategy,
    )
    caps = {
        trader: certificate.cap
        for trader, certificate in find_certificates(
            tested, "profile", (0, 1, 4)
        ).certificates.items()
    }
    assert caps[0] < 1e-20
    assert caps[1] == pytest.approx(0.0041, abs=5e-5)
    assert caps[4] == pytest.approx(0.0033, abs=5e-5)


@pytest.mark.parametrize(("price", "quantity"), [(1e-9, 1e9), (1e9, 1e-9), (1e6, 1.0), (1.0, 1e-9)])
@pytest.mark.parametrize("sigma", [0.0, 0.7])
def test_certificates_do_not_depend_on_units(price, quantity, sigma):
    economy = two_groups(6)
    rules = (
        SigmaDCDA(sigma),
        SigmaVCG(economy, sigma),
        UniformConditional(),
        NaiveWalrasian(economy),
        Mutated(SigmaDCDA(sigma), "residual-slope", 0.1),
    )
    for rule in rules:
        plain = find_certificates(market(rule, economy), "profile", (0, 5))
        elsewhere = market(rule.rescaled(price, quantity), economy.rescaled(price, quantity))
        if isinstance(rule, SigmaVCG | NaiveWalrasian):
            elsewhere = market(elsewhere.mechanism, elsewhere.mechanism.economy)
        found = find_certificates(elsewhere, "profile", (0, 5))
        for trader in (0, 5):
            here, there = plain.certificates[trader], found.certificates[trader]
            assert there.every_profile == here.every_profile
            assert [each.holds for each in there.conditions] == [
                each.holds for each in here.conditions
            ]


@pytest.mark.parametrize("information", ["profile", "own"])
def test_the_equilibrium_with_a_fundamental_value_is_one_ex_post(information):
    """The cap is 0 and not nearly 0: the strategy is known in rational numbers."""
    for beliefs in (
        fundamental_value_information(8, 0.4, 0.5),
        fundamental_value_information(5, 0.2, 0.3, mean=2.0),
        normal_information(1.0, 2.0, np.diag([1.0, 0.5, 0.7]), np.diag([2.0, 1.0, 1.0])),
    ):
        tested = market(
            UniformDoubleAuction(),
            beliefs.economy(1.3),
            distribution=UniformBox.common(beliefs.n_traders),
            strategy=LinearBayes(beliefs, 1.3),
        )
        for certificate in find_certificates(tested, information, (0, 2)).certificates.values():
            assert certificate.cap == 0.0
            assert certificate.every_profile


def test_a_strategy_that_is_rounded_says_so():
    beliefs = two_groups_information(8, 0.4, 0.5)
    tested = market(
        UniformDoubleAuction(),
        beliefs.economy(1.0),
        distribution=beliefs.types(),
        strategy=LinearBayes(beliefs, 1.0),
    )
    certificate = find_certificates(tested, "own", (0,)).certificates[0]
    assert 0 < certificate.cap < 1e-30
    assert not certificate.every_profile
    assert certificate.conditions[-1].detail.startswith("the strategy, as rounded to doubles")


def test_where_honesty_is_optimal_at_every_profile_the_own_type_suffices():
    """No law is needed on the own-type rung, and no closed form of its means."""
    for rule, economy in (
        (SigmaDCDA(0.2), private_values(3)),
        (SigmaDCDA(0.2), saturating(3)),
    ):
        law = UniformBox.common(3)
        found = find_certificates(market(rule, economy, distribution=law), "own", (0, 1))
        assert {each.cap for each in found.certificates.values()} == {0.0}


def test_what_is_refused_is_said_in_one_sentence_each():
    tested = market(PayAsBid(0.1), private_values(3))
    found = find_certificates(tested, "profile", (0,))
    assert not found.certificates
    for refusal in found.refusals:
        assert "\n" not in refusal
        assert len(refusal) > 30
    strange = linear_quadratic([[1, 0, 0], [2, 1, 0], [2, 0, 1]], 0.2)
    found = find_certificates(market(SigmaDCDA(), strange), "profile", (0,))
    assert found.certificates[0].cap is None
    assert any("the objective is concave" in refusal for refusal in found.refusals)


def test_malformed_questions():
    tested = market(SigmaDCDA(), private_values(3))
    with pytest.raises(InvalidInputError, match="trader"):
        find_certificates(tested, "profile", (3,))
    with pytest.raises(InvalidInputError, match="traders must name somebody"):
        find_certificates(tested, "profile", ())
    with pytest.raises(InvalidInputError, match="information must be one of"):
        find_certificates(tested, "all", (0,))


def test_certificates_survive_being_plain_data():
    certificate = find_certificates(
        market(SigmaDCDA(0.1), private_values(3)), "profile", (1,)
    ).certificates[1]
    assert Certificate.from_dict(certificate.to_dict(), trades=True) == certificate
