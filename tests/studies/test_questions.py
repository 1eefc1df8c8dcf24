"""What cells find that ask about coalitions, false names and everybody's learning."""

import json

import pytest

from deviator.economies import private_values, sigma_n
from deviator.errors import InvalidInputError
from deviator.studies.report.measures import relative_gain
from deviator.studies.report.row import report_rows
from deviator.studies.run.cell_result import run_cell
from deviator.studies.run.questions import QUESTIONS
from deviator.studies.spec.cell import Cell
from deviator.studies.tables.tidy import study_tables

PRIVATE = {"family": "private-values", "n_traders": 5, "slope": 1.0}


def cell(question, mechanism="sigma-vcg", economy=PRIVATE, sigma=0.0, **fields):
    market = {"mechanism": mechanism, "economy": economy}
    if sigma is not None:
        market["sigma"] = sigma
    stated = {"learner": "none", "steps": 200, "seeds": (0,), "held_out": 200, "control": None}
    trader = {"trader": fields.pop("trader", 0)}
    return Cell.model_validate({"market": market | trader, "question": question} | stated | fields)


def answer(asked, folder):
    found = QUESTIONS[asked.question](asked, folder)
    return json.loads(json.dumps(found, allow_nan=False))


@pytest.mark.parametrize("members", [2, 3])
def test_a_coalition_of_a_direct_mechanism_gains_what_the_closed_form_says(members, tmp_path):
    """A pair gains (mu + sigma) (q_1^2 + q_2^2) / (2 (N - 1) (N - 2)), on average 1 / (N (N - 2))."""
    beyond = answer(cell("coalition", members=members), tmp_path)["beyond"]
    assert (beyond["reach"], beyond["people"]) == ("exact", list(range(members)))
    assert beyond["pays"]
    if members == 2:
        assert beyond["gain"] == pytest.approx(1 / 15, rel=1e-6)


def test_members_stand_from_the_trader_on_round_the_table(tmp_path):
    beyond = answer(cell("coalition", members=3, trader=4), tmp_path)["beyond"]
    assert beyond["people"] == [0, 1, 4]


def test_false_names_gain_without_bound_below_sigma_n_and_nothing_at_it(tmp_path):
    economy = private_values(5)
    for sigma, reach in ((0.0, "unbounded"), (sigma_n(economy), "exact")):
        beyond = answer(cell("coalition", sigma=sigma, identities=2), tmp_path)["beyond"]
        assert (beyond["kind"], beyond["identities"]) == ("identities", 2)
        assert (beyond["reach"], beyond["pays"]) == (reach, reach == "unbounded")


def test_more_members_than_traders_are_refused(tmp_path):
    with pytest.raises(InvalidInputError, match="members must be at most the 5 traders, got 6"):
        answer(cell("coalition", members=6), tmp_path)


def test_what_a_coalition_learns_stands_in_the_tables(tmp_path):
    asked = cell("coalition", members=2)
    result = run_cell(asked, tmp_path)
    # As two trainings state it, which take seconds.
    stated = {"learner": "gradient", "gain": 0.1, "share": None}
    result["beyond"]["learned"] = [stated | {"seed": 0}, stated | {"seed": 3}]
    tables = study_tables(report_rows([asked], [result]), {})
    assert tables["seeds"]["seed"].to_pylist() == [0, 3]
    assert tables["rows"]["n_seeds"].to_pylist() == [2]
    assert tables["curves"].num_rows == 0
    (joint,) = tables["coalitions"].to_pylist()
    assert (joint["reach"], joint["pays"]) == ("exact", True)
    assert joint["gain"] == result["beyond"]["gain"]
    assert tables["equilibria"].num_rows == 0


def test_a_violation_of_another_constraint_is_no_gain_from_deviating(tmp_path):
    asked = [cell("audit", constraint=name) for name in (None, "budget_surplus")]
    gain, deficit = report_rows(asked, [run_cell(each, tmp_path) for each in asked])
    assert deficit["lower"] > 0.1
    assert (relative_gain(gain), relative_gain(deficit)) == (0.0, None)


def test_everybody_ends_at_the_equilibrium_that_is_known(tmp_path):
    asked = cell("everyone", "uniform-double-auction", sigma=None, learner="gradient", seeds=(0, 1))
    found = answer(asked, tmp_path)["equilibrium"]
    assert (found["state"], found["starts"]) == ("equilibrium", 2)
    assert found["epsilon"] < 1e-6
    assert found["from_strategy"] > 0.1
    assert found["surplus"] == pytest.approx(1 - 1 / 16, abs=1e-3)
    assert found["budget"] == pytest.approx(0.0, abs=1e-12)
    assert (tmp_path / "strategy.safetensors").exists()


def test_everybody_is_honest_in_the_direct_mechanism_and_its_deficit_is_told(tmp_path):
    asked = cell("everyone", "sigma-vcg", learner="gradient")
    found = answer(asked, tmp_path)["equilibrium"]
    assert found["from_strategy"] < 0.01
    assert found["surplus"] == pytest.approx(1.0, abs=1e-3)
    assert found["worst_budget"] < found["budget"] < -0.1


def test_settings_that_everybodys_learning_lacks_are_refused(tmp_path):
    asked = cell("everyone", learner={"name": "gradient", "settings": {"learning_rate": 0.1}})
    with pytest.raises(InvalidInputError, match="setting hidden only, got learning_rate"):
        answer(asked, tmp_path)
