"""Traders who are only approximately honest: what they state, and what an honest one loses by it."""

import numpy as np
import pytest

from deviator.economies import fundamental_value, linear_quadratic, private_values, saturating
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import best_deviation, find_certificates, market
from deviator.mechanisms import NaiveWalrasian, SigmaDCDA, SigmaVCG, UniformDoubleAuction
from deviator.numerics.rational import rational
from deviator.policies import (
    MisperceivedWeights,
    NoisyHonest,
    Revelation,
    RoundedHonest,
    ShadedHonest,
    exact_gain,
)

MIXED = linear_quadratic(
    [[1.0, 0.2, 0.0, 0.1], [0.1, 1.0, 0.1, 0.0], [0.0, 0.1, 1.0, 0.2], [0.1, 0.0, 0.1, 1.0]],
    [1.0, 1.2, 0.9, 1.1],
    [0.2, 0.0, -0.1, 0.0],
)
AUCTION = SigmaDCDA(0.4)
NEAR = {
    "noisy": lambda rule, economy, **who: NoisyHonest(rule, economy, noise=0.3, **who),
    "rounded": lambda rule, economy, **who: RoundedHonest(rule, economy, step=0.7, **who),
    "shaded": lambda rule, economy, **who: ShadedHonest(rule, economy, share=0.2, **who),
    "misperceived": lambda rule, economy, **who: MisperceivedWeights(rule, economy, 0.3, **who),
}
STATED = ("noisy", "rounded", "shaded")


def types_of(economy, count=200):
    return np.random.default_rng(0).normal(size=(count, economy.n_traders))


@pytest.mark.parametrize("kind", NEAR)
def test_the_honest_one_is_honest_and_nobody_else_is(kind):
    policy, types = NEAR[kind](AUCTION, MIXED, honest=1), types_of(MIXED)
    honest = Revelation(AUCTION, MIXED).bids(types).as_array()
    apart = np.abs(policy.bids(types).as_array() - honest).max(axis=(0, 2))
    assert apart[1] == 0
    assert (np.delete(apart, 1) > 0.01).all()


@pytest.mark.parametrize("kind", NEAR)
def test_under_private_values_honesty_is_best_whatever_the_others_mistake(kind):
    economy = private_values(4, slope=[1.0, 1.2, 0.9, 1.1])
    policy, types = NEAR[kind](AUCTION, economy, honest=1), types_of(economy)
    assert exact_gain(AUCTION, economy, types, others=policy, trader=1).max() < 1e-25


@pytest.mark.parametrize("kind", STATED)
def test_under_interdependent_values_the_honest_one_loses_what_others_misstate(kind):
    policy, types = NEAR[kind](AUCTION, MIXED, honest=1), types_of(MIXED)
    gain = exact_gain(AUCTION, MIXED, types, others=policy, trader=1)
    news = (types - policy.stated(types)) @ MIXED.weights[1]
    slope = AUCTION.clear(policy.bids(types)).residual_slope[:, 1]
    expected = news**2 / (2 * (MIXED.slope[1] + slope + AUCTION.sigma))
    np.testing.assert_allclose(gain, expected, rtol=1e-9)
    assert gain.mean() > 1e-5


@pytest.mark.parametrize("kind", NEAR)
def test_no_certificate_says_that_such_others_are_honest(kind):
    for economy in (MIXED, private_values(4)):
        tested = market(AUCTION, economy, strategy=NEAR[kind](AUCTION, economy))
        for certificate in find_certificates(tested, "profile", range(4)).certificates.values():
            assert certificate.cap is None or certificate.kind == "exact linear-quadratic"
            assert certificate.cap != 0 or kind == "misperceived"


def test_a_certificate_of_shading_is_the_exact_gain_over_it():
    policy = ShadedHonest(AUCTION, MIXED, share=0.2, honest=0)
    tested = market(AUCTION, MIXED, strategy=policy)
    certificate = find_certificates(tested, "profile", [0]).certificates[0]
    types = tested.distribution.matched_sample(np.random.default_rng(1), 4000)
    gain = exact_gain(AUCTION, MIXED, types, others=policy, trader=0)
    assert certificate.cap == pytest.approx(gain.mean(), rel=1e-9)
    assert not certificate.every_profile


@pytest.mark.parametrize("kind", ["noisy", "rounded"])
def test_no_closed_form_takes_mistakes_on_a_grid_for_affine_bids(kind):
    economy = private_values(4)
    rule = NaiveWalrasian(economy)
    tested = market(rule, economy, strategy=NEAR[kind](rule, economy))
    types = tested.distribution.matched_sample(np.random.default_rng(0), 200)
    assert best_deviation(tested, types, "own").kind == "searched"
    with pytest.raises(RefusedError, match="affinely"):
        exact_gain(rule, economy, types, others=tested.strategy, information="own",
                   distribution=tested.distribution)  # fmt: skip


def test_noise_is_as_stated_and_a_function_of_trader_type_and_seed():
    economy = private_values(3)
    policy = NoisyHonest(AUCTION, economy, noise=0.5)
    types = types_of(economy, 20_000)
    mistakes = policy.stated(types) - types
    np.testing.assert_allclose(mistakes.mean(axis=0), 0, atol=0.1)
    np.testing.assert_allclose(np.cov(mistakes.T), 0.25 * np.eye(3), atol=0.05)
    same = np.repeat(types[:1, :1], 3, axis=1)
    assert len(set((policy.stated(same) - same)[0])) == 3
    again = policy.stated(np.concatenate([types[5:6], types]))
    np.testing.assert_array_equal(again[0], policy.stated(types)[5])
    other = NoisyHonest(AUCTION, economy, noise=0.5, seed=1)
    assert (other.stated(types) != policy.stated(types)).all()
    np.testing.assert_array_equal(NoisyHonest(AUCTION, economy, noise=0.0).stated(types), types)


def test_types_that_are_nearly_the_same_make_nearly_the_same_mistake():
    economy = private_values(3)
    policy, types = NoisyHonest(AUCTION, economy, noise=1.0, grain=0.01), types_of(economy, 2000)
    mistakes, near, far = (policy.stated(types + by) - types - by for by in (0.0, 1e-5, 0.5))
    assert np.abs(near - mistakes).max() < 0.02
    assert abs(np.corrcoef(mistakes.ravel(), far.ravel())[0, 1]) < 0.1


def test_what_noise_costs_the_honest_one_has_a_witness():
    policy = NoisyHonest(AUCTION, MIXED, noise=0.3, honest=1)
    tested = market(AUCTION, MIXED, strategy=policy, trader=1)
    types = tested.distribution.matched_sample(np.random.default_rng(0), 200)
    found = best_deviation(tested, types, "profile")
    assert found.kind == "exact"
    assert found.witness["gain"] > tested.epsilon


def test_rounded_types_lie_on_the_grid_and_shaded_ones_nearer_the_centre():
    economy, types = private_values(3), types_of(private_values(3))
    rounded = RoundedHonest(AUCTION, economy, step=0.7).stated(types)
    np.testing.assert_allclose(rounded / 0.7, np.round(types / 0.7), atol=1e-12)
    shaded = ShadedHonest(AUCTION, economy, share=0.25, centre=2.0).stated(types)
    np.testing.assert_allclose(shaded - 2.0, 0.75 * (types - 2.0), atol=1e-12)


@pytest.mark.parametrize("kind", STATED)
def test_mistakes_can_be_made_in_every_language(kind):
    for rule in (UniformDoubleAuction(), SigmaVCG(private_values(3)), AUCTION):
        economy = private_values(3)
        policy, types = NEAR[kind](rule, economy), types_of(economy)
        wanted = rule.honest_bids(economy, policy.stated(types)).as_array()
        np.testing.assert_array_equal(policy.bids(types).as_array(), wanted)
    smooth = saturating(3)
    bids = NEAR[kind](AUCTION, smooth).bids(np.zeros((2, 3)))
    assert AUCTION.clear(bids).traded.all()


def test_misperceived_weights_are_those_of_the_others_types_alone():
    economy = fundamental_value(4, alpha=1.0, beta=0.8)
    right = MisperceivedWeights(AUCTION, economy, factor=1.0)
    types = types_of(economy)
    honest = Revelation(AUCTION, economy).bids(types).as_array()
    np.testing.assert_array_equal(right.bids(types).as_array(), honest)
    perceived = MisperceivedWeights(AUCTION, economy, factor=0.5).perceived
    np.testing.assert_allclose(perceived.weights, np.eye(4) * 1.1 + 0.1)
    exact = MisperceivedWeights(AUCTION, economy, 0.5, honest=2).exact_bids(rational(types[:2]))
    array = MisperceivedWeights(AUCTION, economy, 0.5, honest=2).bids(types[:2]).as_array()
    np.testing.assert_allclose(exact.coefficients.astype(float), array[0, :, :-1], rtol=1e-12)
    np.testing.assert_allclose(exact.levels.astype(float), array[..., -1], rtol=1e-12)


def test_traders_who_take_values_for_private_leave_the_honest_one_something_to_gain():
    policy = MisperceivedWeights(AUCTION, MIXED, factor=0.0, honest=0)
    gain = exact_gain(AUCTION, MIXED, types_of(MIXED), others=policy, trader=0)
    assert gain.mean() > 1e-4


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: NoisyHonest(AUCTION, MIXED, noise=-0.1), InvalidInputError, "noise must be non-"),
        (lambda: RoundedHonest(AUCTION, MIXED, step=0.0), InvalidInputError, "step must be pos"),
        (lambda: ShadedHonest(AUCTION, MIXED, share=1.5), InvalidInputError, "share must be from"),
        (lambda: ShadedHonest(AUCTION, MIXED, honest=4), InvalidInputError, "trader"),
        (lambda: MisperceivedWeights(AUCTION, saturating(3)), InvalidInputError, "written-out"),
        (
            lambda: MisperceivedWeights(NaiveWalrasian(MIXED), MIXED),
            RefusedError,
            "say nothing about weights",
        ),
    ],
)
def test_bad_settings_are_refused_in_a_sentence(make, error, message):
    with pytest.raises(error, match=message):
        make()
