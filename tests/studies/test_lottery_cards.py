"""Report cards of lotteries answer twice: on average over the lots, and for each draw."""

import json
from functools import cache

import pytest
from helpers.lotteries import OneOfTwoRules, RandomDiscount, RareRebate, TruthfulWhereSearched

from deviator import audit
from deviator.economies import private_values
from deviator.studies.card.card_files import write_card

ECONOMY = private_values(3)


@cache
def card_of(kind):
    return audit(kind(), ECONOMY, trader=0, held_out=100)


@pytest.mark.parametrize(
    ("kind", "on_average", "reason"),
    [
        (OneOfTwoRules, "refuted", "on average over 32,768 fresh draws, standard error"),
        (RandomDiscount, "undetermined", "no certificate: certificates are of rules without lots"),
        (RareRebate, "undetermined", "was measured, and no witness held up"),
    ],
)
def test_the_answer_on_average_is_not_that_in_each_draw(kind, on_average, reason):
    card = card_of(kind)
    assert card.state == on_average
    assert reason in card.reason
    assert card.each_draw["state"] == "refuted"


def test_a_rule_that_recognizes_the_lots_of_the_search_is_found_out():
    card = card_of(TruthfulWhereSearched)
    assert card.state == "refuted"
    assert "on average over 32,768 fresh draws" in card.reason
    assert card.each_draw["state"] == "refuted"


def test_both_answers_stand_in_text_page_and_files(tmp_path):
    card = card_of(RandomDiscount)
    text = str(card)
    assert "incentive compatibility open" in text
    assert "the same in each draw   profitable deviation found" in text
    assert len(text.splitlines()) <= 30
    files = {path.name: path for path in write_card(card, tmp_path)}
    assert "the same in each draw" in files["report.html"].read_text()
    told = json.loads(files["report.json"].read_text())["each_draw"]
    assert told["state"] == "refuted"
    witness = json.loads(files["witness-each_draw.json"].read_text())
    assert len(witness["lots"]) == 1
    assert witness["gain"] == told["worst"] > 0
    assert witness["strategy"] == "honest"
    assert "witness-incentive_compatibility.json" not in files


def test_other_constraints_are_asked_of_each_draw():
    constraints = card_of(RandomDiscount).constraints
    answer = constraints["individual_rationality"]
    assert answer.state == "refuted"
    assert answer.reason.startswith("in the draw of lots ")
    assert len(answer.witness["lots"]) == 1
    assert constraints["efficiency"].reason.startswith("in each of 4 draws")


def test_rules_without_lots_have_one_answer():
    card = audit("uniform-double-auction", ECONOMY, trader=0, held_out=100)
    assert card.each_draw is None
    assert "each draw" not in str(card)
    assert card.to_dict()["each_draw"] is None
