"""One trader under several names: closed forms, when wash trades pay, and what is refused."""

import numpy as np
import pytest

import deviator
from deviator.economies import (
    fundamental_value,
    heterogeneous,
    linear_quadratic,
    private_values,
    sigma_n,
    tight,
    two_groups,
    unit_demands,
)
from deviator.errors import InvalidInputError, RefusedError
from deviator.evidence import market
from deviator.evidence.coalitions import best_joint_deviation, enlarged_economy, names_of
from deviator.mechanisms import SigmaDCDA, SigmaVCG, UniformDoubleAuction
from deviator.policies import LinearBayes, exact_gain

N, MU = 6, 0.9
PRIVATE = private_values(N, 1.2, MU)
TYPES = np.random.default_rng(0).standard_normal((30, N))


def known_gain(sigma, names):
    """Return the exact gain in the sigma-VCG mechanism of private values and equal slopes.

    On p = a + kappa Q all names together pay p Q + (sigma - k) Q^2 / (2 m), one honest name pays
    p Q + (sigma - kappa) Q^2 / 2.
    """
    others, each = (MU + sigma) / (N - 1), (MU + sigma) / (N + names - 2)
    one, several = MU + sigma + others, MU + 2 * others + (sigma - each) / names
    tested = market(SigmaVCG(PRIVATE, sigma), PRIVATE)
    quantity = tested.mechanism.clear(tested.strategy.bids(TYPES)).quantity[:, 0]
    return np.maximum(0.5 * one * quantity**2 * (one / several - 1), 0.0)


def best(sigma, names):
    tested = market(SigmaVCG(PRIVATE, sigma), PRIVATE)
    return best_joint_deviation(names_of(tested, names), TYPES)


@pytest.mark.parametrize("names", [2, 3, 5])
@pytest.mark.parametrize("sigma", [0.5, 1.0, 4.0])
def test_names_split_the_tax_by_a_closed_form(sigma, names):
    found = best(sigma, names)
    assert found.reach == "exact"
    np.testing.assert_allclose(found.gain, known_gain(sigma, names), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("names", [2, 3, 5, 9])
def test_a_tax_below_the_slope_pays_for_wash_trades(names):
    """A name buys what another sells, and both are paid k - sigma: k = (mu + sigma) / (N' - 1)."""
    edge = MU / (N + names - 3)
    below, above = best(0.98 * edge, names), best(1.02 * edge, names)
    assert (below.reach, above.reach) == ("unbounded", "exact")
    assert below.bend > 0 > above.bend
    assert best(0.0, names).reach == "unbounded"


@pytest.mark.parametrize("names", [2, 3, 5, 9, 40])
def test_at_sigma_n_false_names_gain_nothing_in_the_direct_mechanism(names):
    sigma = sigma_n(PRIVATE)
    assert sigma == pytest.approx(MU / (N - 2))
    found = best(sigma, names)
    assert found.reach == "exact"
    assert found.gain.max() == 0.0
    assert best(1.001 * MU / (N - 1), names).gain.max() == 0.0
    # At a tenth more, enough names gain.
    assert best(1.1 * sigma, 40).gain.min() > 0


@pytest.mark.parametrize("name", ["uniform-conditional", "uniform-double-auction"])
def test_at_one_price_names_gain_what_one_name_gains(name):
    tested = market(deviator.make(name), PRIVATE)
    alone = exact_gain(tested.mechanism, PRIVATE, TYPES, trader=0)
    found = best_joint_deviation(names_of(tested, 3), TYPES)
    np.testing.assert_allclose(found.gain, alone, rtol=1e-8)


def test_names_in_the_auction_gain_without_bound_even_at_sigma_n():
    tested = market(SigmaDCDA(sigma_n(PRIVATE)), PRIVATE)
    found = best_joint_deviation(names_of(tested, 2), TYPES)
    assert found.reach == "unbounded"
    assert np.median(found.gain) > 100 * tested.stakes


def test_a_trader_in_the_middle_has_names_too():
    economy = heterogeneous(6)
    for trader in (1, 4):
        tested = market(SigmaVCG(economy, 1.0), economy, trader=trader)
        party = names_of(tested, 2)
        assert party.places == (trader, 6)
        found = best_joint_deviation(party, TYPES)
        paying = found.gain > 0
        cleared = party.gains(TYPES, found.bids)[:, 0]
        np.testing.assert_allclose(cleared[paying], found.gain[paying], rtol=1e-9)


def test_enlarged_economies_follow_the_formula_of_their_family():
    larger = fundamental_value(7, 1.0, 0.5, 1.3)
    copy = enlarged_economy(fundamental_value(5, 1.0, 0.5, 1.3), 2, 3)
    np.testing.assert_allclose(copy.weights, larger.weights, rtol=1e-12)
    np.testing.assert_allclose(
        enlarged_economy(tight(5, 1.0, 0.1), 2, 2).weights, tight(6, 1.0, 0.1).weights
    )
    big = enlarged_economy(heterogeneous(6), 5, 2)
    assert big.slope[-1] == heterogeneous(6).slope[5]
    assert big.roles[-1] == "big"
    np.testing.assert_allclose(
        enlarged_economy(PRIVATE, 0, 2).weights, private_values(N + 1, 1.2, MU).weights
    )


def test_an_economy_that_does_not_say_is_refused_and_taken_as_an_argument():
    economy = two_groups(6)
    tested = market(SigmaVCG(economy, 1.0), economy)
    with pytest.raises(RefusedError, match="pass enlarged="):
        names_of(tested, 2)
    disguised = linear_quadratic(two_groups(6).weights, 1.0, name="fundamental value")
    with pytest.raises(RefusedError, match="pass enlarged="):
        enlarged_economy(disguised, 0, 2)
    weights = np.eye(7)
    weights[:6, :6], weights[6, 6] = economy.weights, economy.weights[0, 0]
    given = linear_quadratic(weights, 1.0)
    found = best_joint_deviation(names_of(tested, 2, given), TYPES)
    assert found.reach == "exact"
    with pytest.raises(InvalidInputError, match="economy of 7 traders"):
        names_of(tested, 2, economy)


def test_what_cannot_have_names_is_refused_in_a_sentence():
    tested = market(UniformDoubleAuction(), PRIVATE)
    for identities in (0, 1):
        with pytest.raises(InvalidInputError, match="identities must be at least 2"):
            names_of(tested, identities)
    with pytest.raises(InvalidInputError, match="whole number"):
        names_of(tested, "two")
    with pytest.raises(InvalidInputError, match="ask for fewer identities"):
        names_of(market(SigmaDCDA(0.2), PRIVATE), 1000)
    information = deviator.economies.fundamental_value_information(6, 0.2, 0.5)
    strategic = market(
        UniformDoubleAuction(), information.economy(1.0), strategy=LinearBayes(information, 1.0)
    )
    with pytest.raises(RefusedError, match="leave strategy out"):
        names_of(strategic, 2)
    statistics = market(SigmaDCDA(0.2, statistics=np.ones((1, N))), PRIVATE)
    with pytest.raises(RefusedError, match="settings for each trader"):
        names_of(statistics, 2)
    elsewhere = market(SigmaVCG(private_values(N, 2.0, 1.0), 0.2), PRIVATE)
    with pytest.raises(RefusedError, match="designer knows the audited economy"):
        names_of(elsewhere, 2)
    single = market(deviator.make("k-double-auction"), unit_demands(3, 3))
    with pytest.raises(RefusedError, match="pass enlarged="):
        names_of(single, 2)
