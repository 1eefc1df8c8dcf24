"""Verdicts in plain words, and how results show themselves."""

import pytest

from deviator.errors import InvalidInputError
from deviator.evidence import (
    BestDeviation,
    Certificate,
    EachDraw,
    Evidence,
    judge,
    verdict_in_words,
)
from deviator.evidence.constraints import ConstraintVerdict

BEST = BestDeviation(0.5, 0.0, "exact", epsilon=1e-9, witness={"gain": 0.5})
PROVED = Certificate("exact linear-quadratic", (), cap=0.0, every_profile=True)
LONG = {"types": [0.1] * 1000}


def evidence(**changes):
    return Evidence(1.0, True, 0.2, **{"best": BestDeviation(0.0, 0.0, "exact", 1e-9), **changes})


@pytest.mark.parametrize(
    ("state", "scope", "words"),
    [
        ("confirmed", "every profile", "no profitable deviation (certified, every profile)"),
        ("confirmed", "in expectation", "no profitable deviation (certified, in expectation)"),
        ("refuted", "every profile", "profitable deviation found"),
        ("refuted", "in expectation", "profitable deviation found (in expectation)"),
        ("undetermined", "sampled", "open"),
        ("vacuous", "sampled", "no trade"),
    ],
)
def test_a_verdict_on_deviating_is_told_in_plain_words(state, scope, words):
    assert verdict_in_words(state, scope) == words


def test_another_constraint_holds_or_is_violated():
    assert verdict_in_words("refuted", "every profile", deviation=False) == "violated"
    told = verdict_in_words("confirmed", "every profile", deviation=False)
    assert told == "holds (certified, every profile)"


def test_a_state_that_there_is_not_is_an_error():
    with pytest.raises(InvalidInputError, match=r"state must be one of confirmed, .*got 'proved'"):
        verdict_in_words("proved", "sampled")


def test_a_verdict_prints_short_and_in_words_whatever_it_holds():
    verdict = judge(evidence(certificate=PROVED))
    assert repr(verdict) == "<Verdict: no profitable deviation (certified, every profile)>"
    assert str(verdict).splitlines()[0] == "no profitable deviation (certified, every profile)"
    found = judge(evidence(best=BEST, witness=LONG))
    assert str(found).startswith("profitable deviation found\n")
    assert len(str(found)) < 400
    assert found.witness == LONG


def test_an_answer_on_a_constraint_prints_short_and_in_words():
    answer = ConstraintVerdict(
        "budget_surplus", "refuted", "every profile", 1.6, 0.2, None, "there is a deficit", LONG
    )
    assert str(answer) == "budget surplus: violated\n  there is a deficit"
    assert repr(answer) == "<ConstraintVerdict budget surplus: violated>"


def test_certificates_and_evidence_print_on_one_line():
    assert str(PROVED) == "exact linear-quadratic: cap 0, every profile; 0 of 0 conditions hold"
    told = repr(evidence(witness=LONG, certificate=PROVED))
    assert told.startswith("<Evidence: exact best gain 0, 0 learned deviations, exact linear")
    assert len(told) < 200


def test_what_pays_in_one_draw_is_told_in_words():
    found = EachDraw("refuted", 0.2, 1, 100, "trader 1 gains 0.2 in one draw", LONG)
    assert str(found) == (
        "in each draw: profitable deviation found\n  trader 1 gains 0.2 in one draw"
    )
    assert repr(found) == "<EachDraw: profitable deviation found>"
