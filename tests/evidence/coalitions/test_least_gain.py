"""Coalitions without transfers: the largest least gain, its cap, and its closed forms."""

import numpy as np
import pytest
from scipy.optimize import minimize

import deviator
from deviator.economies import fundamental_value, private_values
from deviator.evidence import market
from deviator.evidence.coalitions import best_joint_deviation, coalition_of
from deviator.mechanisms import SigmaVCG, UniformDoubleAuction

ECONOMY = fundamental_value(6)
RULES = (
    SigmaVCG(ECONOMY, 0.0),
    SigmaVCG(ECONOMY, 0.5),
    deviator.make("uniform-conditional"),
    deviator.make("naive-walrasian", economy=ECONOMY),
)


def profiles(count):
    return np.random.default_rng(0).standard_normal((count, 6))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_pair_gains_the_most_that_both_can(rule):
    tested, types = market(rule, ECONOMY), profiles(2)
    party = coalition_of(tested, [0, 3], transfers=False)
    best = best_joint_deviation(party, types)
    assert best.reach == "exact"
    cleared = party.gains(types, best.bids)
    np.testing.assert_allclose(cleared.min(axis=1), best.gain, atol=1e-10)
    level = rule.language.level
    for one in range(len(types)):
        base = party.base_bids(types[[one]])[:, [0, 3]]

        def loss(shift, base=base, one=one):
            bids = base.copy()
            bids[0, :, level] += shift
            return -float(party.value(party.gains(types[[one]], bids))[0])

        near = best.bids[one, :, level] - base[0, :, level]
        for start in (np.zeros(2), 3 * near):
            found = minimize(loss, start, method="Nelder-Mead", tol=1e-7)
            assert -found.fun <= best.gain[one] + 1e-9


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_least_gain_is_between_nothing_and_an_equal_share_of_the_joint_gain(rule):
    tested, types = market(rule, ECONOMY), profiles(200)
    for members in ((0, 3), (0, 1, 4)):
        joint = best_joint_deviation(coalition_of(tested, members), types)
        least = best_joint_deviation(coalition_of(tested, members, transfers=False), types)
        assert (least.gain >= 0).all()
        assert (least.gain <= least.cap).all()
        assert (least.cap <= joint.gain / len(members) + 1e-10).all()


def test_a_buyer_and_a_seller_cannot_both_gain_where_they_trade_about_as_much():
    """At one price what a higher price gives to one it takes from the other."""
    economy = private_values(6)
    tested = market(UniformDoubleAuction(), economy)
    party = coalition_of(tested, [0, 1], transfers=False)
    opposed = np.array([[2.0, -2.0, 0.0, 0.0, 0.0, 0.0]])
    alike = np.array([[2.0, 2.0, 0.0, 0.0, 0.0, 0.0]])
    assert best_joint_deviation(party, opposed).gain[0] == 0.0
    assert best_joint_deviation(party, alike).gain[0] > 0.01


def test_of_two_equal_members_each_gains_half_of_the_joint_gain():
    tested = market(SigmaVCG(ECONOMY, 0.2), ECONOMY)
    types = np.array([[1.0, 1.0, 0.3, -0.2, 0.5, -1.0]])
    joint = best_joint_deviation(coalition_of(tested, [0, 1]), types)
    least = best_joint_deviation(coalition_of(tested, [0, 1], transfers=False), types)
    np.testing.assert_allclose(least.gain, joint.gain / 2, rtol=1e-9)
