"""Machines that refuse: disks that are full, folders that cannot be written, no home, no locale."""

import errno
import os
import resource
import shutil
from functools import partial

import pytest
from helpers.many_cells import finished, report_files, run, write_study
from helpers.tiny_study import tiny

from deviator import files
from deviator.errors import ResultsError
from deviator.studies import confirm

CELLS = [
    {"mechanism": "uniform-conditional", "economy": "groups"},
    {"mechanism": "uniform-conditional", "economy": "groups", "trader": 1},
]
STUDY = tiny(learner="none", cells=CELLS, held_out=100)


def one_sentence(build, *names):
    with pytest.raises(ResultsError) as caught:
        build()
    assert "\n" not in str(caught.value)
    for name in names:
        assert name in str(caught.value)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run of two cells that nothing disturbed."""
    out = tmp_path_factory.mktemp("runs") / "whole"
    confirm(STUDY, out=out, workers=1, executor="serial")
    return out


SLOW = [
    pytest.param(each, marks=pytest.mark.slow) for each in (errno.EDQUOT, errno.EROFS, errno.EIO)
]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EMFILE, *SLOW])
def test_a_disk_that_refuses_is_one_sentence_and_nothing_is_lost(
    tmp_path, monkeypatch, whole, number
):
    out, opened = shutil.copytree(whole, tmp_path / "out"), os.open
    kept = finished(out)

    def refuse(path, flags, *rest, **named):
        if flags & os.O_CREAT:
            raise OSError(number, os.strerror(number), str(path))
        return opened(path, flags, *rest, **named)

    with monkeypatch.context() as patched:
        patched.setattr(files.os, "open", refuse)
        one_sentence(partial(confirm, STUDY, out=out, workers=1, executor="serial"), str(out))
    assert finished(out) == kept
    assert report_files(out) == report_files(whole)


def test_a_disk_that_fills_up_while_cells_are_saved_keeps_what_is_finished(tmp_path, monkeypatch):
    """The villain counts what it could not write as done."""
    out, written = tmp_path / "out", files.os.fsync
    saved = iter(range(100))

    def fill(descriptor):
        name = os.readlink(f"/proc/self/fd/{descriptor}")
        if "cells" in name and "unfinished" in name and next(saved) >= 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return written(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr(files.os, "fsync", fill)
        one_sentence(partial(confirm, STUDY, out=out, workers=1, executor="serial"), str(out))
    assert len(finished(out)) == 1
    kept = finished(out)
    assert len(confirm(STUDY, out=out, workers=1, executor="serial").rows) == 2
    assert finished(out).items() >= kept.items()


def test_files_in_the_way_of_a_results_folder_are_one_sentence(tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "letter.txt").write_text("mine")
    for name in ("file", "file/below", "folder"):
        one_sentence(partial(confirm, STUDY, out=tmp_path / name, workers=1), name.split("/")[0])
    assert (tmp_path / "folder" / "letter.txt").read_text() == "mine"
    assert (tmp_path / "file").read_text() == "mine"


BARE = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
"""A locale in which Python reads and prints ASCII alone."""


@pytest.mark.slow
def test_neither_locale_nor_home_nor_the_disks_limit_make_another_report(tmp_path):
    study = write_study(tmp_path, 4)
    study.write_text(
        study.read_text() + "# \u03c3 = \u03c3_N, \u00e9v\u00e9nement\n", encoding="utf-8"
    )
    whole, bare = tmp_path / "whole", tmp_path / "bare \u03c3"
    assert run(study, whole)[0] == 0
    nobody = {"HOME": "/nonexistent", "XDG_CACHE_HOME": "/nonexistent", "TMPDIR": str(tmp_path)}
    code, printed, said = run(study, bare, environment=BARE | nobody)
    assert code == 0, said
    assert "Traceback" not in printed + said
    assert report_files(bare) == report_files(whole)


def limit(kind, most):
    resource.setrlimit(kind, (most, most))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "most"), [(resource.RLIMIT_FSIZE, 20_000), (resource.RLIMIT_NOFILE, 24)]
)
def test_limits_on_files_are_one_sentence_and_a_later_run_goes_on(tmp_path, kind, most):
    study, out = write_study(tmp_path, 4), tmp_path / "out"
    code, printed, said = run(study, out, preexec_fn=partial(limit, kind, most))
    assert code in (0, 1, 2)
    assert "Traceback" not in printed + said
    assert [line for line in said.splitlines() if line.startswith("error: ")] or code == 0
    kept = finished(out)
    code, _, said = run(study, out)
    assert code == 0, said
    assert finished(out).items() >= kept.items()
