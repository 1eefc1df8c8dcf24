"""``deviator export`` and ``deviator schema``, as they are typed."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deviator.cli import app
from deviator.errors import DeviatorError

OLD = Path(__file__).parents[1] / "studies" / "formats" / "4"


def run(*arguments):
    return CliRunner().invoke(app, list(map(str, arguments)), catch_exceptions=True)


def test_tables_are_exported_into_the_runs_folder_or_where_it_says(tmp_path):
    shutil.copytree(OLD, tmp_path / "run")
    done = run("export", tmp_path / "run", "--format", "latex", "--table", "rows")
    assert done.exit_code == 0, done.output
    (file,) = (tmp_path / "run" / "export").iterdir()
    assert file.name == "rows.tex"
    assert "profitable deviation found" in file.read_text()
    done = run("export", tmp_path / "run", "--format", "csv", "--out", tmp_path / "data", "--json")
    assert len(json.loads(done.stdout)["written"]) == len(list((tmp_path / "data").iterdir()))


@pytest.mark.parametrize(
    "arguments",
    [("export", "nowhere", "--format", "csv"), ("export", OLD, "--format", "csv", "--table", "x"),
     ("schema", "wittness")],
)  # fmt: skip
def test_mistakes_are_told_in_a_sentence(arguments):
    assert isinstance(run(*arguments).exception, DeviatorError)


def test_a_format_that_is_none_is_refused():
    assert run("export", OLD, "--format", "xlsx").exit_code == 2


def test_schemas_are_printed_and_listed():
    assert json.loads(run("schema", "report").stdout)["title"] == "the report of a study"
    names = [line.partition(":")[0] for line in run("schema").stdout.splitlines()]
    assert names == ["study", "report", "witness", "certificate", "bids"]
