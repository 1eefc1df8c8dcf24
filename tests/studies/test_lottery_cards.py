"""Report cards of lotteries answer twice: on average over the lots, and for each draw."""

import json

import pytest
from helpers.lotteries import OneOfTwoRules, RandomDiscount, RareRebate

from deviator import audit
from deviator.economies import private_values
from deviator.studies.card.card_files import write_card

ECONOMY = private_values(3)


@pytest.fixture(scope="module")
def cards():
    rules = {"neither": OneOfTwoRules(), "expected": RandomDiscount(), "rare": RareRebate()}
    return {
        name: audit(rule, ECONOMY, trader=0, held_out=100, seed=0) for name, rule in rules.items()
    }


def test_the_two_answers_differ_where_they_should(cards):
    answers = {name: (card.state, card.each_draw["state"]) for name, card in cards.items()}
    assert answers == {
        "neither": ("refuted", "refuted"),
        "expected": ("undetermined", "refuted"),
        "rare": ("undetermined", "refuted"),
    }


def test_luck_of_the_search_is_told(cards):
    assert "a mean gain of" in cards["rare"].reason
    assert "no witness held up" in cards["rare"].reason
    assert "on average over 32,768 fresh draws" in cards["neither"].reason


def test_both_answers_stand_in_text_page_and_files(cards, tmp_path):
    card = cards["expected"]
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


def test_other_constraints_are_asked_of_each_draw(cards):
    answer = cards["expected"].constraints["individual_rationality"]
    assert answer.state == "refuted"
    assert answer.reason.startswith("in the draw of lots ")
    assert len(answer.witness["lots"]) == 1
    assert cards["expected"].constraints["efficiency"].reason.startswith("in each of 4 draws")


def test_rules_without_lots_have_one_answer():
    card = audit("uniform-double-auction", ECONOMY, trader=0, held_out=100)
    assert card.each_draw is None
    assert "each draw" not in str(card)
    assert card.to_dict()["each_draw"] is None
