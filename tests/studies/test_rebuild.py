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
    """A run of two cells in which nothing was trained, not in the order of their names."""
    cells = [
        {"mechanism": "uniform-conditional", "economy": "groups"},
        {"mechanism": "sigma-dcda", "sigma": "sigma-n", "economy": "groups"},
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


def test_a_report_made_again_has_the_same_bytes(run_command, searched, run, capsys):
    for path in (run / "report.html", run / "tables", run / "figures"):
        path.unlink() if path.is_file() else shutil.rmtree(path)
    assert run_command("report", run) == 0
    assert "tiny: cells 2, failed 0." in capsys.readouterr().out
    assert made(run) == made(searched)


def test_a_damaged_cell_is_named_and_the_others_are_reported(run_command, run, capsys):
    file = next(run.glob("cells/sigma-dcda*/result.json"))
    file.write_text(file.read_text().replace("true", "false", 1))
    assert run_command("report", run) == 1
    printed = capsys.readouterr().out
    assert "tiny: cells 1, failed 1." in printed
    assert f"failed {file.parent.name}: its checksum does not match its content" in printed


def test_a_run_without_a_report_gives_all_that_is_finished(run):
    (run / "report.json").unlink()
    report = rebuild_report(run)
    assert [row["mechanism"] for row in report.rows] == [
        "sigma-dcda", "uniform-conditional",
    ]  # fmt: skip
    assert report.study == "tiny"
    assert json.loads((run / "report.json").read_text())["versions"]["deviator"]


def test_finished_cells_that_the_report_leaves_out_are_told(run):
    content = json.loads((run / "report.json").read_text())
    (run / "report.json").write_text(json.dumps(content | {"rows": content["rows"][:1]}))
    report = rebuild_report(run)
    assert len(report.rows) == 1
    assert report.notes == (
        "finished cells that the last report leaves out: 1; --all takes them in",
    )


def test_cells_of_strangers_run_nothing_and_nonsense_costs_its_own_row(run, tmp_path):
    spec, result = next(iter(RunStore(run).finished()))
    evil = tmp_path / "gone.py"
    evil.write_text("raise SystemExit('run')")
    market = spec["market"] | {"mechanism": f"{evil}:my-auction"}
    _keep(run, "a" * 12, spec | {"market": market}, result)
    _keep(run, "b" * 12, spec, result | {"seeds": 3})
    _keep(run, "c" * 12, spec, result | {"witness": [1]})
    report = rebuild_report(run, everything=True)
    assert sorted(row["mechanism"] for row in report.rows)[0] == "my-auction"
    assert (len(report.rows), sorted(report.failures), report.notes) == (
        3, ["b" * 12, "c" * 12], (),
    )  # fmt: skip
    assert all("cannot be read" in reason for reason in report.failures.values())


def _keep(run, key, spec, result):
    """Keep a result as a driver does, of a cell that is not looked up."""
    cell = Cell.model_validate(spec)
    cell.__dict__.update(key=key, plugins=[])
    with RunStore.open(run, tiny()) as store:
        assert store.save(cell, store.attempt(cell), result | {"key": key})


def test_what_is_no_run_or_an_empty_one_is_refused(tmp_path):
    with pytest.raises(ResultsError, match="must say which study owns the folder"):
        rebuild_report(tmp_path)
    with RunStore.open(tmp_path / "new", tiny()):
        pass
    with pytest.raises(ResultsError, match="must hold a finished cell"):
        rebuild_report(tmp_path / "new")
