"""Reports: rows, their explanations, and economies by what differs."""

import json

import pytest
from helpers.tiny_study import tiny

from deviator.economies import sigma_n, two_groups
from deviator.studies.report.economy_labels import economy_labels
from deviator.studies.report.matched_controls import matched_controls
from deviator.studies.report.page import write_html
from deviator.studies.report.row import report_rows
from deviator.studies.report.table import COLUMNS, explanations, table_cells, verdict_table
from deviator.studies.run.store import RunStore
from deviator.studies.spec.cell import Cell


def test_report_of_a_small_study(finished):
    content = json.loads((finished.folder / "report.json").read_text())
    assert content["rows"] == finished.rows
    assert content["failures"] == {}
    states = [row["state"] for row in finished.rows]
    assert states == ["confirmed", "refuted", "refuted", "confirmed"]
    null, control, price_taking, equilibrium = finished.rows
    assert null["exact_gain"] == 0.0
    assert null["share"] is None
    assert null["cap"] == 0.0
    assert null["untrained_gain"] < null["learned_gain"] < 1e-12
    assert null["training_gain_max"] < 1e-12
    assert null["control"]["share"] == control["share"] == null["power"]
    assert control["control"] is None
    assert control["cap"] == pytest.approx(control["exact_gain"], rel=1e-9)
    assert control["witness"]["gain"] > 0
    assert equilibrium["control"]["key"] == price_taking["key"]
    assert null["sigma"] == pytest.approx(sigma_n(two_groups(4)))
    low, high = null["learned_gain_interval"]
    assert low < null["learned_gain"] < high
    expected = {
        "mechanism", "economy", "strategy", "trader", "n_traders", "sigma", "information",
        "learner", "honest_utility", "untrained_gain", "learned_gain", "learned_gain_interval",
        "learned_gain_max", "exact_gain", "share", "cap", "epsilon", "state", "control", "seeds",
    }  # fmt: skip
    assert all(expected <= set(row) for row in finished.rows)


def test_a_report_prints_short_and_says_what_was_found(finished):
    found = str(finished).splitlines()
    assert found[0] == "Study tiny:"
    assert found[1].startswith("In the sigma-DCDA market no deviation pays; in the matched")
    assert len(str(finished)) < 1000
    assert repr(finished).startswith("<StudyReport tiny: 4 rows, 0 failures, in ")


def test_a_null_row_whose_control_failed_says_so(finished):
    cells = tiny().expand()
    results = [RunStore(finished.folder).result(cell) for cell in cells]
    row = report_rows(cells[:1], results[:1])[0]
    assert row["control"]["share"] is None
    assert row["power"] is None
    assert table_cells(row)[COLUMNS.index("control")] == "-"


@pytest.mark.parametrize("width", [60, 100, 210])
def test_rows_are_distinguishable_at_every_width(finished, width):
    row = next(row for row in finished.rows if row["mechanism"] == "sigma-dcda")
    unusual = ({"information": "own"}, {"strategy": "bold"}, {"trader": "big"}, {"sigma": 0.77})
    rows = [row, row, row, *(row | change for change in unusual)]
    table = verdict_table(rows, width)
    texts = list(zip(*(map(str, column.cells) for column in table.columns), strict=True))
    assert len(set(texts)) == 5
    for text, word in zip(texts[3:], ("own", "bold", "big", "0.77"), strict=True):
        assert word in " ".join(text)
    assert (table.caption is None) == (width == 210)


@pytest.mark.parametrize("width", [60, 230])
def test_what_a_cell_asks_stands_where_any_asks_more(finished, width):
    row = next(row for row in finished.rows if row["mechanism"] == "sigma-dcda")
    party = row | {"question": "coalition", "members": 2, "identities": 1, "transfers": True}
    rows = [row, row, party, party | {"members": 3}, party | {"transfers": False}]
    table = verdict_table(rows, width)
    texts = list(zip(*(map(str, column.cells) for column in table.columns), strict=True))
    assert len(set(texts)) == 4
    assert "coalition of 3" in " ".join(texts[3])
    assert "asks" not in [column.header for column in verdict_table([row], 230).columns]


def test_audits_say_below_the_table_which_constraints_they_refute(finished):
    found = {"efficiency": {"state": "confirmed"}, "budget_surplus": {"state": "refuted"}}
    held = {name: {"state": "confirmed"} for name in found}
    audits = [finished.rows[0] | {"constraints": each} for each in (found, held)]
    [line] = explanations([*audits, finished.rows[0]])
    assert line == "2 audits of all five constraints; violations: budget surplus in 1."
    assert "violations: none" in explanations(audits[1:])[0]


def test_gains_in_units_of_payoff_are_explained(finished):
    rows = finished.rows
    assert {row["unit"] for row in rows} == {"money"}
    label = rows[-1]["economy_label"]
    text = explanations([*rows[:-1], rows[-1] | {"unit": "payoff"}])
    assert text == [
        f"Gains in {label} are in units of payoff, which there is not utility minus transfer."
    ]


def test_a_share_below_0_is_explained_where_it_stands_and_nowhere_else(finished, tmp_path):
    rows = finished.rows
    assert explanations(rows) == []
    for column in ("share", "power"):
        text = explanations([*rows[:-1], rows[-1] | {column: -0.3}])
        assert len(text) == 1
        assert text[0].startswith(
            "A share or control below 0% means that the learner ended worse off"
        )
    content = json.loads((finished.folder / "report.json").read_text())
    assert "below 0%" not in (finished.folder / "report.html").read_text()
    below = content | {"rows": [row | {"power": -0.3} for row in content["rows"]]}
    write_html(RunStore(tmp_path), below)
    assert "below 0%" in (tmp_path / "report.html").read_text()


def test_economies_of_one_family_are_labelled_by_what_differs():
    study = tiny(
        economies={
            "steep": {"family": "private-values", "n_traders": 4, "slope": 2.0},
            "flat": {"family": "private-values", "n_traders": 4, "slope": 1.0},
            "box": {
                "family": "private-values",
                "n_traders": 4,
                "slope": 1.0,
                "types": {"law": "uniform", "low": -1.0},
            },
            "large": {"family": "private-values", "n_traders": 5, "slope": 3.0},
        },
        cells=[
            {
                "mechanism": "uniform-double-auction",
                "economy": ["steep", "flat", "box", "large"],
            }
        ],
    )
    assert economy_labels(study.expand()) == [
        "private values slope=2.0, types=default",
        "private values slope=1.0, types=default",
        "private values slope=1.0, types=uniform low -1",
        "private values",
    ]


def test_rows_are_a_pure_function_of_the_results(finished):
    cells = tiny().expand()
    results = [RunStore(finished.folder).result(cell) for cell in cells]
    assert report_rows(cells, results) == finished.rows


def test_controls_are_found_as_by_comparing_all_cells_with_all():
    study = tiny(learner=[{"name": "ppo", "settings": {"points": 4}}, {"name": "cma-es"}])
    cells = study.expand() + study.model_copy(update={"steps": 7}).expand()
    found = matched_controls(cells)
    assert found == [
        next((place for place, other in enumerate(cells) if other.controls(cell)), None)
        for cell in cells
    ]
    assert None not in found
    assert matched_controls(cells[:1]) == [None]


def test_the_work_of_finding_controls_grows_with_the_number_of_cells(monkeypatch):
    cell = tiny().expand()[0]
    cells = [cell.model_copy(update={"steps": 1 + place}) for place in range(60)]
    compared = []
    controls = Cell.controls
    monkeypatch.setattr(Cell, "controls", lambda *both: compared.append(0) or controls(*both))
    matched_controls(cells)
    assert len(compared) <= len(cells)


def test_rows_seeds_and_curves_are_frames(finished):
    frame, seeds, curves = finished.to_frame(), finished.seeds(), finished.curves()
    assert list(frame["state"]) == [row["state"] for row in finished.rows]
    assert list(frame["economy.n_traders"]) == [4] * 4
    of_first = seeds[seeds["cell"] == frame["cell"][0]]
    assert of_first["learned_gain"].mean() == pytest.approx(finished.rows[0]["learned_gain"])
    assert curves.groupby(["cell", "seed"]).ngroups == len(seeds) == 8
