"""Economies, distributions, information structures, bounds and assumptions."""

import numpy as np
import pytest
from helpers.known_answers import KNOWN_ANSWERS
from helpers.market_strategies import floats
from hypothesis import given
from hypothesis import strategies as st

from deviator.economies import (
    LinearQuadratic,
    NormalInformation,
    NormalTypes,
    UniformBox,
    affects_others_alike,
    assumption_bounds,
    check_assumptions,
    factored,
    first_best_surplus,
    fundamental_value,
    fundamental_value_information,
    heterogeneous,
    heterogeneous_information,
    interdependence_radius,
    largest_interdependence,
    linear_quadratic,
    pairwise_interdependence,
    private_values,
    saturating,
    sigma_budget,
    sigma_n,
    single_crossing_violation,
    tight,
    two_groups,
    two_groups_information,
    unit_demands,
    varying_effects,
    walrasian_allocation,
    walrasian_response,
)
from deviator.errors import InvalidInputError, RefusedError


def test_examples_agree_with_their_factored_form():
    n = 6
    fundamental = factored(np.ones(n), np.full((n, 1), 0.5 / n), np.ones((1, n)), 1.0)
    np.testing.assert_allclose(fundamental.weights, fundamental_value(n, 1.0, 0.5).weights)
    halves = np.kron(np.eye(2), np.ones((1, 3)))
    groups = factored(np.ones(n), 2 * 0.7 / n * halves.T, halves, 1.0)
    np.testing.assert_allclose(groups.weights, two_groups(n, 1.0, 0.7).weights)


def test_two_groups_with_weights_of_their_own():
    case = KNOWN_ANSWERS["sigma_vcg"][2]
    economy = two_groups(6, alpha=[1.0, 0.8], beta=[0.7, 0.2], slope=1.0)
    np.testing.assert_allclose(economy.weights, case["weights"])


def test_utility_is_the_integral_of_marginal_utility():
    economy = heterogeneous(4)
    rng = np.random.default_rng(0)
    types, quantity = rng.normal(size=(5, 4)), rng.normal(size=(5, 4))
    nodes, weights = np.polynomial.legendre.leggauss(4)
    integral = sum(
        weight / 2 * quantity * economy.marginal_utility(quantity * (node + 1) / 2, types)
        for node, weight in zip(nodes, weights, strict=True)
    )
    np.testing.assert_allclose(economy.utility(quantity, types), integral)
    np.testing.assert_array_equal(economy.type_effects(quantity, types)[3], economy.weights)
    np.testing.assert_array_equal(economy.quantity_slopes(quantity, types)[2], -economy.slope)


def test_walrasian_allocation_solves_its_definition():
    economy = heterogeneous(6, slope_small=2.0, slope_big=0.5)
    types = np.random.default_rng(0).normal(size=(7, 6))
    price, quantity = walrasian_allocation(economy, 0.3, types)
    marginal = economy.marginal_utility(quantity, types)
    np.testing.assert_allclose(marginal, price[:, None] + 0.3 * quantity, atol=1e-13)
    np.testing.assert_allclose(quantity.sum(axis=1), 0, atol=1e-13)
    response = walrasian_response(economy, 0.3)
    moved = types.copy()
    moved[:, 2] += 1
    np.testing.assert_allclose(
        walrasian_allocation(economy, 0.3, moved)[1] - quantity,
        np.broadcast_to(response.quantity_effect[:, 2], quantity.shape),
        atol=1e-13,
    )


def test_first_best_surplus_is_the_mean_of_what_markets_yield():
    economy = linear_quadratic(two_groups(4).weights, [1.0, 2.0, 0.7, 1.1], [0.3, -0.2, 0.0, 0.5])
    law = NormalTypes([0.4, 0.0, -0.3, 0.1], np.diag([1.0, 2.0, 0.5, 1.0]) + 0.2)
    types = law.sample(np.random.default_rng(0), 400_000)
    quantity = walrasian_allocation(economy, 0.0, types)[1]
    surplus = economy.utility(quantity, types).sum(axis=1) / 4
    error = surplus.std() / np.sqrt(len(surplus))
    assert abs(first_best_surplus(economy, law.mean, law.covariance) - surplus.mean()) < 4 * error


def with_effect(place, effect):
    weights = np.eye(4)
    weights[place] = effect
    return linear_quadratic(weights, 1.0)


@pytest.mark.parametrize("number", [sigma_n, assumption_bounds])
@pytest.mark.parametrize(
    ("economy", "words"),
    [
        (with_effect((2, 2), 0.0), r"\(assumption A3\), got 0 for trader 2"),
        (with_effect((2, 1), -0.01), r"\(assumption A4\), got -0.01 for that of trader 1 on trader 2"),
        (factored([1, 1, 1], [[-0.1], [0], [0]], [[0, 1, 0]], 1.0), "trader 1 on trader 0"),
    ],
)  # fmt: skip
def test_what_breaks_a3_or_a4_is_refused_with_the_trader(number, economy, words):
    with pytest.raises(RefusedError, match=words):
        number(economy)


@pytest.mark.parametrize(
    ("economy", "words"),
    [
        (saturating(4, flat=0.0), r"\(assumption A2\), got 0 to 1.5"),
        (varying_effects(4, bend=-1.5, slope=9.0), r"\(assumption A3\), the least is -0.5625"),
        (saturating(4, beta=-0.2), r"\(assumption A4\), the least is -0.05"),
    ],
)
def test_smooth_economies_whose_bounds_break_an_assumption_have_no_bounds(economy, words):
    with pytest.raises(RefusedError, match=words):
        assumption_bounds(economy)


@pytest.mark.parametrize(
    "number",
    [
        sigma_n,
        sigma_budget,
        pairwise_interdependence,
        largest_interdependence,
        interdependence_radius,
        single_crossing_violation,
        affects_others_alike,
    ],
)
def test_what_is_for_weights_and_slopes_refuses_other_economies(number):
    for economy, name in ((saturating(4), "Saturating"), (unit_demands(2, 2), "UnitDemands")):
        with pytest.raises(InvalidInputError, match=f"linear-quadratic economy, got {name}; build"):
            number(economy)


def test_uniqueness_needs_own_types_that_matter():
    with pytest.raises(InvalidInputError, match="got 0 for trader 2"):
        interdependence_radius(with_effect((2, 2), 0.0))


def test_assumptions_name_what_fails():
    checks = check_assumptions(tight(4, own_effect=1.0, cross_effect=1.0))
    assert not checks["INJ"].holds
    assert not checks["A4N"].holds
    assert not checks["sigma_N"].holds
    assert "phi_N" in checks["A4N"].witness
    assert checks["A2"].holds
    violated = np.array([[1.0, 0.6, 0.4], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    assert not check_assumptions(linear_quadratic(violated, 1.0))["FUN"].holds


@pytest.mark.parametrize("beta", [3.9, 4.1])
def test_uniqueness_fails_in_example_1_iff_interdependence_is_strong(beta):
    """Section 7: the condition fails iff (N - 2) beta >= N alpha."""
    n, alpha = 6, 2.65
    expected = (n - 2) * beta < n * alpha
    assert check_assumptions(fundamental_value(n, alpha, beta))["unique"].holds == expected


def test_projection_weights_of_examples_4_and_5():
    """Equations (4.17) and (4.18) with the "+ zeta" that the printed text lacks."""
    n, rho, zeta = 8, 0.4, 0.7
    alpha = (1 - rho) / (1 - rho + zeta)
    for information, size in (
        (fundamental_value_information(n, rho, zeta), n),
        (two_groups_information(n, rho, zeta), n // 2),
    ):
        beta = size * rho * zeta / ((1 - rho + zeta) * (1 + (size - 1) * rho + zeta))
        weights = information.weights()
        assert weights[0, 1] == pytest.approx(beta / size, rel=1e-12)
        assert weights[0, 0] == pytest.approx(alpha + beta / size, rel=1e-12)
        printed = size * rho * zeta / ((1 - rho + zeta) * (1 + (size - 1) * rho))
        assert abs(weights[0, 1] - printed / size) > 1e-3


@pytest.mark.parametrize("group_noise", [0.0, 0.2, 1.0])
def test_example_6_continuum_implies_the_same_weights(group_noise):
    """Equation (4.21): every model of the continuum justifies alpha and beta."""
    weights = heterogeneous_information(8, 0.5, 0.3, 1.0, group_noise).weights()
    np.testing.assert_allclose(weights, fundamental_value(8, 0.5, 0.3).weights, atol=1e-12)


def test_means_become_intercepts():
    information = fundamental_value_information(4, 0.3, 0.5, mean=2.0)
    economy = information.economy(1.0)
    np.testing.assert_allclose(economy.value(np.full((1, 4), 2.0)), 2.0)


@pytest.mark.parametrize(
    "law",
    [
        NormalTypes(
            [0.0, 1.0, -1.0], np.array([[1.0, 0.3, 0.0], [0.3, 2.0, 0.1], [0.0, 0.1, 0.5]])
        ),
        UniformBox([0.0, -1.0, 2.0], [1.0, 1.0, 5.0]),
    ],
)
def test_samples_have_the_stated_moments(law):
    draws = law.sample(np.random.default_rng(0), 200_000)
    np.testing.assert_allclose(draws.mean(axis=0), law.mean, atol=0.02)
    np.testing.assert_allclose(np.cov(draws.T), law.covariance, atol=0.03)
    np.testing.assert_array_equal(draws, law.sample(np.random.default_rng(0), 200_000))


def test_matched_samples_have_no_sampling_error_in_quadratic_means():
    law = NormalTypes([0.5, 1.0, -1.0], np.diag([1.0, 2.0, 0.5]) + 0.2)
    draws = law.matched_sample(np.random.default_rng(0), 50)
    np.testing.assert_allclose(draws.mean(axis=0), law.mean, atol=1e-13)
    np.testing.assert_allclose(np.cov(draws.T, bias=True), law.covariance, atol=1e-13)
    assert law.matched_sample(np.random.default_rng(0), 2).shape == (2, 3)
    box = UniformBox.common(3, 0.0, 1.0)
    assert box.matched_sample(np.random.default_rng(0), 9).max() <= 1.0


def test_economies_survive_their_description():
    economy = heterogeneous(4)
    copy = LinearQuadratic.from_dict(economy.to_dict())
    np.testing.assert_array_equal(copy.weights, economy.weights)
    assert (copy.roles, copy.name) == (economy.roles, economy.name)


def test_economies_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        private_values(3).weights[0, 0] = 5.0


@given(st.integers(-3, 2))
def test_too_few_traders(n):
    with pytest.raises(InvalidInputError, match="n_traders must be at least 3"):
        private_values(n)


@given(floats(-5, 0))
def test_slopes_must_be_positive(slope):
    with pytest.raises(InvalidInputError, match="slope must be positive"):
        private_values(3, slope=slope)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: two_groups(5), "n_traders must be even"),
        (lambda: linear_quadratic([[1, 2], [3, 4]], 1.0), "at least 3, got 2"),
        (lambda: linear_quadratic(np.ones((3, 4)), 1.0), r"shape \(3, 3\), got \(3, 4\)"),
        (lambda: linear_quadratic(np.full((3, 3), np.nan), 1.0), "weights must be finite, got nan"),
        (lambda: linear_quadratic(np.eye(3), [1.0, 2.0]), r"slope must have shape \(3\)"),
        (lambda: linear_quadratic([["a"] * 3] * 3, 1.0), "weights must be an array of numbers"),
        (
            lambda: linear_quadratic(np.eye(3) * (1 + 1j), 1.0),
            "weights must be an array of numbers",
        ),
        (lambda: private_values(3, alpha=float("inf")), "alpha must be finite"),
        (lambda: private_values(3.5), "n_traders must be a whole number"),
        (lambda: heterogeneous_information(4, 0.6, 0.5, 1.0, 0.0), "below 1"),
        (lambda: fundamental_value_information(4, 1.0, 0.5), r"rho must be in \[0, 1\)"),
        (lambda: fundamental_value_information(4, 0.5, 0.0), "noise must be positive"),
        (lambda: NormalTypes(np.zeros(3), -np.eye(3)), "positive definite"),
        (lambda: UniformBox([0, 0, 1], [1, 1, 1]), "low must be below high"),
        (lambda: NormalInformation(np.zeros(3), np.zeros(3), np.eye(2), np.eye(3)), "shape"),
        (lambda: heterogeneous(4).trader_of_role("medium"), "big, small"),
    ],
)
def test_malformed_input_is_one_clear_sentence(build, message):
    with pytest.raises(InvalidInputError, match=message) as caught:
        build()
    assert "\n" not in str(caught.value)


SMALL = [
    private_values(4),
    factored(np.ones(4), np.full((4, 1), 0.1), np.ones((1, 4)), 1.0),
    saturating(4),
    varying_effects(4),
    unit_demands(2, 2),
]


@pytest.mark.parametrize("economy", SMALL, ids=lambda economy: economy.name)
@pytest.mark.parametrize(
    "method", ["utility", "marginal_utility", "type_effects", "quantity_slopes"]
)
def test_quantities_and_types_that_do_not_fit_are_one_clear_sentence(economy, method):
    method_of, fitting = getattr(economy, method), np.zeros((2, 4))
    for quantity, types, message in [
        (
            np.zeros((2, 5)),
            np.zeros((2, 5)),
            r"quantity must have shape \(markets, 4\), .* got \(2, 5\)",
        ),
        (np.zeros((2, 1)), fitting, r"quantity must have shape \(markets, 4\), .* got \(2, 1\)"),
        (0.0, fitting, r"quantity must have shape \(markets, 4\), .* got \(\)"),
        (fitting, np.zeros((2, 3)), r"types must have shape \(markets, 4\), .* got \(2, 3\)"),
        (fitting, np.zeros((3, 4)), "equally many markets, got 2 and 3; give a row"),
        (fitting, "words", "types must be an array of numbers"),
        (fitting + 1j, fitting, "quantity must be an array of numbers .complex numbers are not"),
    ]:
        with pytest.raises(InvalidInputError, match=message) as caught:
            method_of(quantity, types)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("economy", SMALL, ids=lambda economy: economy.name)
def test_lists_and_one_row_for_all_markets_are_accepted(economy):
    quantity = [[0.5, -0.5, 0.0, 0.0]]
    types = np.linspace(0, 1, 12).reshape(3, 4)
    spread = economy.utility(np.repeat(quantity, 3, axis=0), types)
    np.testing.assert_array_equal(economy.utility(quantity, types), spread)
    np.testing.assert_array_equal(economy.utility(quantity, types.tolist()), spread)


@pytest.mark.parametrize("economy", SMALL[2:], ids=lambda economy: economy.name)
def test_economies_that_compute_in_numpy_refuse_tensors_in_a_sentence(economy):
    torch = pytest.importorskip("torch")
    with pytest.raises(InvalidInputError, match=r"a NumPy array here, .* of torch; convert"):
        economy.marginal_utility(torch.zeros((2, 4)), np.zeros((2, 4)))
    with pytest.raises(InvalidInputError, match="types must be a NumPy array"):
        economy.utility(np.zeros((2, 4)), torch.zeros((2, 4)))
