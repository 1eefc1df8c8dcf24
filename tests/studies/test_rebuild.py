"""Reports made again from the folder of a run alone."""

import json
import shutil

import pytest
from helpers.tiny_study import tiny

from deviator.errors import ResultsError
from deviator.studies import confirm
from deviator.studies.run.rebuild import rebuild_report
from deviator.studies.run.store import RunStore
from deviator.studies.spec.cell import Cell


@pytest.fixture(scope="module")
def searched(tmp_path_factory):
    """A run of three cells in which nothing was trained, not in the order of their names."""
    cells = [
        {"mechanism": "uniform-conditional", "economy": "groups"},
        {"mechanism": "sigma-dcda", "sigma": "sigma-n", "economy": "groups"},
        {"mechanism": "uniform-conditional", "economy": "groups", "trader": 1},
    ]
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    confirm(tiny(learner="none", cells=cells, held_out=100), out=folder, workers=1)
    return folder


@pytest.fixture
def run(searched, tmp_path):
    shutil.copytree(searched, tmp_path / "elsewhere")
    return tmp_path / "elsewhere"


def made(folder):
    return {
        path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_a_report_made_again_has_the_same_bytes(searched, run):
    for path in (run / "report.html", run / "tables", run / "figures"):
        path.unlink() if path.is_file() else shutil.rmtree(path)
    report = rebuild_report(run)
    assert report.failures == {}
    assert report.notes == ()
    assert made(run) == made(searched)


def test_the_command_says_what_it_wrote(run_command, run, capsys):
    assert run_command("report", run) == 0
    printed = capsys.readouterr().out
    assert "tiny: 3 cells, 0 failed." in printed
    assert str(run / "report.html") in printed.replace("\n", "")
    next(run.glob("cells/sigma-dcda*/spec.json")).unlink()
    assert run_command("report", run) == 1
    assert "spec.json is not there" in capsys.readouterr().out


def test_a_run_without_a_report_gives_all_that_is_finished(run):
    (run / "report.json").unlink()
    report = rebuild_report(run)
    assert [row["mechanism"] for row in report.rows] == [
        "sigma-dcda", "uniform-conditional", "uniform-conditional",
    ]  # fmt: skip
    assert report.study == "tiny"
    assert json.loads((run / "report.json").read_text())["versions"]["deviator"]


def test_finished_cells_that_the_report_leaves_out_are_told_and_taken_in(run):
    content = json.loads((run / "report.json").read_text())
    (run / "report.json").write_text(json.dumps(content | {"rows": content["rows"][:1]}))
    report = rebuild_report(run)
    assert len(report.rows) == 1
    assert report.notes == ("2 finished cells are not of the last report; --all takes them in",)
    report = rebuild_report(run, everything=True)
    assert (len(report.rows), report.notes) == (3, ())


def test_a_damaged_cell_is_named_and_the_others_are_reported(run):
    file = next(run.glob("cells/sigma-dcda*/result.json"))
    file.write_text(file.read_text().replace("true", "false", 1))
    report = rebuild_report(run)
    assert len(report.rows) == 2
    assert report.failures == {file.parent.name: "its checksum does not fit its content"}


def test_cells_of_plugins_that_are_gone_are_reported_and_nothing_is_run(run, tmp_path):
    spec, result = next(iter(RunStore(run).finished()))
    evil = tmp_path / "gone.py"
    evil.write_text("raise SystemExit('run')")
    _keep(run, spec | {"market": spec["market"] | {"mechanism": f"{evil}:my-auction"}}, result)
    report = rebuild_report(run, everything=True)
    assert "my-auction" in [row["mechanism"] for row in report.rows]


@pytest.mark.parametrize("change", [{"seeds": 3}, {"witness": [1]}])
def test_a_result_of_a_stranger_that_says_nonsense_costs_its_own_row(run, change):
    spec, result = next(iter(RunStore(run).finished()))
    _keep(run, spec | {"steps": 77}, result | change)
    report = rebuild_report(run, everything=True)
    assert len(report.rows) == 3
    assert "cannot be read" in report.failures["abcdefabcdef"]


def _keep(run, spec, result):
    """Keep a result as a driver does, of a cell that is not looked up."""
    cell = Cell.model_validate(spec)
    cell.__dict__.update(key="abcdefabcdef", plugins=[])
    with RunStore.open(run, tiny()) as store:
        assert store.save(cell, store.attempt(cell), result | {"key": cell.key})


def test_what_is_no_run_or_an_empty_one_is_refused(tmp_path):
    with pytest.raises(ResultsError, match="must say which study owns the folder"):
        rebuild_report(tmp_path)
    with RunStore.open(tmp_path / "new", tiny()):
        pass
    with pytest.raises(ResultsError, match="must hold a finished cell"):
        rebuild_report(tmp_path / "new")
