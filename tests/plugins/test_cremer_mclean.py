"""The worked example of Cremer and McLean: bets that take all surplus under the beliefs."""

from itertools import product

import numpy as np
import pytest
from deviator_cremer_mclean import Beliefs, CremerMcLean
from helpers.oracles import sigma_vcg
from helpers.samples import sampled_types

from deviator.economies import private_values, two_groups
from deviator.errors import RefusedError
from deviator.mechanisms import NaiveWalrasian, Reports
from deviator.policies import BestResponse, exact_gain

BELIEVED = [
    (private_values(3), {"correlation": 0.5}),
    (two_groups(4), {"mean": 0.4, "deviation": 1.3, "correlation": 0.3, "stake": 0.7}),
    (two_groups(4), {"mean": -1.0, "correlation": -0.2}),
]


def conditional_profiles(law, trader, own):
    """Profiles whose average gives E[. | s_i] of anything quadratic exactly: mean +- sqrt(n) L."""
    others = [j for j in range(len(law.mean)) if j != trader]
    with_own = law.covariance[others, trader] / law.covariance[trader, trader]
    mean = law.mean[others] + with_own * (own - law.mean[trader])
    spread = law.covariance[np.ix_(others, others)] - np.outer(
        with_own, law.covariance[trader, others]
    )
    steps = np.sqrt(len(others)) * np.linalg.cholesky(spread).T
    profiles = np.full((2 * len(others), len(law.mean)), float(own))
    profiles[:, others] = np.concatenate([mean + steps, mean - steps])
    return profiles


def interim(auction, economy, law, trader, own, report):
    types = conditional_profiles(law, trader, own)
    reports = types.copy()
    reports[:, trader] = report
    outcome = auction.clear(Reports(reports))
    return (economy.utility(outcome.quantity, types) - outcome.transfer)[:, trader].mean()


def test_cremer_mclean_by_hand():
    """N = 3, u = s q - q^2 / 2, correlation 1/2, stake 1, reports (1, 0, -1).

    U(r; s) = (5 s / 6 - 2 r / 3)(2 r / 3 - s / 3) + 1/9, r2 = 1/3, var = 2/9, gamma = -13/2. Trader
    0 has e = -2/3: that bet pays -1/6 + 4/9 - 13/9; trader 1 has e = 0: -1/9 + 13/9.
    """
    outcome = CremerMcLean(private_values(3)).clear(Reports(np.array([[1.0, 0.0, -1.0]])))
    np.testing.assert_allclose(outcome.transfer, [[7 / 6, -4 / 3, 7 / 6]])


@pytest.mark.parametrize(("economy", "settings"), BELIEVED)
def test_bets_take_all_surplus_and_the_stake_under_the_beliefs(economy, settings):
    """Type s who reports r expects -stake (s - r)^2; so the interim gain is 0, and so is utility."""
    auction = CremerMcLean(economy, **settings)
    law = auction.beliefs.law()
    for trader, own, report in product(range(2), (-1.5, 0.3), (-1.5, 0.8)):
        expected = interim(auction, economy, law, trader, own, report)
        assert expected == pytest.approx(-auction.stake * (own - report) ** 2, abs=1e-11)
    types = law.sample(np.random.default_rng(0), 50)
    gain = exact_gain(auction, economy, types, information="own", distribution=law)
    assert gain.max() < 1e-20


@pytest.mark.parametrize(("economy", "settings"), BELIEVED)
def test_bets_are_neither_honest_nor_free_elsewhere(economy, settings):
    """At single profiles, under another correlation, and without bets there is something to gain."""
    auction = CremerMcLean(economy, **settings)
    law = auction.beliefs.law()
    types = law.sample(np.random.default_rng(0), 50)
    assert exact_gain(auction, economy, types).mean() > 0.05
    outcome = auction.clear(Reports(types))
    utility = economy.utility(outcome.quantity, types) - outcome.transfer
    assert utility.min() < -0.05
    assert outcome.transfer.sum(axis=1).min() < -0.05
    other = Beliefs(economy.n_traders, auction.mean, auction.deviation, 0.15).law()
    own = {"information": "own", "distribution": other}
    assert exact_gain(auction, economy, types, **own).mean() > 1e-3
    assert abs(interim(auction, economy, other, 0, 1.0, 1.0)) > 1e-3
    plain = NaiveWalrasian(economy)
    own = {"information": "own", "distribution": law}
    assert exact_gain(plain, economy, types, **own).mean() > 1e-3
    assert interim(plain, economy, law, 0, 1.0, 1.0) > 1e-3


@pytest.mark.parametrize(("economy", "settings"), BELIEVED)
def test_bets_agree_with_numerical_expectations(economy, settings):
    """The oracle: Walrasian outcomes by loops, U by averages, its derivatives by differences."""
    auction = CremerMcLean(economy, **settings)
    beliefs, law = auction.beliefs, auction.beliefs.law()
    rho, n = beliefs.correlation, economy.n_traders
    r2 = (n - 1) * rho**2 / (1 + (n - 2) * rho)
    var = r2 * (1 - r2) * beliefs.deviation**2
    plain = NaiveWalrasian(economy)
    reports = np.array([0.9, -0.4, 0.2, 0.6][:n])
    outcome = auction.clear(Reports(reports[None]))
    for i in range(n):
        r = reports[i]

        def utility(own, i=i, r=r):
            return interim(plain, economy, law, i, own, r)

        first = (utility(r + 1) - utility(r - 1)) / 2
        second = utility(r + 1) - 2 * utility(r) + utility(r - 1)
        seen = np.delete(reports, i) - beliefs.mean
        error = rho / (1 + (n - 2) * rho) * seen.sum() - r2 * (r - beliefs.mean)
        gamma = -(second / 2 + auction.stake) / r2**2
        bet = -utility(r) - first / r2 * error + gamma * (error**2 - var)
        price, quantity, *_ = sigma_vcg(
            economy.weights, economy.slope, economy.intercept, 0, reports
        )
        assert outcome.quantity[0, i] == pytest.approx(quantity[i], abs=1e-12)
        assert outcome.transfer[0, i] == pytest.approx(price * quantity[i] - bet, abs=1e-10)


def test_the_cremer_mclean_menu_is_what_reports_reach():
    economy = two_groups(4)
    auction = CremerMcLean(economy, mean=0.4, correlation=0.3)
    bids = Reports(sampled_types(economy, 20))
    for trader in range(4):
        menu = auction.menu(bids, trader)
        reports = np.linspace(-2, 2, 9)[None, :, None].repeat(20, axis=0)
        result = auction.clear_deviations(bids, trader, reports)
        for place in range(9):
            np.testing.assert_allclose(
                menu.transfer(result.quantity[:, place]), result.transfer[:, place], atol=1e-10
            )
    best = BestResponse(auction, economy).bid(bids.types, 0)
    result = auction.clear_deviations(
        bids, 0, np.stack([best[:, 0], bids.types[:, 0]], 1)[:, :, None]
    )
    quantity = np.zeros((20, 4))
    utility = []
    for place in range(2):
        quantity[:, 0] = result.quantity[:, place]
        utility.append(economy.utility(quantity, bids.types)[:, 0] - result.transfer[:, place])
    gain = exact_gain(auction, economy, bids.types, trader=0)
    np.testing.assert_allclose(utility[0] - utility[1], gain, atol=1e-9)


def test_no_correlation_leaves_nothing_to_bet_on():
    with pytest.raises(RefusedError, match="bets need beliefs that depend on the own type"):
        CremerMcLean(private_values(3), correlation=0.0)


def test_bets_in_other_units():
    economy = two_groups(4)
    auction = CremerMcLean(economy, mean=0.4, correlation=0.3, stake=0.6)
    bids = Reports(sampled_types(economy, 20))
    restated = auction.rescaled(3.0, 7.0).clear(bids.rescaled(3.0, 7.0))
    np.testing.assert_allclose(restated.transfer, 21 * auction.clear(bids).transfer, rtol=1e-9)
