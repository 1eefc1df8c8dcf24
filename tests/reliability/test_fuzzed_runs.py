"""Run folders that chance or an enemy changed: named and redone, or refused, and never believed."""

import json
import os
import shutil
from functools import partial

import numpy as np
import pytest
from helpers.mutations import mutated, mutated_bytes
from helpers.tiny_study import tiny

from deviator.errors import DeviatorError, ResultsError
from deviator.plugins.parts_of_file import file_version
from deviator.studies import confirm
from deviator.studies.run.rebuild import rebuild_report
from deviator.studies.run.store import RunStore
from deviator.studies.run.store.provenance import keep_sources
from deviator.studies.run.store.sealed import sealed

CELLS = [
    {"mechanism": "uniform-conditional", "economy": "groups"},
    {"mechanism": "sigma-dcda", "sigma": "sigma-n", "economy": "groups"},
    {"mechanism": "uniform-conditional", "economy": "groups", "trader": 1},
]
STUDY = tiny(learner="none", cells=CELLS, held_out=100)

TOP = ("study.json", "study.yaml", "provenance.json", "report.json")


@pytest.fixture(scope="module")
def intact(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "tiny"
    confirm(STUDY, out=folder, workers=1)
    return folder


def flip(folder, rng):
    """Damage the bytes of some file."""
    files = sorted(path for path in folder.rglob("*.json") if path.is_file())
    file = files[rng.integers(len(files))]
    file.write_bytes(mutated_bytes(file.read_bytes(), rng))


def retype(folder, rng):
    """Change fields of a cell's file, or of one about the run."""
    files = [*folder.glob("cells/*/*.json"), *(folder / name for name in TOP if name[-1] == "n")]
    file = sorted(files)[rng.integers(len(files))]
    file.write_text(json.dumps(mutated(json.loads(file.read_text()), rng)))


def swap(folder, rng):
    """Exchange files, or whole folders, of two cells."""
    one, other = (sorted(folder.glob("cells/*"))[place] for place in rng.permutation(3)[:2])
    name = ("result.json", "spec.json", ".")[rng.integers(3)]
    aside = folder / "aside"
    (one / name).resolve().rename(aside)
    (other / name).resolve().rename((one / name).resolve())
    aside.rename((other / name).resolve())


def lose(folder, rng):
    """Take a file or a folder away."""
    paths = sorted(folder.rglob("*"))
    path = paths[rng.integers(len(paths))]
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def replace(folder, rng):
    """Put something else where a file or a folder of a cell was."""
    paths = sorted([*folder.glob("cells/*"), *folder.glob("cells/*/*.json"), folder / "study.json"])
    path = paths[rng.integers(len(paths))]
    kind = rng.integers(6)
    aside = folder.parent / "moved"
    path.rename(aside)
    if kind == 0:
        path.symlink_to("/dev/zero")
    elif kind == 1:
        os.mkfifo(path)
    elif kind == 2:
        path.mkdir()
    elif kind == 3:
        path.write_bytes(b"x" * 20_000_000)
    elif kind == 4:
        path.write_bytes(b"")
    else:
        path.symlink_to(aside)


def add(folder, rng):
    """Leave foreign files and folders about."""
    places = [folder, folder / "cells", folder / "drivers", *sorted(folder.glob("cells/*"))]
    place = places[rng.integers(len(places))]
    place.mkdir(exist_ok=True)
    label = next(folder.glob("cells/*")).name
    names = (".x.claim", f".{label}.claim", f".attempt-{label}-x", "a-b", "0123abcd.json")
    name = (*names, f"{label}.failed.json", "\x1b[31m.json")[rng.integers(7)]
    if rng.integers(2):
        (place / name).write_bytes(mutated_bytes(b'{"key": "x", "cause": "y", "pid": 1}', rng))
    else:
        (place / name).mkdir()


CHANGES = (flip, flip, retype, swap, lose, replace, add)


def fuzzed(intact, folder, number):
    """Copy a run folder and change it, by its number."""
    shutil.rmtree(folder.parent, ignore_errors=True)
    shutil.copytree(intact, folder)
    rng = np.random.default_rng(number)
    CHANGES[number % len(CHANGES)](folder, rng)


def check_only_what_was_found(intact, folder):
    """Read the cells: what is not as it was is named."""
    sound = {json.dumps(spec): result for spec, result in RunStore(intact).finished()}
    store = RunStore(folder)
    read = list(store.finished())
    for spec, result in read:
        assert sound[json.dumps(spec)] == result
    assert all("\n" not in reason for reason in store.damaged().values())


def rows_of(folder):
    """Return a report's rows by key, without their controls, which may be lost."""
    rows = json.loads((folder / "report.json").read_text())["rows"]
    return {row["key"]: row | {"control": None} for row in rows}


def said_by(check, *arguments):
    """Return what an error says; None where there is none."""
    try:
        check(*arguments)
    except DeviatorError as error:
        return str(error)
    return None


def checked(intact, folder, *, again):
    """Read a folder, and report and run it `again`; return what errors say."""
    said = [said_by(check_only_what_was_found, intact, folder)]
    if again:
        said.append(said_by(rebuild_report, folder))
        if said[-1] is None:
            assert rows_of(folder).items() <= rows_of(intact).items()
        said.append(said_by(partial(confirm, STUDY, out=folder, workers=1)))
        if said[-1] is None:
            assert (folder / "report.json").read_bytes() == (intact / "report.json").read_bytes()
    return [each for each in said if each is not None]


@pytest.mark.parametrize(
    ("numbers", "every"), [(range(28), 28), pytest.param(range(28, 242), 9, marks=pytest.mark.slow)]
)
def test_fuzzed_runs_are_redone_or_refused(tmp_path, intact, numbers, every):
    for number in numbers:
        folder = tmp_path / "changed" / "tiny"
        fuzzed(intact, folder, number)
        said = checked(intact, folder, again=number % every == 0)
        assert all(len(text) < 1000 and "\n" not in text for text in said)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda result: result.pop("best_gain"), "KeyError: 'best_gain'"),
        (lambda result: result.update(scale="much"), "Could not convert 'much'"),
    ],
)
def test_what_somebody_sealed_anew_and_is_no_result_is_named(tmp_path, intact, change, reason):
    folder = sealed_anew(intact, tmp_path / "tiny", change)
    report = confirm(STUDY, out=folder, workers=1)
    ((label, said),) = report.failures.items()
    assert label.startswith("sigma-dcda")
    assert reason in said
    assert "remove its folder under cells" in said
    assert len(report.rows) == len(CELLS) - 1


def test_a_sealed_result_without_its_key_is_redone(tmp_path, intact):
    folder = sealed_anew(intact, tmp_path / "tiny", lambda result: result.clear())
    assert len(rebuild_report(folder).rows) == len(CELLS) - 1
    confirm(STUDY, out=folder, workers=1)
    assert (folder / "report.json").read_bytes() == (intact / "report.json").read_bytes()


@pytest.mark.parametrize("name", ["report.json", "report.html"])
def test_a_folder_in_the_place_of_a_report_is_said(tmp_path, intact, name):
    folder = tmp_path / "tiny"
    shutil.copytree(intact, folder)
    (folder / name).unlink()
    (folder / name).mkdir()
    with pytest.raises(ResultsError, match="must be writable, got Is a directory"):
        rebuild_report(folder)


def test_plugins_are_kept_in_the_run_folder_itself(tmp_path):
    (tmp_path / "mine.py").write_text("VALUE = 1\n")
    outside, kept = tmp_path / "outside", tmp_path / "run" / "plugins"
    outside.mkdir()
    kept.mkdir(parents=True)
    (kept / file_version(tmp_path / "mine.py")).symlink_to(outside)
    with pytest.raises(ResultsError, match="is a link"):
        keep_sources(tmp_path / "run", (str(tmp_path / "mine.py"),))
    assert not list(outside.iterdir())


def sealed_anew(intact, folder, change):
    """Copy a run folder, change what a cell found, and make its checksum fit."""
    shutil.copytree(intact, folder)
    (cell,) = folder.glob("cells/sigma-dcda*")
    spec, document = (
        json.loads((cell / f"{name}.json").read_text()) for name in ("spec", "result")
    )
    change(document["result"])
    (cell / "result.json").write_text(sealed(document["key"], spec, document["result"]))
    return folder
