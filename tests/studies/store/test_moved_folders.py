"""Run folders hold all that is needed to read and to continue them, wherever they lie."""

import json
import shutil
from importlib.resources import files
from pathlib import Path

import pytest
from helpers.quiet_study import made_up, quiet

from deviator.errors import ResultsError
from deviator.studies import confirm, read_study
from deviator.studies.run.store import RunStore
from deviator.studies.spec.study import StudySpec

RULE = '''
from typing import ClassVar
from deviator.mechanisms import UniformConditional
import sizes

class Mine(UniformConditional):
    """A rule of a file."""

    name: ClassVar[str] = "mine"
'''

STUDY = """
name: moved
plugins: [rules/mine.py]
seeds: [0]
held_out: 100
learner: none
economies: {groups: {family: two-groups, n_traders: 4}}
cells:
  - {mechanism: mine, economy: groups}
  - {mechanism: uniform-conditional, economy: groups}
"""


@pytest.fixture
def study_file(tmp_path):
    (tmp_path / "before" / "rules").mkdir(parents=True)
    (tmp_path / "before" / "rules" / "mine.py").write_text(RULE)
    (tmp_path / "before" / "rules" / "sizes.py").write_text("SIZE = 4\n")
    (tmp_path / "before" / "study.yaml").write_text(STUDY)
    return tmp_path / "before" / "study.yaml"


def test_a_folder_is_self_contained_and_says_where_it_comes_from(study_file, tmp_path):
    study = read_study(study_file)
    cells = study.expand()
    with RunStore.open(tmp_path / "before" / "run", study) as store:
        for cell in cells:
            store.save(cell, store.attempt(cell), made_up(cell))
    shutil.move(tmp_path / "before" / "run", tmp_path / "after")
    shutil.rmtree(tmp_path / "before")
    texts = {path: path.read_text() for path in (tmp_path / "after").rglob("*.*") if path.is_file()}
    assert not [path for path, text in texts.items() if str(tmp_path) in text]
    kept = read_study(tmp_path / "after" / "study.yaml")
    assert [cell.label() for cell in kept.expand()] == [cell.label() for cell in cells]
    with RunStore.open(tmp_path / "after", kept) as store:
        assert [store.result(cell) for cell in kept.expand()] == [made_up(cell) for cell in cells]
    content = json.loads((tmp_path / "after" / "provenance.json").read_text())
    assert set(content) == {"command", "plugins", "quick", "schema", "versions"}
    [plugin] = content["plugins"]
    assert (tmp_path / "after" / plugin["file"]).read_text() == RULE
    assert len(list((tmp_path / "after" / "plugins").iterdir())) == 1


def test_sources_of_earlier_runs_stay(study_file, tmp_path):
    for size in (4, 5):
        (tmp_path / "before" / "rules" / "sizes.py").write_text(f"SIZE = {size}\n")
        RunStore.open(tmp_path / "run", read_study(study_file)).close()
    sizes = (tmp_path / "run" / "plugins").glob("*/sizes.py")
    assert sorted(path.read_text() for path in sizes) == ["SIZE = 4\n", "SIZE = 5\n"]


@pytest.mark.parametrize("name", ["proposition3.yaml"])
def test_the_study_that_is_kept_is_the_one_that_was_read(tmp_path, name):
    study = read_study(Path(str(files("deviator.studies").joinpath(name))))
    RunStore.open(tmp_path / "run", study).close()
    kept = read_study(tmp_path / "run" / "study.yaml")
    assert kept.model_dump() == study.model_dump()


def test_a_moved_run_is_reported_again_and_no_cell_is_computed(finished, tmp_path, monkeypatch):
    monkeypatch.setattr("deviator.studies.run.driver.run_cell", None)
    shutil.copytree(finished.folder, tmp_path / "after")
    (tmp_path / "after" / "report.json").unlink()
    again = confirm(tmp_path / "after" / "study.yaml", out=tmp_path / "after", workers=1)
    assert again.rows == finished.rows
    assert again.notes == ()
    report = (tmp_path / "after" / "report.json").read_bytes()
    assert report == (finished.folder / "report.json").read_bytes()


def test_quick_runs_have_a_folder_of_their_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(StudySpec, "expand_what_loads", lambda *_, **__: ([], {}, {}))
    assert confirm(quiet(), quick=True).folder == Path("runs/quiet-quick")


def test_what_was_not_opened_is_only_read(tmp_path, cells):
    with pytest.raises(ResultsError, match="must be opened for writing"):
        RunStore(tmp_path).claim(cells[0])
    with pytest.raises(ResultsError, match="must say which study owns the folder"):
        next(RunStore(tmp_path).finished())
