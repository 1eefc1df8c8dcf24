"""Factored economies: products, bounds and descriptions equal the dense ones, without (N, N) arrays."""

import tracemalloc

import numpy as np
import pytest
from helpers.factored_markets import HALVES, dense, factored_economies
from helpers.outcomes import assert_close
from hypothesis import given

from deviator.economies import (
    Factored,
    factored,
    first_best_surplus,
    fundamental_value,
    heterogeneous,
    private_values,
    public_statistics,
    sigma_budget,
    sigma_n,
    two_groups,
    walrasian_response,
)
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import certify, market
from deviator.mechanisms import (
    FactoredBids,
    PublicStatistics,
    Reports,
    SigmaDCDA,
    SigmaVCG,
    UniformConditional,
    UniformDoubleAuction,
)
from deviator.policies import exact_gain


@pytest.mark.parametrize("economy", [two_groups(6), heterogeneous(6), fundamental_value(6)])
@pytest.mark.parametrize("statistics", [HALVES[:1], HALVES])
def test_group_sums_are_enough_in_the_papers_examples(economy, statistics):
    certificate = certify(market(SigmaDCDA(0.3, statistics), economy))
    assert certificate.cap == 0.0
    assert certificate.every_profile


def test_no_statistic_is_needed_where_all_traders_are_alike():
    """Quantities sum to 0, so that nothing is left to condition on but the own one and the price."""
    economy = fundamental_value(5)
    auction = SigmaDCDA(0.2, np.zeros((0, 5)))
    assert auction.honest_bids(economy, np.zeros((1, 5))).shape == (1, 5, 3)
    assert certify(market(auction, economy)).cap == 0.0


def test_products_with_factored_weights():
    rng = np.random.default_rng(1)
    economy = factored(
        rng.uniform(0.8, 1.2, 7), rng.normal(size=(7, 2)), rng.normal(size=(2, 7)), 1.0
    )
    weights, vectors = economy.weights, rng.normal(size=(3, 7))
    assert_close(economy.own_type_effects, np.diagonal(weights), 1e-12)
    assert_close(economy.effects_on(4), weights[4], 1e-12)
    assert_close(economy.weighted_types(vectors), vectors @ weights.T, 1e-12)
    assert_close(economy.weighted_traders(vectors), vectors @ weights, 1e-12)
    assert_close(economy.types_behind(vectors), np.linalg.solve(weights, vectors.T).T, 1e-10)
    assert_close(np.concatenate([rows for _, rows in economy.blocks_of_effects()]), weights, 1e-12)
    root = rng.normal(size=(7, 7))
    for covariance in (root @ root.T, np.diag(rng.uniform(1, 2, 7))):
        got = first_best_surplus(economy, vectors[0], covariance)
        assert got == pytest.approx(
            first_best_surplus(dense(economy), vectors[0], covariance), rel=1e-12
        )
    assert got == pytest.approx(
        first_best_surplus(economy, vectors[0], np.diagonal(covariance)), rel=1e-12
    )
    assert_close(
        walrasian_response(economy, 0.2).quantity_effect,
        walrasian_response(dense(economy), 0.2).quantity_effect,
        1e-12,
    )


@given(factored_economies())
def test_tax_bounds_equal_the_dense_ones(economy):
    assert sigma_n(economy) == pytest.approx(sigma_n(dense(economy)), rel=1e-12)
    assert sigma_budget(economy) == pytest.approx(sigma_budget(dense(economy)), rel=1e-9)


def test_factored_economies_survive_their_description():
    economy = Factored(
        [1.0] * 4,
        [[0.2]] * 4,
        [[0.1] * 4],
        [1.0] * 4,
        [0.0] * 4,
        roles=("a", "b") * 2,
        type_low=[0.0] * 4,
    )
    copy = Factored.from_dict(economy.to_dict())
    np.testing.assert_array_equal(copy.weights, economy.weights)
    np.testing.assert_array_equal(copy.type_set, economy.type_set)
    assert (copy.roles, copy.name) == (economy.roles, economy.name)


def test_schedules_under_factored_private_values():
    own, nothing = [1.0, 1.2, 0.9], np.zeros((3, 1))
    economy = factored(own, nothing, np.ones((1, 3)), 2.0)
    assert economy.has_private_values
    types = np.array([[0.3, -1.0, 2.0]])
    got = UniformDoubleAuction().honest_bids(economy, types).level
    np.testing.assert_allclose(got, types * own / 2.0)
    related = factored(own, [[0.1]] * 3, np.ones((1, 3)), 2.0)
    assert not related.has_private_values
    with pytest.raises(RefusedError, match="private values only"):
        UniformDoubleAuction().honest_bids(related, types)


SINGULAR = {"own": [1.0] * 3, "loadings": [[-1 / 3]] * 3, "statistics": [[1.0] * 3], "slope": 1.0}


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (
            lambda: factored([1.0] * 3, [[0.1]] * 3, [[1.0] * 4], 1.0),
            InvalidInputError,
            "statistics",
        ),
        (
            lambda: factored([1.0] * 3, [[0.1]] * 3, [[1.0] * 3] * 2, 1.0),
            InvalidInputError,
            "shape",
        ),
        (
            lambda: public_statistics(factored([1, 0, 1], [[0.1]] * 3, [[1] * 3], 1.0)),
            RefusedError,
            "own must be",
        ),
        (lambda: factored(**SINGULAR).types_behind(np.ones(3)), RefusedError, "INJ"),
        (lambda: PublicStatistics([[1.0, 2.0]]), InvalidInputError, "n_traders"),
        (
            lambda: PublicStatistics([1.0, 2.0, 3.0]),
            InvalidInputError,
            "statistics must have shape",
        ),
        (
            lambda: SigmaDCDA(0.1, HALVES).honest_bids(two_groups(4), np.zeros((1, 4))),
            InvalidInputError,
            "4 traders, got 6",
        ),
        (
            lambda: SigmaDCDA(0.1, HALVES).clear(
                FactoredBids(np.ones((1, 6)), np.ones((1, 6, 1)), np.ones((1, 6)), np.ones((1, 6)))
            ),
            InvalidInputError,
            "2 statistics, got 1",
        ),
        (
            lambda: SigmaDCDA(0.1).clear(
                FactoredBids(np.ones((1, 6)), np.ones((1, 6, 1)), np.ones((1, 6)), np.ones((1, 6)))
            ),
            InvalidInputError,
            "LinearBids",
        ),
        (lambda: FactoredBids.from_array(np.ones((1, 3, 2))), InvalidInputError, "at least 3"),
        (
            lambda: FactoredBids(
                np.ones((2, 3)), np.ones((2, 3, 1)), np.ones((2, 3)), np.ones((5, 3))
            ),
            InvalidInputError,
            "leading length",
        ),
    ],
)
def test_malformed_input_is_one_clear_sentence(build, error, message):
    with pytest.raises(error, match=message) as caught:
        build()
    assert "\n" not in str(caught.value)


def peak_memory(action):
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_two_hundred_thousand_traders_need_no_square_array():
    n, rng = 200_000, np.random.default_rng(0)

    def trade():
        economy = factored(
            rng.uniform(0.8, 1.5, n),
            rng.uniform(0.1, 0.9, (n, 2)),
            rng.uniform(0.5, 1.0, (2, n)) / n,
            rng.uniform(0.7, 1.8, n),
            rng.normal(size=n),
        )
        sigma, types = sigma_n(economy), rng.normal(size=(1, n))
        auction = SigmaDCDA(sigma, public_statistics(economy, sigma))
        outcome = auction.clear(auction.honest_bids(economy, types))
        direct = SigmaVCG(economy, sigma).clear(Reports(types))
        assert outcome.traded.all()
        assert abs(outcome.quantity.sum()) < 1e-8
        assert_close(outcome.quantity, direct.quantity)
        assert_close(outcome.transfer, direct.transfer)
        assert exact_gain(auction, economy, types, trader=7).max() < 1e-24
        control = UniformConditional(public_statistics(economy))
        assert exact_gain(control, economy, types, trader=7).min() > 0

    peak = peak_memory(trade)
    assert peak < 300e6
    assert peak < n * n * 8 / 1000


def test_the_memory_bound_notices_a_square_array():
    n = 2000
    economy = factored(np.ones(n), np.full((n, 1), 0.1), np.full((1, n), 1 / n), 1.0)
    assert peak_memory(lambda: economy.weights) >= n * n * 8
    assert peak_memory(lambda: economy.value(np.zeros((1, n)))) < n * n


def test_economies_that_are_private_or_not():
    assert private_values(4).has_private_values
    assert not two_groups(4).has_private_values


def test_statistics_and_honest_bids_that_cannot_be_had_say_what_can():
    with pytest.raises(InvalidInputError, match="those of a Factored economy"):
        public_statistics(two_groups(4), 0.1)
    ones = np.ones(10**6)
    large = Factored(ones, ones[:, None] * 0.1, ones[None] / len(ones), ones, 0 * ones)
    with pytest.raises(RefusedError, match="publish public_statistics"):
        SigmaDCDA(0.1).honest_bids(large, ones[None])
    with pytest.raises(RefusedError, match="read own, loadings and statistics"):
        large.weights.sum()
