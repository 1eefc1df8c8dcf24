"""Linear Bayesian equilibria: known answers, existence, and that they are equilibria."""

from dataclasses import replace

import numpy as np
import pytest
from helpers.known_answers import KNOWN_ANSWERS

from deviator.economies import (
    fundamental_value_information,
    heterogeneous_information,
    sigma_n,
    two_groups_information,
)
from deviator.errors import NoEquilibriumError
from deviator.mechanisms import SigmaVCG, UniformDoubleAuction
from deviator.policies import LinearBayes, Revelation, expected_exact_gain


def information_of(case):
    n = case["n_traders"]
    match case["model"]:
        case "fundamental value":
            return fundamental_value_information(n, case["rho"], case["noise"]), case["slope"]
        case "two groups":
            return two_groups_information(n, case["rho"], case["noise"]), case["slope"]
    noises = case["var_noise_own"], case["var_noise_group"]
    slope = np.repeat([case["slope_small"], case["slope_big"]], n // 2)
    return heterogeneous_information(n, case["alpha"], case["beta"], *noises), slope


@pytest.mark.parametrize(
    "case",
    KNOWN_ANSWERS["linear_bayesian_equilibrium"],
    ids=lambda case: f"{case['model']}, {case['n_traders']}",
)
def test_linear_bayes_known_answers(case):
    information, slope = information_of(case)
    policy = LinearBayes(information, slope)
    for letter, result in (("a", policy.intercept), ("b", policy.slope)):
        if letter in case:
            np.testing.assert_allclose(result, case[letter], rtol=1e-8)
        else:
            np.testing.assert_allclose(result[0], case[f"{letter}_small"], rtol=1e-8)
            np.testing.assert_allclose(result[-1], case[f"{letter}_big"], rtol=1e-8)


def test_linear_bayes_non_existence_is_reported():
    with pytest.raises(
        NoEquilibriumError, match="equilibrium with decreasing demand was not found"
    ):
        LinearBayes(fundamental_value_information(4, rho=0.9, noise=1.0), 1.0)


@pytest.mark.parametrize("n", [3, 10])
@pytest.mark.parametrize("rho", [0.0, 0.3, 0.7, 0.99])
@pytest.mark.parametrize("noise", [0.01, 0.5, 10.0])
def test_linear_bayes_exists_in_example_4_iff_alpha_is_large(n, rho, noise):
    """Existence iff (N - 2) alpha > beta, and then (4.16) gives it in closed form."""
    information = fundamental_value_information(n, rho, noise)
    weights = information.weights()
    beta = n * weights[0, 1]
    alpha = weights[0, 0] - weights[0, 1]
    if (n - 2) * alpha <= beta:
        with pytest.raises(NoEquilibriumError):
            LinearBayes(information, 1.0)
        return
    policy = LinearBayes(information, 1.0)
    bend = 1 + (alpha + beta) / ((n - 2) * alpha - beta)
    np.testing.assert_allclose(policy.intercept, alpha / bend, rtol=1e-8)
    np.testing.assert_allclose(policy.slope, alpha / (alpha + beta) / bend, rtol=1e-8)


@pytest.mark.parametrize("unit", [1e-9, 1e-3, 1e9])
def test_linear_bayes_does_not_depend_on_the_units_of_signals(unit):
    plain = two_groups_information(6, 0.4, 0.5)
    scaled = replace(
        plain,
        value_signal_covariance=plain.value_signal_covariance * unit,
        signal_covariance=plain.signal_covariance * unit**2,
        value_covariance=None,
    )
    left, right = LinearBayes(plain, 1.0), LinearBayes(scaled, 1.0)
    np.testing.assert_allclose(right.intercept * unit, left.intercept, rtol=1e-9)
    np.testing.assert_allclose(right.slope, left.slope, rtol=1e-9)
    arguments = (UniformDoubleAuction(), scaled.economy(1.0), scaled.types(), 0)
    assert expected_exact_gain(*arguments, others=right, information="own") < 1e-20


@pytest.mark.parametrize("n", [6, 10])
def test_linear_bayes_is_sigma_n_vcg_in_the_fundamental_value_model(n):
    """Example 4: the same allocation and transfers as sigma_N-VCG, equation (4.16)."""
    information = fundamental_value_information(n, 0.4, 0.5)
    economy = information.economy(1.0)
    types = information.types().sample(np.random.default_rng(0), 20)
    auction = UniformDoubleAuction().clear(LinearBayes(information, 1.0).bids(types))
    direct = SigmaVCG(economy, sigma_n(economy))
    target = direct.clear(Revelation(direct, economy).bids(types))
    np.testing.assert_allclose(auction.quantity, target.quantity, atol=1e-11)
    np.testing.assert_allclose(auction.transfer, target.transfer, atol=1e-11)


def test_linear_bayes_with_means_moves_with_them():
    """Shifting all values and signals by m shifts the price by m and no quantity."""
    plain = two_groups_information(6, 0.4, 0.5)
    shifted = two_groups_information(6, 0.4, 0.5, mean=3.0)
    types = plain.types().sample(np.random.default_rng(0), 10)
    left = UniformDoubleAuction().clear(LinearBayes(plain, 1.0).bids(types))
    right = UniformDoubleAuction().clear(LinearBayes(shifted, 1.0).bids(types + 3.0))
    np.testing.assert_allclose(right.quantity, left.quantity, atol=1e-10)
    np.testing.assert_allclose(right.price, left.price + 3.0, atol=1e-10)


@pytest.mark.parametrize(
    ("information", "slope"),
    [
        (fundamental_value_information(6, 0.4, 0.5), 1.0),
        (two_groups_information(8, 0.6, 0.8, mean=[1.0] * 4 + [-0.5] * 4), 1.3),
        (heterogeneous_information(8, 0.5, 0.3, 1.0, 0.2), [2.0] * 4 + [0.6] * 4),
    ],
)
def test_linear_bayes_is_an_interim_equilibrium(information, slope):
    """No own-type deviation gains anything; in two groups a profile-reader does (evidence.md)."""
    policy, economy, law = LinearBayes(information, slope), information.economy(slope), None
    law = information.types()
    for trader in (0, information.n_traders - 1):
        arguments = (UniformDoubleAuction(), economy, law, trader)
        interim = expected_exact_gain(*arguments, others=policy, information="own")
        ex_post = expected_exact_gain(*arguments, others=policy)
        assert interim < 1e-20
        if information.name == "fundamental value":
            assert ex_post < 1e-20
        else:
            assert ex_post > 1e-4
