"""Matched controls: one for each bid language, and the same problem for the deviator."""

import numpy as np
import pytest

from deviator.economies import Factored, private_values, two_groups, unit_demands
from deviator.envs import deviation_core
from deviator.errors import InvalidInputError
from deviator.evidence import best_deviation, held_out_profiles, market, seat_of, standing_control
from deviator.mechanisms import (
    KDoubleAuction,
    ModifiedVickreyDoubleAuction,
    NaiveWalrasian,
    PayAsBid,
    SigmaDCDA,
    SigmaVCG,
    UniformConditional,
    UniformDoubleAuction,
)

GROUPS = two_groups(4)
STATISTICS = np.array([[1.0, 1.0, 0.0, 0.0]])
FACTORED = Factored(np.ones(4), np.full((4, 1), 0.1), STATISTICS, np.ones(4), np.zeros(4))

CONTROLLED = {
    "sigma-dcda": (market(SigmaDCDA(0.3), GROUPS), "uniform-conditional"),
    "factored": (market(SigmaDCDA(0.3, statistics=STATISTICS), FACTORED), "uniform-conditional"),
    "sigma-vcg": (market(SigmaVCG(GROUPS, 0.3), GROUPS, trader=2), "naive-walrasian"),
    "schedules": (market(UniformDoubleAuction(), private_values(4)), "uniform-double-auction"),
    "pay-as-bid": (market(PayAsBid(0.5), private_values(4)), "uniform-double-auction"),
    "units": (market(KDoubleAuction(buyers=(0, 1)), unit_demands(2, 2)), "k-double-auction"),
}


@pytest.mark.parametrize(("tested", "name"), CONTROLLED.values(), ids=CONTROLLED)
def test_the_standing_control_poses_the_same_problem_and_pays(tested, name):
    control = standing_control(tested)
    assert control.mechanism.name == name
    assert seat_of(control).shape == seat_of(tested).shape
    assert best_deviation(control, held_out_profiles(control, 500), "profile").gain > 0


def test_a_language_without_a_known_gain_has_no_standing_control():
    assert standing_control(market(ModifiedVickreyDoubleAuction(), unit_demands(2, 2))) is None


@pytest.mark.parametrize(
    ("control", "difference"),
    [
        (market(NaiveWalrasian(GROUPS), GROUPS), "Reports of 1 numbers"),
        (market(UniformConditional(statistics=STATISTICS), FACTORED), "FactoredBids of 4 numbers"),
        (market(UniformConditional(), two_groups(6)), "6 traders"),
        (market(UniformConditional(), GROUPS, trader=1), "deviator 1"),
    ],
    ids=["language", "numbers in a bid", "traders", "deviator"],
)
def test_a_control_that_poses_another_problem_is_refused(control, difference):
    tested = market(SigmaDCDA(0.3), GROUPS)
    with pytest.raises(InvalidInputError, match=f"{difference}.*name another control"):
        deviation_core(tested, control=control)
    deviation_core(tested, control=market(UniformConditional(), GROUPS))
