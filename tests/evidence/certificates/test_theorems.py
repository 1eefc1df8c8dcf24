"""Certificates by theorem in linear-quadratic economies: of any size, factored, or of bounded types."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from helpers.market_strategies import economies, floats, profiles
from hypothesis import given, settings
from hypothesis import strategies as st

from deviator.economies import (
    Factored,
    LinearQuadratic,
    factored,
    fundamental_value,
    linear_quadratic,
    private_values,
    public_statistics,
    two_groups,
)
from deviator.errors import RefusedError
from deviator.evidence import certify, certify_by_theorem, find_certificates, market
from deviator.evidence.certificates.decided import PRIMES, falling_quantity, has_inverse, remainders
from deviator.mechanisms import Mutated, NaiveWalrasian, SigmaDCDA, SigmaVCG
from deviator.numerics.rational import rational, rational_inverse
from deviator.policies import exact_gain

RISES = "every quantity rises with the own type"
INVERSE = "the type effects have an inverse (INJ)"


def random_economy(n, seed=0):
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0.0, 0.3, (n, n))
    np.fill_diagonal(weights, rng.uniform(0.9, 1.2, n))
    return linear_quadratic(weights, rng.uniform(0.9, 1.1, n), rng.normal(size=n))


def random_factored(n, seed=0):
    rng = np.random.default_rng(seed)
    loadings, statistics = rng.uniform(0.0, 1.0, (n, 2)), rng.uniform(0.0, 0.2, (2, n)) / n
    own, slope = rng.uniform(0.9, 1.1, (2, n))
    return factored(own, loadings, statistics, slope, rng.normal(size=n))


@settings(max_examples=25)
@given(st.data())
def test_the_theorem_and_rational_arithmetic_agree(data):
    economy = data.draw(economies())
    sigma = data.draw(floats(0.0, 2.0))
    for rule in (SigmaDCDA(sigma), SigmaVCG(economy, sigma)):
        tested = market(rule, economy)
        by_theorem = certify_by_theorem(tested)
        assert by_theorem.failures == ()
        assert (by_theorem.cap, by_theorem.every_profile) == (0.0, True)
        assert certify(tested).every_profile


@pytest.mark.parametrize("economy", [random_economy(90), random_factored(3000)])
def test_markets_too_large_for_fractions_are_certified(economy):
    if isinstance(economy, Factored):
        auction = SigmaDCDA(0.3, public_statistics(economy, 0.3))
    else:
        auction = SigmaDCDA(0.3)
    for rule in (auction, SigmaVCG(economy, 0.3)):
        found = find_certificates(market(rule, economy), "own", (0, 7))
        assert found.refusals == ()
        assert [found.certificates[trader].cap for trader in (0, 7)] == [0.0, 0.0]
        with pytest.raises(RefusedError, match="at most 60 traders"):
            certify(market(rule, economy))


def test_statistics_that_miss_something_are_not_certified():
    economy = random_factored(80)
    statistics = public_statistics(economy, 0.3)
    tilted = statistics * (1 + 1e-11 * np.arange(80))
    certificate = certify_by_theorem(market(SigmaDCDA(0.3, tilted), economy))
    assert [each.name for each in certificate.failures] == ["statistics span what honest bids read"]
    assert certificate.cap is None


def test_a_rule_that_the_theorem_does_not_speak_of():
    economy = private_values(70)
    for rule in (NaiveWalrasian(economy), Mutated(SigmaDCDA(0.2), "transfer", 0.1)):
        with pytest.raises(RefusedError, match="of at most 60 traders, got 70"):
            certify(market(rule, economy))
        with pytest.raises(RefusedError, match="about sigma-dcda and sigma-vcg"):
            certify_by_theorem(market(rule, economy))
    other = SigmaVCG(private_values(70, alpha=2.0), 0.1)
    with pytest.raises(RefusedError, match="is about one economy"):
        certify_by_theorem(market(other, economy))


def test_a_quantity_that_does_not_rise_is_seen_to_the_last_digit():
    """The price moves with type 0 as the own value does, or by a unit in the last place less."""
    tie = linear_quadratic([[1, 0, 0], [1, 1, 0], [1, 0, 1]], [1.0, 3.0, 7.0])
    assert falling_quantity(tie, 0.1)[0] == 0
    above = np.array([[np.nextafter(1, 2), 0, 0], [1, 1, 0], [1, 0, 1]])
    below = np.array([[np.nextafter(1, 0), 0, 0], [1, 1, 0], [1, 0, 1]])
    for weights, trader in ((above, None), (below, 0)):
        for slope in ([1.0, 3.0, 7.0], [1e-9, 3e-9, 7e-9], [1e9, 3e9, 7e9]):
            assert falling_quantity(linear_quadratic(weights, slope), 0.0)[0] == trader
    same = Factored([1.0] * 3, [[1.0]] * 3, [[0.5, 0.5, 0.5]], [1.0] * 3, [0.0] * 3)
    assert falling_quantity(same, 0.2)[0] is None
    flat = Factored([0.0, 1.0, 1.0], [[1.0]] * 3, [[0.5, 0.5, 0.5]], [1.0] * 3, [0.0] * 3)
    assert falling_quantity(flat, 0.2)[0] == 0


@settings(max_examples=40)
@given(st.data())
def test_signs_are_those_of_fractions(data):
    """Weights of few digits make ties, which rounding cannot tell from either side."""
    n = data.draw(st.integers(3, 6))
    numbers = st.integers(0, 4)
    weights = np.array(data.draw(st.lists(numbers, min_size=n * n, max_size=n * n))) / 3.0
    economy = linear_quadratic(weights.reshape(n, n), data.draw(st.sampled_from([1.0, 0.1, 3.0])))
    y = 1 / (rational(economy.slope) + Fraction(0.1))
    exact = rational(economy.weights)
    falls = np.diagonal(exact) * y.sum() - y @ exact <= 0
    trader = falling_quantity(economy, 0.1)[0]
    assert (trader is None) == (not falls.any())
    assert trader is None or falls[trader]
    assert (has_inverse(economy) is True) == (rational_inverse(exact) is not None)


def test_determinants_modulo_a_prime():
    economy = random_factored(6)
    dense = LinearQuadratic(economy.weights, economy.slope, economy.intercept)
    assert has_inverse(economy) is has_inverse(dense) is True
    pairs = Factored([1.0] * 4, [[-0.25]] * 4, [[1.0] * 4], [1.0] * 4, [0.0] * 4)
    assert has_inverse(pairs) is None
    assert has_inverse(LinearQuadratic(pairs.weights, pairs.slope, pairs.intercept)) is None
    numbers = np.array([1e-300, -0.1, 1e300, 0.0, 3.0])
    for prime in PRIMES:
        wanted = [
            Fraction(x).numerator * pow(Fraction(x).denominator, -1, prime) % prime
            for x in numbers.tolist()
        ]
        np.testing.assert_array_equal(remainders(numbers, prime), wanted)


def test_singular_economies_are_for_sigma_vcg_only():
    weights = np.kron(np.eye(35), np.ones((2, 2)))
    economy = linear_quadratic(weights, 1.0)
    certificate = certify_by_theorem(market(SigmaVCG(economy, 0.1), economy))
    assert certificate.cap == 0.0
    assert INVERSE not in {each.name for each in certificate.conditions}
    with pytest.raises(RefusedError, match="INJ"):
        certify_by_theorem(market(SigmaDCDA(0.1), economy))


@pytest.mark.parametrize("unreached", ["printed", "pivotal"])
@settings(max_examples=10)
@given(data=st.data())
def test_sigma_vcg_is_certified_on_bounded_types(unreached, data):
    economy = data.draw(economies())
    n = economy.n_traders
    bounded = replace(economy, type_low=np.full(n, -3.0), type_high=np.full(n, 3.0))
    rule = SigmaVCG(bounded, data.draw(floats(0.0, 2.0)), unreached)
    found = find_certificates(market(rule, bounded), "profile", range(n))
    assert {each.cap for each in found.certificates.values()} == {0.0}
    assert {each.region for each in found.certificates.values()} == {
        "every profile of the type sets"
    }
    types = data.draw(profiles(economy))
    scale = 1 + np.abs(types).max() ** 2
    assert exact_gain(rule, bounded, types).max() <= 1e-12 * scale


def test_bounded_types_of_other_rules_have_no_exact_certificate():
    economy = replace(two_groups(4), type_low=np.full(4, -1.0), type_high=np.full(4, 1.0))
    tested = market(NaiveWalrasian(economy), economy)
    with pytest.raises(RefusedError, match="types are bounded in naive-walrasian"):
        certify(tested)
    bounded = find_certificates(tested, "profile", range(4)).certificates
    assert {each.kind for each in bounded.values()} == {"bounded search"}
    assert not any(each.every_profile for each in bounded.values())
    narrower = replace(economy, type_low=np.full(4, -0.5))
    with pytest.raises(RefusedError, match="is about one economy"):
        certify_by_theorem(market(SigmaVCG(economy, 0.1), narrower))
    same = replace(economy, name="the same in other words")
    assert certify_by_theorem(market(SigmaVCG(economy, 0.1), same)).cap == 0.0


def test_negative_effects_do_not_fool_the_theorem():
    """dq_i/ds_i > 0 while the own type lowers the own value: the objective is convex."""
    weights = np.full((3, 3), -9.0) + np.diag([8.0, 10.0, 10.0])
    economy = linear_quadratic(weights, 1.0)
    assert falling_quantity(economy, 0.0)[0] is None
    certificate = certify_by_theorem(market(SigmaVCG(economy), economy))
    assert [each.name for each in certificate.failures] == ["own type effects are positive (A3)"]


def test_the_theorem_is_about_honesty():
    auction, economy = SigmaDCDA(0.2), fundamental_value(70)
    other = market(auction, fundamental_value(70, beta=0.1)).strategy
    with pytest.raises(RefusedError, match="is about one economy"):
        certify_by_theorem(market(auction, economy, strategy=other))
