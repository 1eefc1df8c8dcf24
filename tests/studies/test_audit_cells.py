"""Cells that ask which constraints hold: rows of report cards and of measured outcomes."""

import json

import pytest

from deviator.economies import heterogeneous, two_groups
from deviator.plain_yaml import read_yaml
from deviator.studies import StudySpec, audit, confirm
from deviator.studies.outcomes import measured_outcomes

STUDY = """
name: audits
seeds: [0]
steps: 512
held_out: 200
economies:
  groups: {family: two-groups, n_traders: 4}
  mixed: {family: heterogeneous, n_traders: 4}
  private: {family: private-values, n_traders: 4}
cells:
  - {question: audit, mechanism: sigma-dcda, sigma: 0.5, economy: groups}
  - {question: audit, mechanism: uniform-conditional, economy: mixed}
  - {question: audit, mechanism: sigma-dcda, sigma: 0.0, economy: groups, constraint: budget_surplus}
  - {question: audit, mechanism: sigma-dcda, sigma: 0.5, economy: groups, constraint: efficiency}
  - {question: deviation, mechanism: naive-walrasian, economy: private, learner: none}
"""


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "audits"
    report = confirm(StudySpec.model_validate(read_yaml(STUDY).values), out=folder, workers=1)
    assert report.failures == {}
    assert json.loads((folder / "report.json").read_text())["rows"] == report.rows
    return report.rows


def test_every_row_has_the_same_keys(rows):
    *audits, deviation = rows
    assert all(row.keys() == deviation.keys() for row in audits)
    assert [row["question"] for row in rows] == ["audit"] * 4 + ["deviation"]
    assert deviation["constraints"] is deviation["outcomes"] is None
    assert all(row["seeds"] == [] and row["learned_gain"] is None for row in rows)


@pytest.mark.parametrize("place", [0, 1])
def test_an_audit_in_a_study_is_an_audit(rows, place):
    row, cases = rows[place], [("sigma-dcda", two_groups(4), {"sigma": 0.5})]
    cases.append(("uniform-conditional", heterogeneous(4), {}))
    mechanism, economy, settings = cases[place]
    card = audit(mechanism, economy, held_out=200, **settings)
    assert (row["state"], row["scope"], row["reason"]) == (card.state, card.scope, card.reason)
    assert (row["lower"], row["worst"], row["cap"]) == (card.lower, card.worst, card.upper)
    assert (row["trader"], row["epsilon"]) == (card.trader, card.epsilon)
    for name, answer in card.constraints.items():
        told = row["constraints"][name]
        assert (told["state"], told["share"], told["cap"]) == (
            answer.state,
            answer.worst_share,
            answer.cap,
        )
    measured = measured_outcomes(card.market, 200)
    assert {name: each["value"] for name, each in row["outcomes"].items()} == {
        name: each.value for name, each in measured.items()
    }
    assert row["honest_utility"] == measured["utility"].value


@pytest.mark.parametrize(("place", "constraint"), [(2, "budget_surplus"), (3, "efficiency")])
def test_a_row_is_about_the_constraint_that_its_cell_names(rows, place, constraint):
    row = rows[place]
    told = row["constraints"][constraint]
    assert (
        (row["state"], row["reason"])
        == (told["state"], told["reason"])
        == ("refuted", told["reason"])
    )
    assert row["worst"] == row["lower"] == told["worst"] > 0
    assert row["witness"]["constraint"] == constraint
    assert row["constraints"]["incentive_compatibility"]["state"] == "confirmed"
