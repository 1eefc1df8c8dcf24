"""The verdict as a pure function of evidence: power, resolution, contradictions, no trade."""

from dataclasses import replace

import pytest

from deviator.evidence import BestDeviation, Certificate, Evidence, LearnedGain, judge
from deviator.evidence.power import captured_share

PROVED = Certificate("exact linear-quadratic", (), cap=0.0, every_profile=True)
WITNESS = {"gain": 0.5}


def learned_gains(*gains):
    return tuple(
        LearnedGain("ppo", seed, gain, gain, -0.1, gain, ()) for seed, gain in enumerate(gains)
    )


def best(gain, error=0.0):
    return BestDeviation(gain, error, "exact", epsilon=1e-9)


def evidence(gain=0.0, **changes):
    return replace(Evidence(1.0, True, 0.2, best(gain)), **changes)


def test_power_is_the_share_that_learners_captured_of_the_control_s_best_gain():
    control = evidence(0.4, learned=learned_gains(0.2, 0.3))
    assert judge(evidence(control=control)).power == pytest.approx(0.625)
    assert control.share == best(0.4).share(0.25) == captured_share(0.25, 0.4, 1e-9)


@pytest.mark.parametrize(
    "control", [None, evidence(0.4), evidence(0.0, learned=learned_gains(0.1))]
)
def test_power_is_none_without_a_control_learning_in_it_or_a_gain(control):
    assert judge(evidence(control=control)).power is None


def test_resolution_is_the_smallest_planted_gain_of_which_more_than_half_was_learned():
    planted = tuple(
        evidence(gain, learned=learned_gains(share * gain))
        for gain, share in ((0.4, 0.9), (0.2, 0.6), (0.1, 0.5))
    )
    assert judge(evidence(planted=planted)).resolution == 0.2
    assert judge(evidence(planted=planted[2:])).resolution is None


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"certificate": PROVED}, "confirmed"),
        ({"certificate": PROVED, "trades": False}, "vacuous"),
        ({"best": best(0.5), "witness": WITNESS}, "refuted"),
        ({"best": best(0.5)}, "undetermined"),
        (
            {"best": best(0.5), "witness": WITNESS, "certificate": PROVED},
            "undetermined",
        ),
        ({"learned": learned_gains(0.5), "certificate": PROVED}, "undetermined"),
        ({}, "undetermined"),
    ],
)
def test_the_state_follows_from_the_evidence(changes, state):
    verdict = judge(evidence(**changes))
    assert verdict.state == state
    assert verdict == judge(evidence(**changes))


def test_lower_is_the_best_of_what_anybody_gained_and_never_negative():
    assert judge(evidence(-0.1, learned=learned_gains(-0.3, -0.2))).lower == 0.0
    assert judge(evidence(0.1, learned=learned_gains(0.3, -0.2))).lower == 0.3


def test_of_several_learners_the_best_one_counts():
    strong = tuple(replace(one, learner="strong") for one in learned_gains(0.3, 0.4))
    both = evidence(0.5, learned=(*learned_gains(0.1, -0.9), *strong))
    assert both.learned_gain == pytest.approx(0.35)
    assert both.share == pytest.approx(0.7)


@pytest.mark.parametrize(("gain", "share"), [(2e-9, 0.5), (0.5e-9, None), (0.0, None)])
def test_there_is_no_share_of_a_gain_up_to_epsilon(gain, share):
    assert best(gain).share(gain / 2) == share


@pytest.mark.parametrize(("lower", "state"), [(0.31, "refuted"), (0.33, "undetermined")])
def test_a_sampled_gain_contradicts_a_cap_beyond_its_sampling_error_only(lower, state):
    certificate = replace(PROVED, cap=0.3, every_profile=False)
    sampled = evidence(best=best(lower, error=0.02), witness=WITNESS, certificate=certificate)
    assert judge(sampled).state == state


def test_a_lower_bound_above_its_cap_by_rounding_alone_is_the_cap():
    certificate = replace(PROVED, cap=0.3, every_profile=False)
    rounded, above = (
        evidence(best=best(0.3 + off), certificate=certificate) for off in (5e-13, 1e-9)
    )
    assert judge(rounded).lower == 0.3
    assert judge(above).lower > 0.3
