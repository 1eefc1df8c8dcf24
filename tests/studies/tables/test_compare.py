"""Runs side by side."""

import pytest
from helpers.report_content import row

from deviator.errors import InvalidInputError, ResultsError
from deviator.studies.tables.compare import compare

NULL = row(mechanism="sigma-dcda", key="n", state="confirmed", learned_gain=0.0, share=None)


def test_the_same_cells_stand_side_by_side_whatever_the_budget(made_run):
    full = made_run("full", NULL, row())
    quick = made_run("quick", row(steps=600, key="q", learned_gain=0.01), NULL)
    found = compare([full, quick])
    assert found.columns[:4] == ("cell", "verdicts", "verdict full", "verdict quick")
    assert (found.differing, found.common, found.contradictory) == (0, 2, 0)
    control = dict(zip(found.columns, found.records[1], strict=True))
    assert control["verdict full"] == "profitable deviation found"
    assert (control["learned_gain full"], control["learned_gain quick"]) == (0.06, 0.01)


@pytest.mark.parametrize("change", [{"state": "undetermined"}, {"scope": "sampled"}])
def test_a_verdict_that_differs_is_counted_and_named(made_run, change):
    found = compare([made_run("a", NULL, row()), made_run("b", NULL, row(**change, key="b"))])
    assert [record[1] for record in found.records] == ["same", "differs"]
    assert found.differing == 1


def test_cells_of_some_runs_only(made_run):
    other = row(mechanism="pay-as-bid", key="o")
    runs = [made_run("a", row(), other), made_run("b", row()), made_run("c", NULL, other)]
    found = compare(runs)
    assert [record[1] for record in found.records] == [
        "same, in a and b",
        "same, in a and c",
        "only in c",
    ]
    assert (found.differing, found.common) == (0, 0)
    assert found.records[2][2:5] == (
        None,
        None,
        "no profitable deviation (certified, every profile)",
    )


def test_one_key_with_two_numbers_is_a_contradiction(made_run):
    honest, changed = made_run("a", row()), made_run("b", row(learned_gain=0.0))
    assert compare([honest, changed]).contradictory == 1
    assert compare([honest, made_run("c", row())]).contradictory == 0


def test_a_run_can_be_compared_with_itself(made_run):
    run = made_run("a", row())
    assert compare([run, run]).columns[2:4] == (f"verdict {run} (1)", f"verdict {run} (2)")


def test_fewer_than_two_runs_and_runs_without_tables_are_refused(made_run, tmp_path):
    run = made_run("a", row())
    with pytest.raises(InvalidInputError, match="two or more, got 1"):
        compare([run])
    with pytest.raises(ResultsError, match="deviator report"):
        compare([run, tmp_path])
    (run / "tables" / "rows.parquet").write_bytes((run / "tables" / "seeds.parquet").read_bytes())
    with pytest.raises(ResultsError, match="damaged"):
        compare([run, run])
