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


def evidence(gain=0.0, **changes):
    best = BestDeviation(gain, 0.0, "exact")
    return replace(Evidence(1.0, 1e-9, True, 0.2, best), **changes)


def test_power_is_the_share_that_learners_captured_of_the_control_s_best_gain():
    control = evidence(0.4, learned=learned_gains(0.2, 0.3))
    assert judge(evidence(control=control)).power == pytest.approx(0.625)
    assert control.share == captured_share(0.25, 0.4, 1e-9)


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
        ({"best": BestDeviation(0.5, 0.0, "exact"), "witness": WITNESS}, "refuted"),
        ({"best": BestDeviation(0.5, 0.0, "exact")}, "undetermined"),
        (
            {"best": BestDeviation(0.5, 0.0, "exact"), "witness": WITNESS, "certificate": PROVED},
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
