"""What a study found in sentences, controls as controls, and what small budgets leave open."""

from itertools import count

import pytest
from helpers.report_content import row

from deviator.studies.report.summary import budget_warnings, summary_sentences
from deviator.studies.report.verdict_words import row_verdict, verdict_kind

NUMBERS = count(4)


def null(**changes):
    """A market of its own where honesty is optimal, with its control."""
    stated = {"mechanism": "sigma-dcda", "state": "confirmed", "share": None, "power": 0.999}
    stated["n_traders"] = next(NUMBERS)
    return row(**{**stated, "control": {"key": "27871f2c415c"}, **changes})


def test_a_sentence_says_what_holds_and_how_much_the_learners_found_where_deviating_pays():
    found = summary_sentences([null(), null(power=0.956), null()])
    assert found == [
        "In all 3 sigma-DCDA markets no deviation pays; in the matched markets where one does, "
        "the learners found 95.6% to 99.9% of it."
    ]


def test_each_mechanism_strategy_and_question_has_a_sentence_of_its_own():
    rows = [null(), row(), null(strategy="linear-bayes"), null(question="audit")]
    found = summary_sentences(rows)
    assert len(found) == 4
    assert found[1] == (
        "In the uniform-conditional control a deviation pays, as it is meant to; the learners "
        "found 90.0% of what there is to gain."
    )
    assert "market with strategy linear-bayes" in found[2]
    assert found[3] == "In the audited sigma-DCDA market no deviation pays."


def test_markets_that_differ_are_counted():
    violated = null(state="refuted", share=0.8, scope="in expectation")
    (found,) = summary_sentences([null(), violated, null(state="undetermined", power=None)])
    assert found == (
        "Of 3 sigma-DCDA markets: no deviation pays in 1, a deviation pays on average in 1, the "
        "answer is open in 1; in the matched markets where one does, the learners found 99.9% of "
        "it; for 1 of these rows no learner was tried there; the learners found 80.0% of what there is to "
        "gain."
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"power": None}, "no learner was tried in a matched market"),
        ({"power": -0.4}, "the learners found none of it"),
        ({"question": "everyone", "state": "undetermined"}, "all traders learned together"),
        ({"question": "coalition", "members": 2}, "no deviation by a coalition of 2 pays"),
        ({"question": "audit", "constraint": "budget_surplus"}, "market budget surplus holds"),
        ({"state": "vacuous"}, "nobody trades"),
    ],
)
def test_what_is_unusual_is_said(changes, said):
    (found,) = summary_sentences([null(**changes)])
    assert said in found


def test_a_control_is_marked_and_is_no_failure():
    assert row_verdict(row()) == "control: profitable deviation found"
    assert verdict_kind(row()) == "control"
    tested = null(state="refuted")
    assert row_verdict(tested) == "profitable deviation found"
    assert verdict_kind(tested) == "refuted"
    assert verdict_kind(row(question="audit")) == "refuted"


def test_a_control_in_which_deviating_does_not_pay_is_not_as_it_is_meant_to_be():
    assert verdict_kind(row(state="undetermined")) == "undetermined"


def test_small_budgets_and_weak_controls_are_warned_of():
    assert budget_warnings([null(), row()], quick=False) == []
    (quick,) = budget_warnings([null(), row()], quick=True)
    assert "Quick budgets prove little" in quick
    (weak,) = budget_warnings([null(power=0.2), row(share=-0.1), null()], quick=False)
    assert "In 2 of the 3 rows" in weak
    assert "less than 50%" in weak
    assert "(-10.0% to 20.0%)" in weak


def test_rows_of_one_market_are_not_counted_as_markets():
    (found,) = summary_sentences([null(n_traders=4, learner=name) for name in ("ppo", "cma-es")])
    assert found.startswith("In both rows of one sigma-DCDA market no deviation pays;")
    (found,) = summary_sentences([null(n_traders=4, steps=steps) for steps in (1, 2, 3)])
    assert found.startswith("In all 3 rows of one sigma-DCDA market no deviation pays;")
    (found,) = summary_sentences([null(n_traders=4, information=name) for name in ("own", "all")])
    assert found.startswith("In both sigma-DCDA markets no deviation pays;")


def test_a_few_good_controls_do_not_speak_for_rows_that_have_none():
    (found,) = summary_sentences([null(), null(power=None), null(power=None)])
    assert "found 99.9% of it; for 2 of these rows no learner was tried there" in found


def test_a_lottery_in_which_knowing_the_lots_pays_does_not_pass_for_one_where_nothing_does():
    (found,) = summary_sentences([null(each_draw={"state": "refuted"})])
    assert "no deviation pays before the lots are drawn and one does once they are known" in found


def test_an_open_question_about_a_coalition_says_whose_it_is():
    (found,) = summary_sentences([null(question="coalition", members=2, state="undetermined")])
    assert "whether a deviation by a coalition of 2 pays is open" in found


def test_a_state_of_another_version_is_told_as_it_is():
    (found,) = summary_sentences([null(state="strange")])
    assert "the verdict is strange" in found


def test_cells_that_failed_are_told_of_beside_the_sentences():
    assert budget_warnings([null()], quick=False, failed=1) == [
        "1 cell could not be run and has no verdict."
    ]
    assert budget_warnings([], quick=False, failed=2) == [
        "2 cells could not be run and have no verdict."
    ]
