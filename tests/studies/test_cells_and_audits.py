"""A study runs what an audit runs, with the same verdict, and refuses controls that do not match."""

import json

import pytest

from deviator.economies import private_values, saturating, unit_demands
from deviator.errors import InvalidInputError
from deviator.plain_yaml import read_yaml
from deviator.studies import StudySpec, audit, confirm

STUDY = """
name: cells
seeds: [0]
steps: 512
held_out: 200
learner: {name: ppo, settings: {markets: 128, batch_size: 128, points: 2}}
economies:
  smooth: {family: saturating, n_traders: 3, beta: 0.3}
  private: {family: private-values, n_traders: 4}
  units: {family: unit-demands, n_buyers: 2, n_sellers: 2}
  statistics:
    {family: factored, own: [1, 1, 1, 1], loadings: [[0.1], [0.1], [0.1], [0.1]],
     statistics: [[1, 1, 0, 0]], slope: [1, 1, 1, 1], intercept: [0, 0, 0, 0]}
"""


def study(*cells):
    return StudySpec.model_validate(read_yaml(STUDY).values | {"cells": list(cells)})


AUDITED = {
    ("sigma-dcda", "smooth"): (saturating(3, beta=0.3), {"sigma": 0.5}),
    ("uniform-conditional", "smooth"): (saturating(3, beta=0.3), {}),
    ("modified-vickrey-double-auction", "units"): (unit_demands(2, 2), {}),
    ("pay-as-bid", "private"): (private_values(4), {"floor": 0.5}),
    ("uniform-double-auction", "private"): (private_values(4), {}),
}


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    cells = [
        {"mechanism": mechanism, "economy": economy, "parameters": settings}
        for (mechanism, economy), (_, settings) in AUDITED.items()
    ]
    folder = tmp_path_factory.mktemp("runs") / "cells"
    report = confirm(study(*cells), out=folder, workers=1)
    assert report.failures == {}
    assert json.loads((folder / "report.json").read_text())["rows"] == report.rows
    return {row["mechanism"] + " " + row["economy"]: row for row in report.rows}


@pytest.mark.parametrize("cell", AUDITED, ids=" ".join)
def test_a_study_and_an_audit_reach_the_same_verdict(rows, cell):
    economy, settings = AUDITED[cell]
    row = rows[f"{cell[0]} {economy.name.replace('-', ' ')}"]
    verdict = audit(cell[0], economy, held_out=200, trader=0, **settings)
    assert (row["state"], row["cap"], row["epsilon"]) == (
        verdict.state,
        verdict.upper,
        verdict.epsilon,
    )
    assert (row["scope"], row["stakes"] > 0) == (verdict.scope, True)
    assert verdict.lower in (0.0, row["best_gain"])
    assert row["lower"] >= verdict.lower


def test_nothing_is_learned_where_bids_are_surfaces(rows):
    row = rows["sigma-dcda saturating"]
    assert row["state"] == "confirmed"
    assert (row["learned_gain"], row["share"], row["power"], row["seeds"]) == (None, None, None, [])
    assert row["control"]["mechanism"] == "uniform-conditional"
    assert row["honest_utility"] > 0


def test_the_power_is_unknown_where_the_language_has_no_control(rows):
    row = rows["modified-vickrey-double-auction unit demands"]
    assert row["power"] is None
    assert row["control"] == dict.fromkeys(row["control"])
    assert row["learned_gain"] is not None


@pytest.mark.parametrize(("beliefs", "pays"), [("fundamental-value", False), ("two-groups", True)])
def test_an_equilibrium_is_its_own_control_where_deviating_from_it_pays(beliefs, pays):
    stated = {"beliefs": beliefs, "n_traders": 4, "rho": 0.4, "noise": 0.5, "slope": 1.0}
    cell = {"mechanism": "uniform-double-auction", "strategy": "linear-bayes", "economy": "beliefs"}
    data = read_yaml(STUDY).values | {"cells": [cell], "economies": {"beliefs": stated}}
    (only,) = StudySpec.model_validate(data).expand()
    assert only.is_control is pays
    assert (only.control is None) is not pays


FACTORED = {
    "mechanism": "sigma-dcda",
    "sigma": 0.3,
    "economy": "statistics",
    "parameters": {"statistics": "economy"},
}
CONDITIONAL = {"mechanism": "uniform-conditional", "economy": "statistics"}


def test_a_control_whose_bids_have_other_numbers_is_refused():
    with pytest.raises(InvalidInputError, match="FactoredBids of 4 numbers") as caught:
        study(FACTORED | {"control": CONDITIONAL}, CONDITIONAL).expand()
    assert "LinearBids of 6 numbers" in str(caught.value)
    added = study(FACTORED, CONDITIONAL).expand()[-1]
    assert added.market.parameters == {"statistics": "economy"}


def test_a_linear_control_of_a_smooth_market_is_refused():
    smooth = {"mechanism": "sigma-dcda", "sigma": 0.3, "economy": "smooth"}
    linear = {"mechanism": "uniform-conditional", "economy": "private"}
    with pytest.raises(InvalidInputError, match=r"LinearBids .* with SurfaceBids of 5"):
        study(smooth | {"control": linear}, linear).expand()


def test_the_matching_entry_is_the_control():
    matched = CONDITIONAL | {"parameters": {"statistics": "economy"}}
    first, *_ = study(FACTORED, CONDITIONAL, matched).expand()
    assert first.control.parameters == {"statistics": "economy"}


@pytest.mark.parametrize("change", [{"information": "own"}, {"steps": 300}, {"trader": 1}])
def test_a_control_of_another_rung_budget_or_trader_does_not_count(change):
    tested = {"mechanism": "sigma-vcg", "economy": "private"}
    control = {"mechanism": "naive-walrasian", "economy": "private"}
    assert len(study(tested, control).expand()) == 2
    first, other, added = study(tested, control | change).expand()
    assert not other.controls(first)
    assert added.controls(first)
    assert added.is_control


def test_each_learner_of_a_study_has_a_row_and_a_power_of_its_own(tmp_path):
    small = {"name": "ppo", "settings": {"markets": 128, "batch_size": 128, "points": 2}}
    cells = [
        {"mechanism": "sigma-vcg", "economy": "private", "sigma": 0.3},
        {"mechanism": "naive-walrasian", "economy": "private"},
    ]
    stated = study(*cells).model_dump() | {"learner": [small, "evolution"], "steps": 2000}
    report = confirm(StudySpec.model_validate(stated), out=tmp_path / "run", workers=1)
    rows = {(row["mechanism"], row["learner"]): row for row in report.rows}
    assert len(rows) == len(report.rows) == 4
    for learner in ("ppo", "evolution"):
        null, control = rows["sigma-vcg", learner], rows["naive-walrasian", learner]
        assert null["power"] == control["share"]
        assert null["control"]["key"] == control["key"]
        assert null["stopped"] == []
    assert rows["sigma-vcg", "ppo"]["power"] != rows["sigma-vcg", "evolution"]["power"]
    assert rows["sigma-vcg", "ppo"]["learner_settings"] == small["settings"]
    assert rows["sigma-vcg", "evolution"]["learner_settings"] == {}
    logs = list((tmp_path / "run").glob("cells/*/tensorboard/seed0/events.*"))
    assert len(logs) >= 4
