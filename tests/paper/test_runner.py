"""Running all statements: selection, order, processes, and what fails."""

import os

import pytest
from helpers.replication_rows import a_row

from deviator.errors import InvalidInputError, UnknownNameError
from deviator.paper import Finding, Statement, replicate, runner
from deviator.paper.runner import ORDER, compute, select, statements


def test_every_numbered_result_has_a_statement():
    results = {statement.result for statement in statements()}
    numbered = {
        **{"Example": 9, "Proposition": 7, "Lemma": 5, "Definition": 3, "Figure": 3},
    }
    for kind, last in numbered.items():
        assert {f"{kind} {number}" for number in range(1, last + 1)} <= results
    assert results <= set(ORDER), "what is stated must have its place in the paper's order"


def test_statements_come_in_the_order_of_the_paper():
    places = [ORDER.index(statement.result) for statement in statements()]
    assert places == sorted(places)
    assert len({statement.name for statement in statements()}) == len(places)


def test_statements_that_share_a_name_are_refused(monkeypatch, tmp_path):
    (tmp_path / "another_paper").mkdir()
    for part in ("one", "two"):
        (tmp_path / "another_paper" / f"{part}.py").write_text(
            "from helpers.replication_rows import a_row\n"
            f"STATEMENT = a_row('holds', printed='{part}').statement\n"
        )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InvalidInputError, match="'Lemma 99' twice"):
        statements("another_paper")


def test_a_name_selects_its_parts():
    assert [each.name for each in select(["Example 4: sigma_N"])] == ["Example 4: sigma_N"]
    names = [each.name for each in select(["lemma 4", "EXAMPLE 2"])]
    assert names == ["Example 2", "Lemma 4: (i)", "Lemma 4: (ii)"]
    assert all(each.result == "Proposition 2" for each in select(["Proposition 2"]))


def test_unknown_names_are_refused_with_suggestions():
    with pytest.raises(UnknownNameError, match="did you mean 'Proposition 5'"):
        replicate(["Propositon 5"])
    with pytest.raises(UnknownNameError, match="no result of the paper is named"):
        replicate(["Example 1", "Example 10"])


def test_two_processes_find_what_one_finds():
    names = ["Example 1", "Example 2", "Lemma 4"]
    seen = []
    alone = replicate(names, workers=1)
    together = replicate(names, lambda done, total, row: seen.append((done, total, row)), workers=2)
    assert [(row.statement.name, row.finding, row.state) for row in together] == [
        (row.statement.name, row.finding, row.state) for row in alone
    ]
    assert [done for done, _, _ in seen] == list(range(1, len(alone) + 1))
    assert {total for _, total, _ in seen} == {len(alone)}
    assert sorted(row.statement.name for *_, row in seen) == sorted(
        row.statement.name for row in alone
    )


def test_what_cannot_be_computed_fails_and_says_why(monkeypatch):
    def broken():
        raise ZeroDivisionError("nothing to divide by")

    statement = a_row("holds", check=broken).statement
    monkeypatch.setattr(runner, "statements", lambda: (statement,))
    (row,) = replicate(workers=1)
    assert row.state == "fails"
    assert row.finding.computed == "could not be computed: ZeroDivisionError: nothing to divide by"
    assert compute("Lemma 99") == row.finding


def die(name):
    os._exit(3)


def test_a_process_that_dies_fails_its_statements(monkeypatch):
    monkeypatch.setattr(runner, "compute", die)
    rows = replicate(["Lemma 4"], workers=2)
    assert [row.state for row in rows] == ["fails", "fails"]
    assert all("ProcessEndedError" in row.finding.computed for row in rows)


@pytest.mark.parametrize(
    ("finding", "tolerance", "state"),
    [
        (Finding(1e-10, ""), 1e-9, "holds"),
        (Finding(1e-8, ""), 1e-9, "fails"),
        (Finding(float("nan"), ""), 1e-9, "fails"),
        (Finding(0.0, "", printed=1.0), 1e-9, "erratum"),
        (Finding(0.0, "", printed=float("nan")), 1e-9, "erratum"),
        (Finding(0.0, "", printed=0.0), 1e-9, "holds"),
        (Finding(1.0, "", printed=1.0), 1e-9, "fails"),
    ],
)
def test_states(finding, tolerance, state):
    statement = Statement("Lemma 99", "", "", lambda: finding, tolerance)
    assert statement.judge().state == state
