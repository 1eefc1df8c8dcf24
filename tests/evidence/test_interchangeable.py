"""Who is in the same position: whole classes, and nobody who only looks alike."""

import numpy as np
import pytest

from deviator.economies import (
    NormalTypes,
    UniformBox,
    factored,
    fundamental_value,
    heterogeneous,
    linear_quadratic,
    normal_information,
    private_values,
    saturating,
    two_groups,
    unit_demands,
)
from deviator.evidence import interchangeable_traders, market
from deviator.mechanisms import (
    KDoubleAuction,
    Mutated,
    NaiveWalrasian,
    SigmaDCDA,
    SigmaVCG,
    UniformDoubleAuction,
)
from deviator.policies import LinearBayes, Revelation

PAIRS = ((0, 1), (2, 3))


def correlated(n):
    covariance = np.eye(n)
    covariance[0, 1] = covariance[1, 0] = 0.5
    return NormalTypes(np.zeros(n), covariance)


def beliefs():
    values = np.eye(4)
    values[:2, :2] = [[1.0, 0.4], [0.4, 1.0]]
    return normal_information(0.0, 0.0, values, values + 0.5 * np.eye(4), values)


@pytest.mark.parametrize(
    ("tested", "classes"),
    [
        (market(SigmaDCDA(0.2), fundamental_value(4)), ((0, 1, 2, 3),)),
        (market(SigmaDCDA(0.2), two_groups(4)), PAIRS),
        (market(NaiveWalrasian(two_groups(4)), two_groups(4)), PAIRS),
        (market(SigmaDCDA(0.2), heterogeneous(4)), PAIRS),
        (market(SigmaDCDA(0.2), saturating(4)), ((0, 1, 2, 3),)),
        (market(KDoubleAuction(buyers=(0, 1)), unit_demands(2, 2)), PAIRS),
        (market(SigmaDCDA(0.2), private_values(4), distribution=correlated(4)), PAIRS),
        (
            market(
                SigmaDCDA(0.2), private_values(4), distribution=UniformBox([0] * 4, [1, 1, 2, 2])
            ),
            PAIRS,
        ),
    ],
)
def test_classes_follow_from_utilities_rule_and_law(tested, classes):
    assert interchangeable_traders(tested) == classes


@pytest.mark.parametrize(
    "tested",
    [
        # The same numbers in every row and column, and yet trader 0 watches 1 and not 2.
        market(
            SigmaDCDA(0.2),
            linear_quadratic([[1, 0.3, 0, 0], [0, 1, 0.3, 0], [0, 0, 1, 0.3], [0.3, 0, 0, 1]], 1.0),
        ),
        # The rule is of another economy than the traders.
        market(SigmaVCG(linear_quadratic(np.diag([1.0, 1.1, 1.2]), 1.0), 0.2), private_values(3)),
        # What honest means is stated by another economy.
        market(
            SigmaDCDA(0.2),
            private_values(3),
            strategy=Revelation(SigmaDCDA(0.2), linear_quadratic(np.diag([1.0, 1.1, 1.2]), 1.0)),
        ),
    ],
    ids=["a ring", "a rule of others", "honesty of others"],
)
def test_traders_who_only_look_alike_stand_alone(tested):
    n = tested.economy.n_traders
    assert interchangeable_traders(tested) == tuple((trader,) for trader in range(n))


def test_an_equilibrium_tells_traders_apart_who_bid_otherwise():
    information = beliefs()
    tested = market(
        UniformDoubleAuction(),
        information.economy(1.0),
        distribution=information.types(),
        strategy=LinearBayes(information, 1.0),
    )
    classes = interchangeable_traders(tested)
    assert not any(0 in each and 2 in each for each in classes)


def test_a_third_party_s_rule_may_treat_everybody_differently():
    class Favours(type(SigmaDCDA(0.2)).__mro__[1]):  # ConditionalAuction
        name = "favours"

        def payment(self, price, quantity, residual_slope, tax_slope):
            return price * quantity

    for rule in (Favours(), Mutated(Favours(), "transfer", 0.1)):
        tested = market(rule, fundamental_value(3))
        assert interchangeable_traders(tested) == ((0,), (1,), (2,))


def test_in_large_markets_everybody_stands_alone():
    n = 300
    economy = factored(np.ones(n), np.full((n, 1), 0.1), np.full((1, n), 1 / n), np.ones(n))
    tested = market(SigmaVCG(economy, 0.2), economy)
    assert len(interchangeable_traders(tested)) == n
