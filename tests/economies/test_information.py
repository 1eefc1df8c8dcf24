"""Normal information structures: joint laws, (4.21), and beliefs behind given utilities (Lemma 5)."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.market_strategies import economies, floats
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from deviator.economies import (
    NormalInformation,
    NormalTypes,
    factored,
    fundamental_value,
    fundamental_value_information,
    heterogeneous_information,
    normal_information,
    tight,
    two_groups,
    two_groups_information,
)
from deviator.errors import InvalidInputError
from deviator.mechanisms import UniformDoubleAuction
from deviator.paper.justifying_information import justifying_information
from deviator.policies import LinearBayes, exact_gain


def regression(values, signals):
    """Weights and intercepts of the least-squares regression of values on signals."""
    design = np.column_stack([np.ones(len(signals)), signals])
    fitted = np.linalg.lstsq(design, values, rcond=None)[0]
    return fitted[1:].T, fitted[0]


MODELS = [
    fundamental_value_information(4, 0.4, 0.7, mean=1.5),
    two_groups_information(4, 0.3, 0.5, mean=[0.0, 1.0, 2.0, -1.0]),
    heterogeneous_information(6, 0.5, 0.3, 1.0, 0.4),
    justifying_information(
        two_groups(4), NormalTypes.exchangeable(4, mean=0.5, correlation=0.3), residual_variance=0.6
    ),
]


@pytest.mark.parametrize("information", MODELS)
def test_regressions_on_drawn_signals_give_the_weights(information):
    values, signals = information.sample(np.random.default_rng(0), 200_000)
    weights, intercepts = regression(values, signals)
    np.testing.assert_allclose(weights, information.weights(), atol=0.01)
    np.testing.assert_allclose(intercepts, information.economy(1.0).intercept, atol=0.02)
    joint = np.cov(np.hstack([values, signals]).T)
    n = information.n_traders
    np.testing.assert_allclose(joint[:n, :n], information.value_covariance, atol=0.03)
    np.testing.assert_allclose(joint[:n, n:], information.value_signal_covariance, atol=0.03)
    np.testing.assert_allclose(joint[n:, n:], information.signal_covariance, atol=0.03)


def example_6_covariances(n, odds, noise, group_noise, common):
    """Build Example 6's model from its own independent shocks, as loadings on them."""
    half = n // 2
    group = np.kron(np.eye(2), np.ones((half, 1)))
    own, none = np.eye(n), np.zeros((n, n))
    shocks = [  # loadings of the values, of the signals, and the variance of each shock
        (np.ones((n, 1)), np.ones((n, 1)), common),
        (group, group, odds * group_noise),
        (own, own, odds * noise),
        (0 * group, group, group_noise),
        (none, own, noise),
    ]
    values = sum(v @ v.T * size for v, _, size in shocks)
    cross = sum(v @ s.T * size for v, s, size in shocks)
    signals = sum(s @ s.T * size for _, s, size in shocks)
    return values, cross, signals


@given(
    st.sampled_from([4, 6, 10]),
    floats(0.05, 0.9),
    floats(0.0, 1.0),
    floats(0.1, 2.0),
    floats(0.0, 2.0),
)
def test_equation_4_21_against_the_regression_on_exact_covariances(n, alpha, share, noise, group):
    """The shocks of Example 6 with the variances of (4.21) justify alpha and beta."""
    beta = share * (0.99 - alpha)
    if beta < 0:
        return
    common = beta * (2 * noise + n * group) / (2 * n * (1 - alpha) * (1 - alpha - beta))
    values, cross, signals = example_6_covariances(n, alpha / (1 - alpha), noise, group, common)
    weights = np.linalg.solve(signals, cross.T).T
    expected = fundamental_value(n, alpha, beta).weights
    np.testing.assert_allclose(weights, expected, atol=1e-9)
    information = heterogeneous_information(n, alpha, beta, noise, group)
    np.testing.assert_allclose(information.value_covariance, values, rtol=1e-9)
    np.testing.assert_allclose(information.signal_covariance, signals, rtol=1e-9)
    villain = example_6_covariances(n, alpha / (1 - alpha), noise, group, common + 0.5)
    assert np.abs(np.linalg.solve(villain[2], villain[1].T).T - expected).max() > 1e-6


def test_equation_4_21_needs_alpha_plus_beta_below_one():
    """Beyond it the common shock would have a negative variance: no law at all."""
    alpha, beta, noise, n = 0.6, 0.5, 1.0, 4
    common = beta * 2 * noise / (2 * n * (1 - alpha) * (1 - alpha - beta))
    assert common < 0
    values, cross, signals = example_6_covariances(n, alpha / (1 - alpha), noise, 0.0, common)
    np.testing.assert_allclose(
        np.linalg.solve(signals, cross.T).T, fundamental_value(n, alpha, beta).weights, atol=1e-12
    )
    with pytest.raises(InvalidInputError, match="positive"):
        normal_information(0.0, 0.0, cross, signals, values)
    with pytest.raises(InvalidInputError, match="below 1"):
        heterogeneous_information(n, alpha, beta, noise, 0.0)
    assert heterogeneous_information(n, alpha, 0.399, noise, 0.0).n_traders == n


@st.composite
def laws(draw, n):
    root = draw(arrays(float, (n, n), elements=floats(-1.0, 1.0)))
    mean = draw(arrays(float, n, elements=floats(-2.0, 2.0)))
    return NormalTypes(mean, root @ root.T + 0.5 * np.eye(n))


@given(st.data())
def test_lemma_5_any_law_of_signals_justifies_given_utilities(data):
    economy = data.draw(economies())
    n = economy.n_traders
    signals = data.draw(laws(n))
    residual = data.draw(floats(0.0, 1.0))
    information = justifying_information(economy, signals, residual)
    np.testing.assert_allclose(information.weights(), economy.weights, atol=1e-11)
    implied = information.economy(economy.slope)
    np.testing.assert_allclose(implied.weights, economy.weights, atol=1e-11)
    np.testing.assert_allclose(implied.intercept, economy.intercept, atol=1e-11)
    assert (implied.name, implied.roles) == (economy.name, economy.roles)
    joint = np.block(
        [
            [information.value_covariance, information.value_signal_covariance],
            [information.value_signal_covariance.T, information.signal_covariance],
        ]
    )
    assert np.linalg.eigvalsh(joint)[0] > -1e-10
    left = information.value_covariance - economy.weights @ information.value_signal_covariance.T
    np.testing.assert_allclose(left, residual * np.eye(n), atol=1e-10)


def test_lemma_5_takes_factored_economies_and_keeps_roles():
    economy = factored([1.0] * 4, [[0.2], [0.1]] * 2, [[0.3, 0.1, 0.2, 0.4]], 1.0, 0.5)
    economy = replace(economy, roles=("small", "big") * 2)
    information = justifying_information(economy, NormalTypes.exchangeable(4, correlation=0.5))
    np.testing.assert_allclose(information.weights(), economy.weights, atol=1e-12)
    assert information.economy(1.0).trader_of_role("big") == 1


@settings(max_examples=15)
@given(floats(-0.15, 0.5), floats(0.1, 0.5), floats(-1.0, 1.0))
def test_linear_bayes_runs_on_justifying_beliefs(correlation, beta, mean):
    """The equilibrium of those beliefs leaves nothing to gain to a trader who knows the own type.

    The villain is the equilibrium of other beliefs about the same utilities: signals that are
    correlated inside the groups. (Under all exchangeable laws the equilibrium is the same.)
    """
    economy, rule = two_groups(6, 1.0, beta, slope=1.2), UniformDoubleAuction()
    law = NormalTypes.exchangeable(6, mean=mean, correlation=correlation)
    in_groups = 0.3 * np.kron(np.eye(2), np.ones((3, 3)))
    other_law = NormalTypes(law.mean, law.covariance + in_groups)
    types = law.sample(np.random.default_rng(0), 5)
    gains = [
        exact_gain(
            rule,
            economy,
            types,
            others=LinearBayes(justifying_information(economy, beliefs), economy.slope),
            information="own",
            distribution=law,
        ).max()
        for beliefs in (law, other_law)
    ]
    assert gains[0] < 1e-16
    assert gains[1] > 1e-9


@pytest.mark.parametrize(
    ("correlation", "valid"),
    [(-0.24, True), (0.99, True), (-0.25, False), (1.0, False), (-0.5, False)],
)
def test_exchangeable_types_exist_between_bounds(correlation, valid):
    """N = 5: the correlation is above -1/4 and below 1."""
    if not valid:
        with pytest.raises(InvalidInputError, match=r"above -1/\(N-1\) = -0.25 and below 1"):
            NormalTypes.exchangeable(5, correlation=correlation)
        return
    law = NormalTypes.exchangeable(5, mean=2.0, deviation=3.0, correlation=correlation)
    np.testing.assert_allclose(law.deviation, 3.0)
    np.testing.assert_allclose(law.covariance[0, 1:], 9.0 * correlation)
    assert (law.mean == 2.0).all()


def test_plain_numbers_make_an_information_structure():
    information = normal_information(
        1.0,
        [0.0, 1.0, 2.0],
        [[0.5, 0, 0], [0, 0.5, 0], [0, 0, 0.5]],
        np.eye(3).tolist(),
        name="mine",
    )
    economy = information.economy(2.0)
    assert economy.name == "mine"
    np.testing.assert_allclose(economy.intercept, [1.0, 0.5, 0.0])
    with pytest.raises(InvalidInputError, match="value_covariance must be known"):
        information.sample(np.random.default_rng(0), 3)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: normal_information(0, 0, np.eye(3), np.eye(3), 0.99 * np.eye(3)), "the eigenvalue -0.01"),
        (lambda: normal_information(0, 0, np.eye(3), np.eye(3), np.tri(3)), "symmetric"),
        (lambda: normal_information(0, 0, np.eye(3), np.eye(3), np.eye(4)), r"shape \(3, 3\)"),
        (lambda: normal_information(0, 0, np.eye(2), np.eye(2)), "at least 3"),
        (lambda: normal_information([0, 0], 0, np.eye(3), np.eye(3)), "value_mean must have shape"),
        (lambda: justifying_information(tight(4), NormalTypes.independent(3)), "4 traders, got 3"),
        (lambda: justifying_information(tight(3), NormalTypes.independent(3), -1.0), "non-negative"),
        (lambda: NormalInformation(np.zeros(3), np.zeros(3), np.eye(3), -np.eye(3)), "positive definite"),
    ],
)  # fmt: skip
def test_malformed_input_is_one_clear_sentence(build, message):
    with pytest.raises(InvalidInputError, match=message) as caught:
        build()
    assert "\n" not in str(caught.value)
    assert normal_information(0, 0, np.eye(3), np.eye(3), np.eye(3)).n_traders == 3
