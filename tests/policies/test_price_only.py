"""Traders who condition on the price alone inside the sigma-DCDA."""

from dataclasses import replace

import numpy as np
import pytest

from deviator.economies import (
    NormalTypes,
    UniformBox,
    fundamental_value,
    linear_quadratic,
    private_values,
    two_groups,
    two_groups_information,
)
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import find_certificates, market
from deviator.mechanisms import SigmaDCDA, UniformConditional
from deviator.policies import AffineStrategy, PriceOnly, Revelation, exact_gain

AUCTION = SigmaDCDA(0.3)
GROUPS = two_groups_information(6, rho=0.5, noise=1.0)
UNEVEN = linear_quadratic(
    [[1.0, 0.3, 0.0, 0.1], [0.1, 1.0, 0.2, 0.0], [0.0, 0.1, 1.0, 0.3], [0.2, 0.0, 0.1, 1.0]],
    [1.0, 1.4, 0.8, 1.1],
    [0.2, 0.0, -0.3, 0.0],
)
SKEWED = NormalTypes(
    np.array([0.5, -0.2, 0.0, 0.3]), np.diag([1.0, 2.0, 0.5, 1.0]) + 0.2 * np.ones((4, 4))
)


def mean_utility(economy, law, strategy, trader):
    types = law.matched_sample(np.random.default_rng(0), 4000)
    outcome = AUCTION.clear(strategy.bids(types))
    assert outcome.traded.all()
    return (economy.utility(outcome.quantity, types) - outcome.transfer)[:, trader].mean()


def moved(strategy, trader, place, by, effect=False):
    base, slope = strategy.base.copy(), strategy.effect.copy()
    (slope if effect else base)[trader, place] += by
    return AffineStrategy(strategy.language, base, slope)


@pytest.mark.parametrize("count", [1, 3, 4])
def test_no_other_linear_price_only_bid_earns_more(count):
    """Price, constant and own type, the three numbers that such a bid is free to choose."""
    strategy = PriceOnly(AUCTION, UNEVEN, SKEWED, count).strategy
    for trader in range(4 - count, 4):
        best = mean_utility(UNEVEN, SKEWED, strategy, trader)
        for by in (-0.1, -0.01, 0.01, 0.1):
            for place, effect in ((-2, False), (-1, False), (-1, True)):
                other = moved(strategy, trader, place, by, effect)
                assert mean_utility(UNEVEN, SKEWED, other, trader) < best


def test_what_a_price_only_bid_ignores_is_the_others_quantities():
    base = PriceOnly(AUCTION, UNEVEN, SKEWED, 2).strategy.base
    assert (base[2:, :4] == np.diag(UNEVEN.slope + AUCTION.sigma)[2:]).all()
    honest = Revelation(AUCTION, UNEVEN).bids(np.zeros((1, 4))).as_array()[0]
    np.testing.assert_allclose(base[:2], honest[:2], rtol=1e-12)


@pytest.mark.parametrize("economy", [fundamental_value(5), private_values(5, slope=1.5)])
def test_where_the_price_tells_all_that_counts_nothing_is_lost(economy):
    """In Example 1 honest bids depend on the own quantity and the price alone (Example 7)."""
    law = economy.types()
    types = law.matched_sample(np.random.default_rng(0), 500)
    policy = PriceOnly(AUCTION, economy, law)
    found, wanted = (
        AUCTION.clear(each.bids(types)) for each in (policy, Revelation(AUCTION, economy))
    )
    np.testing.assert_allclose(found.quantity, wanted.quantity, atol=1e-8)
    np.testing.assert_allclose(found.transfer, wanted.transfer, atol=1e-8)
    assert exact_gain(AUCTION, economy, types, others=policy).max() < 1e-15


def test_between_groups_the_price_tells_less_and_conditioning_pays():
    economy, law = GROUPS.economy(1.0), GROUPS.types()
    policy = PriceOnly(AUCTION, economy, law)
    tested = market(AUCTION, economy, distribution=law, strategy=policy)
    certificate = find_certificates(tested, "profile", [0]).certificates[0]
    types = law.matched_sample(np.random.default_rng(0), 4000)
    gain = exact_gain(AUCTION, economy, types, others=policy, trader=0)
    assert gain.mean() > 1e-3
    assert certificate.cap == pytest.approx(gain.mean(), rel=1e-6)


def test_an_honest_trader_among_them_has_something_to_gain():
    economy, law = GROUPS.economy(1.0), GROUPS.types()
    types = law.matched_sample(np.random.default_rng(0), 1000)
    gain = exact_gain(AUCTION, economy, types, others=PriceOnly(AUCTION, economy, law, 5), trader=0)
    assert gain.mean() > 1e-4


def test_nobody_price_only_is_honesty():
    types = SKEWED.sample(np.random.default_rng(0), 10)
    none = PriceOnly(AUCTION, UNEVEN, SKEWED, 0).bids(types).as_array()
    np.testing.assert_allclose(none, Revelation(AUCTION, UNEVEN).bids(types).as_array(), rtol=1e-9)


def test_other_laws_count_by_their_moments():
    law = UniformBox(np.full(4, -1.0), np.full(4, 2.0))
    same = NormalTypes(law.mean, law.covariance)
    found, wanted = (PriceOnly(AUCTION, UNEVEN, each).strategy for each in (law, same))
    np.testing.assert_allclose(found.base, wanted.base, rtol=1e-12)


def test_beliefs_matter():
    """Bids that are best under one law are worse under another: the price means another thing."""
    economy, law = GROUPS.economy(1.0), GROUPS.types()
    wrong = replace(law, covariance=np.diag(np.diagonal(law.covariance)))
    right = PriceOnly(AUCTION, economy, law, 1).strategy
    misled = PriceOnly(AUCTION, economy, wrong, 1).strategy
    assert mean_utility(economy, law, misled, 5) < mean_utility(economy, law, right, 5)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: PriceOnly(UniformConditional(), UNEVEN, SKEWED), RefusedError, "sigma-DCDA"),
        (lambda: PriceOnly(AUCTION, UNEVEN, "normal"), InvalidInputError, "distribution"),
        (lambda: PriceOnly(AUCTION, UNEVEN, SKEWED, 5), InvalidInputError, "at most the 4"),
        (lambda: PriceOnly(AUCTION, two_groups(6), SKEWED), InvalidInputError, "of 6 types, got 4"),
    ],
)
def test_bad_settings_are_refused_in_a_sentence(make, error, message):
    with pytest.raises(error, match=message):
        make()
