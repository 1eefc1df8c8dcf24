"""Commands about the folders of runs: query, compare, report."""

import csv
import io
import json

import pytest
from helpers.report_content import content, row

from deviator.studies.run.store import RunStore
from deviator.studies.tables.write import write_tables


@pytest.fixture
def run(tmp_path):
    (tmp_path / "run").mkdir()
    write_tables(RunStore(tmp_path / "run"), content())
    return tmp_path / "run"


def test_query_prints_a_table_for_reading(run_command, run, capsys):
    assert run_command("query", run, "SELECT mechanism, share, power FROM rows") == 0
    printed = capsys.readouterr().out
    for text in ("mechanism", "sigma-dcda", "0.9", "-"):
        assert text in printed


def test_query_prints_csv_and_json_for_pipes(run_command, run, capsys):
    sql = "SELECT mechanism, best_gain, share, n_traders FROM rows"
    assert run_command("query", run, sql, "--format", "csv") == 0
    assert list(csv.reader(io.StringIO(capsys.readouterr().out))) == [
        ["mechanism", "best_gain", "share", "n_traders"],
        ["sigma-dcda", "0.0", "", "4"],
        ["uniform-conditional", "0.0672", "0.9", "4"],
    ]
    assert run_command("query", run, sql, "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)[0] == {
        "mechanism": "sigma-dcda", "best_gain": 0.0, "share": None, "n_traders": 4,
    }  # fmt: skip


def test_numbers_that_json_has_not_are_missing_there(run_command, run, capsys):
    sql = "SELECT 'nan'::DOUBLE AS a, 1.5::DECIMAL(4,2) AS b, [1, 2] AS c, DATE '2020-01-01' AS d"
    assert run_command("query", run, sql, "--format", "json") == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == [{"a": None, "b": "1.50", "c": [1, 2], "d": "2020-01-01"}]


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_texts_of_strangers_reach_no_terminal(run_command, run, capsys, form):
    write_tables(RunStore(run), content(row(reason="red \x1b[31m \x1b]0;title\x07 [bold]x")))
    assert run_command("query", run, "SELECT reason FROM rows", "--format", form) == 0
    assert run_command("query", run, 'SELECT 1 AS "\x1b[31m"', "--format", form) == 0
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert "\x07" not in printed
    assert "[bold]x" in printed


@pytest.mark.parametrize("sql", ["COPY rows TO 'out.csv'", "SELECT nothing FROM rows", "\x1b[31m"])
def test_a_query_that_is_none_ends_with_one_sentence(run_command, run, capsys, sql):
    assert run_command("query", run, sql) == 2
    told = capsys.readouterr().err
    assert told.splitlines()[-1].startswith("error: ")
    assert told.count("\n") == 2
    assert "\x1b" not in told


def test_compare_ends_with_1_where_verdicts_differ(run_command, run, tmp_path, capsys):
    assert run_command("compare", run, run) == 0
    assert "verdicts differ in 0" in capsys.readouterr().out
    (tmp_path / "other").mkdir()
    write_tables(RunStore(tmp_path / "other"), content(row(state="undetermined", key="o")))
    assert run_command("compare", run, tmp_path / "other") == 1
    printed = capsys.readouterr().out
    assert "2 cells, 1 of them in all runs; verdicts differ in 1." in printed
    assert "only in run" in printed
    assert run_command("compare", run, tmp_path / "other", "--format", "json") == 1
    assert [each["verdicts"] for each in json.loads(capsys.readouterr().out)] == [
        "only in run", "differs",
    ]  # fmt: skip


def test_compare_tells_of_numbers_that_were_changed(run_command, run, tmp_path, capsys):
    (tmp_path / "other").mkdir()
    write_tables(RunStore(tmp_path / "other"), content(row(learned_gain=0.0)))
    assert run_command("compare", run, tmp_path / "other") == 1
    assert "1 have the same key and different numbers" in capsys.readouterr().out


def test_what_is_no_run_ends_with_one_sentence(run_command, tmp_path, capsys):
    for arguments in (("query", tmp_path, "SELECT 1"), ("compare", tmp_path, tmp_path),
                      ("report", tmp_path)):  # fmt: skip
        assert run_command(*arguments) == 2
        doing, error = capsys.readouterr().err.splitlines()
        assert doing.startswith("reading ")
        assert error.startswith("error: ")
