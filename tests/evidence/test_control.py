"""Matched controls: one for each bid language, and the same problem for the deviator."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from deviator.economies import (
    Factored,
    fundamental_value_information,
    private_values,
    saturating,
    two_groups,
    unit_demands,
)
from deviator.envs import deviation_core
from deviator.errors import InvalidInputError
from deviator.evidence import (
    Seat,
    best_deviation,
    held_out_profiles,
    market,
    seat_of,
    standing_control,
)
from deviator.mechanisms import (
    ConditionalLanguage,
    KDoubleAuction,
    ModifiedVickreyDoubleAuction,
    NaiveWalrasian,
    PayAsBid,
    SigmaDCDA,
    SigmaVCG,
    UniformConditional,
    UniformDoubleAuction,
)
from deviator.policies import LinearBayes

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
    assert seat_of(control).matches(seat_of(tested))
    assert best_deviation(control, held_out_profiles(control, 500), "profile").gain > 0


def test_schedules_of_interdependent_values_have_price_takers_with_private_values_as_control():
    beliefs = fundamental_value_information(6, rho=0.4, noise=0.5)
    economy = beliefs.economy(1.0)
    tested = market(
        UniformDoubleAuction(),
        economy,
        distribution=beliefs.types(),
        strategy=LinearBayes(beliefs, 1.0),
    )
    control = standing_control(tested)
    assert control.economy.has_private_values
    assert control.economy.own_type_effects == pytest.approx(economy.own_type_effects)
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
        (market(UniformConditional(), saturating(4)), "SurfaceBids of 6 numbers"),
    ],
    ids=["language", "numbers in a bid", "traders", "deviator", "surfaces"],
)
def test_a_control_that_poses_another_problem_is_refused(control, difference):
    tested = market(SigmaDCDA(0.3), GROUPS)
    with pytest.raises(InvalidInputError, match=f"{difference}.*name another control"):
        deviation_core(tested, control=control)
    deviation_core(tested, control=market(UniformConditional(), GROUPS))


@pytest.mark.parametrize(
    ("weights", "same"),
    [([1, 1, 0, 0], True), ([0, 0, 1, 1], True), ([2, 2, 1, 1], True), ([1, 0, 1, 0], False)],
)
def test_statistics_match_where_they_say_the_same_of_quantities_that_sum_to_0(weights, same):
    tested = seat_of(market(SigmaDCDA(0.3, statistics=STATISTICS), FACTORED))
    other = Seat(UniformConditional(statistics=[np.array(weights, float)]), 4, 0)
    assert tested.matches(other) is same


class LinearBids:
    """A record of somebody else's, of a name that is taken."""


def test_a_record_of_the_same_name_is_another_language():
    @dataclass(frozen=True)
    class Other(ConditionalLanguage):
        record = LinearBids

    seat = seat_of(market(SigmaDCDA(0.3), GROUPS))
    assert not Seat(SimpleNamespace(language=Other()), 4, 0).matches(seat)
