"""Running a study: results on disk, resuming, and what fails."""

import errno
import re

import pytest
from helpers.tiny_study import TINY, tiny

from deviator.errors import ResultsError
from deviator.plain_yaml import read_yaml
from deviator.policies import load_policy
from deviator.studies import confirm
from deviator.studies.run.store import RunStore
from deviator.studies.spec.study import StudySpec
from deviator.studies.training import evaluate


def test_files_of_a_small_study(finished):
    page = (finished.folder / "report.html").read_text()
    assert "sigma-dcda" in page
    assert "confirmed" in page
    assert not re.search(r"<(script|link|img|iframe)[^>]*(src|href)=(?!.data:)", page)
    for cell in tiny().expand():
        folder = RunStore(finished.folder).cell_folder(cell)
        assert {"spec.json", "result.json", "seed0.json", "seed1.safetensors", "tensorboard"} <= {
            path.name for path in folder.iterdir()
        }
        assert any((folder / "tensorboard" / "seed0").iterdir())
        policy = load_policy(folder / "seed0", cell.market.build_market().strategy)
        assert policy.market["mechanism"] == cell.market.mechanism
    again = evaluate(folder / "seed0")
    assert again.exact_gain == 0.0
    assert again.share is None


def test_a_study_gives_the_same_bytes_however_often_it_is_cut_off(finished, tmp_path):
    """Other order, one process, resumed after losing two cells and half a third."""
    folder = tmp_path / "again"
    confirm(tiny(), out=folder, workers=1)
    store, cells = RunStore(folder), tiny().expand()
    for cell in cells[:2]:
        (store.cell_folder(cell) / "result.json").unlink()
    kept = store.cell_folder(cells[3]) / "result.json"
    before = kept.stat().st_mtime_ns
    (store.cell_folder(cells[2]) / "result.json").write_text('{"key": ')
    (folder / "report.json").unlink()
    confirm(tiny(), out=folder, workers=1)
    assert kept.stat().st_mtime_ns == before
    left = (folder / "report.json").read_bytes()
    assert left == (finished.folder / "report.json").read_bytes()
    left = (folder / "report.html").read_bytes()
    assert left == (finished.folder / "report.html").read_bytes()


def test_widening_a_study_leaves_earlier_numbers_as_they_were():
    cells, data = tiny().expand(), read_yaml(TINY).values
    data["cells"].append({"mechanism": "naive-walrasian", "economy": "private"})
    wider = StudySpec.model_validate(data).expand()
    assert [cell.key for cell in wider[:4]] == [cell.key for cell in cells]
    assert len({cell.key for cell in wider}) == 5
    assert tiny(steps=6001).expand()[0].key != cells[0].key


def test_a_folder_of_another_study_is_left_alone(finished, tmp_path):
    other = tiny(name="other")
    with pytest.raises(ResultsError, match="was written by 'tiny'; choose another"):
        confirm(other, out=finished.folder)
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ResultsError, match="holds other files"):
        confirm(other, out=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    marker = tmp_path / "damaged" / "study.json"
    marker.parent.mkdir()
    marker.write_text("{")
    with pytest.raises(ResultsError, match="is damaged"):
        confirm(other, out=marker.parent)


def test_a_full_disk_ends_the_run_and_keeps_what_is_there(finished, monkeypatch):
    report = (finished.folder / "report.json").read_bytes()

    def full(path, text):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("deviator.studies.run.store.provenance.write_atomically", full)
    with pytest.raises(ResultsError, match="No space left on device; free some space"):
        confirm(tiny(), out=finished.folder)
    assert (finished.folder / "report.json").read_bytes() == report


def test_a_failing_cell_does_not_stop_the_others(tmp_path, monkeypatch):
    import deviator.studies.run.driver as module

    sound = module.run_cell

    def sometimes(cell, folder):
        if cell.market.mechanism == "sigma-dcda":
            raise RuntimeError("planted")
        return sound(cell, folder)

    monkeypatch.setattr(module, "run_cell", sometimes)
    report = confirm(tiny(steps=512), out=tmp_path / "run", workers=1)
    assert len(report.rows) == 3
    assert list(report.failures.values()) == ["RuntimeError: planted"]


def test_a_cell_whose_result_was_taken_away_is_named_among_the_failures(tmp_path):
    lost = tiny(steps=512).expand()[0]
    folder = RunStore(tmp_path / "run").cell_folder(lost)

    def take_away(done, total, cell):
        if done == total:
            (folder / "result.json").unlink()

    report = confirm(tiny(steps=512), out=tmp_path / "run", workers=1, progress=take_away)
    assert len(report.rows) == 3
    assert report.failures == {lost.label(): "its result is not there; run the command again"}
    name = report.failed_cells[lost.label()]
    assert name.startswith("sigma-dcda(sigma=sigma-n) in two groups(")
    assert name in (tmp_path / "run" / "report.html").read_text()


def test_limits_hold_for_built_in_cells_too(tmp_path):
    cells = [{"mechanism": "sigma-vcg", "economy": "private", "question": "audit"}]
    hasty = tiny(limit_s=0.001, cells=cells)
    report = confirm(hasty, out=tmp_path / "run", workers=1)
    assert report.rows == []
    assert list(report.failures.values()) == ["it must end within 0.001 s, and did not"]
