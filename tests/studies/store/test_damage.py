"""Damaged results are known, named and computed again; they are never read as results."""

import json
import os
import shutil

import numpy as np
import pytest
from helpers.quiet_study import made_up

from deviator.errors import InvalidInputError, ResultsError
from deviator.studies.run.store import RunStore, to_json


@pytest.fixture
def filled(opened, cells):
    """A run folder whose cells are finished."""
    store = opened()
    for cell in cells:
        store.claim(cell)
        assert store.save(cell, store.attempt(cell), made_up(cell))
        store.release(cell)
    return store


def change_field(name, value):
    def change(folder):
        path = folder / "result.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {name: value}))

    return change


def change_result(folder):
    path = folder / "result.json"
    document = json.loads(path.read_text())
    document["result"]["best_gain"] = 0.25
    path.write_text(json.dumps(document))


def change_spec(folder):
    path = folder / "spec.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"steps": 7}))


def unseal(folder):
    path = folder / "result.json"
    path.write_text(json.dumps(json.loads(path.read_text())["result"]))


def link(folder):
    outside = folder.parent.parent / "outside.json"
    (folder / "result.json").rename(outside)
    (folder / "result.json").symlink_to(outside)


def link_folder(folder):
    outside = folder.parent.parent / "outside"
    folder.rename(outside)
    folder.symlink_to(outside)


def pipe(folder):
    (folder / "result.json").unlink()
    os.mkfifo(folder / "result.json")


def file_for_folder(folder):
    shutil.rmtree(folder)
    folder.write_text("mine")


def large(folder):
    with (folder / "result.json").open("r+b") as file:
        file.truncate(1 << 40)


DAMAGE = {
    "truncated": lambda folder: os.truncate(folder / "result.json", 60),
    "empty": lambda folder: os.truncate(folder / "result.json", 0),
    "foreign": lambda folder: (folder / "result.json").write_text("[1, 2]"),
    "not text": lambda folder: (folder / "result.json").write_bytes(b"\xff\xfe\x00"),
    "nested": lambda folder: (folder / "result.json").write_text("[" * 100_000),
    "not there": lambda folder: (folder / "result.json").unlink(),
    "no specification": lambda folder: (folder / "spec.json").unlink(),
    "another number": change_result,
    "another specification": change_spec,
    "NaN": change_field("result", {"best_gain": float("nan")}),
    "no result": change_field("result", None),
    "another schema": change_field("schema", 99),
    "wrong schema": change_field("schema", "5"),
    "another format": change_field("format", {"deviator": 1}),
    "wrong checksum": change_field("sha256", 7),
    "another key": change_field("key", "0" * 12),
    "no checksum": unseal,
    "a link": link,
    "a link for a folder": link_folder,
    "a pipe": pipe,
    "a file for a folder": file_for_folder,
    "as large as a disk": large,
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damage_is_named_and_the_cell_is_computed_again(filled, cells, kind):
    DAMAGE[kind](filled.cell_folder(cells[0]))
    assert filled.result(cells[0]) is None
    assert list(filled.damaged()) == [cells[0].label()]
    assert len(next(iter(filled.damaged().values()))) < 120
    others = [result["key"] for _, result in RunStore(filled.folder).finished()]
    assert sorted(others) == sorted(cell.key for cell in cells[1:])
    assert filled.claim(cells[0])
    assert filled.save(cells[0], filled.attempt(cells[0]), made_up(cells[0]))
    assert filled.result(cells[0]) == made_up(cells[0])
    assert all(not path.name.startswith(".aside") for path in (filled.folder / "cells").iterdir())


def test_no_flipped_bit_changes_a_result(filled, cells):
    path = filled.cell_folder(cells[0]) / "result.json"
    content, rng = path.read_bytes(), np.random.default_rng(0)
    for place in rng.integers(8 * len(content), size=150):
        flipped = bytearray(content)
        flipped[place // 8] ^= 1 << place % 8
        path.write_bytes(flipped)
        assert filled.result(cells[0]) in (None, made_up(cells[0]))


def test_swapped_cells_are_known(filled, cells):
    one, two = (filled.cell_folder(cell) for cell in cells[:2])
    for name in ("result.json", "spec.json"):
        content = (one / name).read_bytes()
        (one / name).write_bytes((two / name).read_bytes())
        (two / name).write_bytes(content)
    assert [filled.result(cell) for cell in cells[:2]] == [None, None]
    assert set(filled.damaged().values()) == {"its files belong to another cell"}


def test_a_cell_that_somebody_repaired_meanwhile_is_put_back(filled, cells, monkeypatch):
    """A driver sets aside what it takes for damaged, looks again, and finds another's result."""
    folder = filled.cell_folder(cells[0])
    content = (folder / "result.json").read_text()
    (folder / "result.json").write_text("torn")
    looked = RunStore._content

    def repaired_meanwhile(store, label, key, **_):
        seen = looked(store, label, key)
        (folder / "result.json").write_text(content)
        return seen

    monkeypatch.setattr(RunStore, "_content", repaired_meanwhile)
    attempt = filled.attempt(cells[0])
    assert not filled.save(cells[0], attempt, made_up(cells[0], 9.0))
    assert filled.result(cells[0]) == made_up(cells[0])


def test_what_no_result_holds_is_refused_before_it_is_kept(filled, cells):
    attempt = filled.attempt(cells[0])
    with pytest.raises(ValueError, match="JSON"):
        filled.save(cells[0], attempt, {"best_gain": float("nan")})
    with pytest.raises(InvalidInputError, match="may take 16777216 bytes"):
        filled.save(cells[0], attempt, {"text": "x" * (1 << 24)})


def test_a_folder_that_leads_elsewhere_is_refused(filled, opened, tmp_path):
    filled.close()
    (tmp_path / "run" / "cells").rename(tmp_path / "elsewhere")
    (tmp_path / "run" / "cells").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ResultsError, match="is a link; remove it"):
        opened()


@pytest.mark.parametrize("text", ["{", "[]", "\x00", to_json({"pid": -1}), "{" * 5000])
def test_damaged_files_of_drivers_and_claims_stop_nobody_for_good(
    opened, cells, clock, tmp_path, text
):
    one = opened()
    (tmp_path / "run" / "drivers" / "0123abcd.json").write_text(text)
    (tmp_path / "run" / "cells" / f".{cells[0].label()}.claim").write_text("0123abcd")
    (tmp_path / "run" / "cells" / f".{cells[1].label()}.claim").write_text(text)
    (tmp_path / "run" / "cells" / f"{cells[1].label()}.failed.json").write_text(text)
    assert one.others() == []
    assert not any(one.claim(cell) for cell in cells[:2])
    clock.now += 100
    assert all(one.claim(cell) for cell in cells[:2])
    assert one.failure(cells[1]) is None
    opened()
