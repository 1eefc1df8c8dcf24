"""The verdict as a pure function of evidence: power, resolution, contradictions, no trade."""

from dataclasses import replace

import pytest

from deviator.evidence import (
    BestDeviation,
    Certificate,
    Condition,
    Evidence,
    LargestGain,
    LearnedGain,
    judge,
)
from deviator.evidence.power import captured_share

PROVED = Certificate("exact linear-quadratic", (), cap=0.0, every_profile=True)
WITNESS = {"gain": 0.5}


def learned_gains(*gains, beyond=0.0, training=None):
    return tuple(
        LearnedGain("ppo", seed, gain, gain, -0.1, training, (), beyond)
        for seed, gain in enumerate(gains)
    )


def best(gain, error=0.0):
    return BestDeviation(gain, error, "exact", epsilon=1e-9)


def evidence(gain=0.0, **changes):
    return replace(Evidence(1.0, True, 0.2, best(gain), tolerated=1e-9), **changes)


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


EXPECTED = replace(PROVED, cap=0.3, every_profile=False)
TINY = replace(PROVED, cap=1e-12, every_profile=False)


@pytest.mark.parametrize(
    ("changes", "state", "scope"),
    [
        ({"certificate": PROVED}, "confirmed", "every profile"),
        ({"certificate": PROVED, "trades": False}, "vacuous", "sampled"),
        ({"best": best(0.5), "witness": WITNESS}, "refuted", "every profile"),
        ({"best": best(0.5), "witness": WITNESS, "trades": False}, "refuted", "every profile"),
        ({"best": best(0.1), "witness": WITNESS, "certificate": EXPECTED}, "refuted", None),
        ({"best": best(0.5)}, "undetermined", "sampled"),
        ({"best": best(0.5), "trades": False}, "undetermined", "sampled"),
        ({"best": best(0.1), "certificate": EXPECTED}, "undetermined", "sampled"),
        ({"certificate": EXPECTED}, "undetermined", "sampled"),
        ({"certificate": TINY}, "undetermined", "sampled"),
        ({"certificate": TINY, "information": "own"}, "confirmed", "in expectation"),
        ({}, "undetermined", "sampled"),
    ],
)
def test_the_state_follows_from_the_evidence(changes, state, scope):
    verdict = judge(evidence(**changes))
    assert verdict.state == state
    assert scope is None or verdict.scope == scope
    assert verdict.reason
    assert verdict == judge(evidence(**changes))


CONTROL_BEYOND = evidence(0.4, learned=learned_gains(0.5))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"best": best(0.5), "witness": WITNESS}, "contradicts the certified cap"),
        ({"learned": learned_gains(0.5)}, "contradicts the certified cap"),
        ({"learned": learned_gains(-0.5, beyond=1e-12)}, "contradicts the cap 0 at every profile"),
        ({"best": replace(best(0.0), beyond_rounding=0.9)}, "at one profile"),
        ({"learned": learned_gains(-0.5, training=0.9)}, "at one profile"),
        ({"worst": LargestGain(0.1, 0.1, (1.0,), 10)}, "at one profile"),
        ({"witness": WITNESS}, "at one profile"),
        ({"control": CONTROL_BEYOND}, "captured 125.0% of all there is to gain"),
    ],
)
def test_no_contradiction_stands(changes, reason):
    verdict = judge(evidence(certificate=PROVED, **changes))
    assert verdict.state == "undetermined"
    assert reason in verdict.reason


def test_a_learner_that_gains_more_than_the_best_deviation_is_an_alarm():
    above = evidence(0.4, learned=learned_gains(0.5), witness=WITNESS)
    assert judge(above).state == "undetermined"
    assert "above that of the best deviation" in judge(above).reason


@pytest.mark.parametrize(("known", "state"), [(True, "refuted"), (False, "undetermined")])
def test_a_sampled_mean_refutes_only_where_rare_losses_are_known(known, state):
    sampled = evidence(0.5, information="own", witness=WITNESS, rare_losses_known=known)
    assert judge(sampled).state == state


def test_an_own_type_gain_that_is_certified_needs_no_sampling():
    exact = {"certificate": replace(EXPECTED, cap=0.5), "rare_losses_known": False}
    verdict = judge(evidence(0.5, information="own", witness=WITNESS, **exact))
    assert (verdict.state, verdict.scope) == ("refuted", "in expectation")


def test_a_bound_on_an_own_type_gain_is_not_the_gain():
    bound = replace(EXPECTED, kind="finite menu", cap=0.5)
    sampled = evidence(0.01, information="own", witness=WITNESS, certificate=bound)
    assert "exactly" not in judge(sampled).reason
    assert judge(replace(sampled, rare_losses_known=False)).state == "undetermined"


def test_what_failed_is_told_where_there_is_no_certificate():
    failed = Certificate("exact", (Condition("concave", False, "bend -1"),), None, False)
    reasons = judge(evidence(certificate=failed, refusals=("payments are cubic",))).reason
    assert "payments are cubic" in reasons
    assert "concave fails: bend -1" in reasons


def test_lower_is_what_was_computed_again_and_never_negative():
    assert judge(evidence(-0.1, learned=learned_gains(-0.3, -0.2))).lower == 0.0
    assert judge(evidence(0.1, learned=learned_gains(0.1, -0.2))).lower == 0.0
    held = evidence(0.3, learned=learned_gains(0.1, -0.2), witness=WITNESS)
    assert judge(held).lower == 0.3


def test_of_several_learners_the_best_one_counts():
    strong = tuple(replace(one, learner="strong") for one in learned_gains(0.3, 0.4))
    both = evidence(0.5, learned=(*learned_gains(0.1, -0.9), *strong))
    assert both.learned_gain == pytest.approx(0.35)
    assert both.share == pytest.approx(0.7)


def test_a_rule_s_own_rounding_makes_no_cap_a_zero():
    """A rule that claims to compute coarsely has a large epsilon, and still its certified gain."""
    coarse = BestDeviation(0.0, 0.0, "exact", epsilon=50.0)
    assert (
        judge(evidence(best=coarse, certificate=EXPECTED, information="own")).state
        == "undetermined"
    )


def test_a_proof_that_speaks_of_sets_of_types_says_so():
    bounded = replace(PROVED, region="every profile of the type sets")
    assert "every profile of the type sets" in judge(evidence(certificate=bounded)).reason


@pytest.mark.parametrize(("gain", "share"), [(2e-9, 0.5), (0.5e-9, None), (0.0, None)])
def test_there_is_no_share_of_a_gain_up_to_epsilon(gain, share):
    assert best(gain).share(gain / 2) == share


@pytest.mark.parametrize(("lower", "state"), [(0.31, "refuted"), (0.33, "undetermined")])
def test_a_sampled_gain_contradicts_a_cap_beyond_its_sampling_error_only(lower, state):
    sampled = evidence(best=best(lower, error=0.02), witness=WITNESS, certificate=EXPECTED)
    assert judge(sampled).state == state


def test_a_lower_bound_above_its_cap_by_rounding_alone_is_the_cap():
    rounded, above = (
        evidence(best=best(0.3 + off), certificate=EXPECTED, witness=WITNESS, stakes=1.0)
        for off in (5e-13, 1e-10)
    )
    assert judge(rounded).lower == 0.3
    assert judge(above).lower > 0.3
