"""Several drivers of one run folder: they share the cells, and none undoes what another did."""

import errno
import json
import os
from pathlib import Path

import pytest
from helpers.quiet_study import made_up, quiet

from deviator.errors import ResultsError
from deviator.studies.run.driver import run_missing
from deviator.studies.run.execution import Execution
from deviator.studies.run.progress import SilentProgress
from deviator.studies.run.store import RunStore
from deviator.studies.run.store.drivers import LOST_S

HERE = Execution("serial", workers=1, limit_s=60)


def hidden(store):
    return [path.name for path in (store.folder / "cells").iterdir() if path.name[0] == "."]


def stand_still(store):
    """Let a driver count no more, as one does whose machine is gone or that is suspended."""
    store._seat.drivers._left.set()
    store._seat.drivers._thread.join()


def kill(store, folder):
    """Leave a driver's file as a process leaves it that was killed."""
    stand_still(store)
    for path in (folder / "drivers").glob(f"{store._seat.drivers.me.name}.json"):
        path.write_text(json.dumps(json.loads(path.read_text()) | {"start": "another's"}))


def test_a_cell_is_claimed_by_one_driver_until_it_gives_it_back(opened, cells):
    one, two = opened(), opened()
    assert one.claim(cells[0])
    assert not two.claim(cells[0])
    assert two.claim(cells[1])
    one.release(cells[0])
    assert two.claim(cells[0])
    two.close()
    assert one.claim(cells[1])
    assert [other.pid for other in one.others()] == []


def test_the_second_driver_knows_of_the_first(opened):
    one = opened()
    assert one.others() == []
    two = opened()
    assert [other.name for other in two.others()] == [one._seat.drivers.me.name]


def test_a_process_without_file_handles_neither_drives_on_nor_stays_a_driver(opened, monkeypatch):
    one, listed = opened(), Path.iterdir

    def refuse(folder):
        if folder.name == "cells":
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), str(folder))
        return listed(folder)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "iterdir", refuse)
        with pytest.raises(ResultsError, match="allow more open files"):
            opened()
    assert one.others() == []


def test_a_driver_whose_file_cannot_be_read_now_is_not_taken_for_lost(opened, cells, monkeypatch):
    one, two, opened_file = opened(), opened(), os.open
    assert one.claim(cells[0])

    def refuse(path, flags, *rest, **named):
        if Path(path).parent.name == "drivers" and not flags & os.O_CREAT:
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), str(path))
        return opened_file(path, flags, *rest, **named)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refuse)
        assert not two.claim(cells[0])
        assert two.others() == []


def test_a_driver_that_counts_keeps_its_claim_and_one_that_stands_still_loses_it(
    opened, cells, clock
):
    slow, quick = opened(), opened()
    assert slow.claim(cells[0])
    stand_still(slow)
    assert not quick.claim(cells[0])
    clock.now += LOST_S / 2
    slow._seat.drivers._beat += 1
    slow._seat.drivers._write()
    assert not quick.claim(cells[0])
    clock.now += LOST_S / 2
    assert not quick.claim(cells[0])
    clock.now += LOST_S
    assert quick.claim(cells[0])


def test_a_driver_that_goes_on_after_it_was_given_up_deletes_nothing(opened, cells, clock):
    slow, quick = opened(), opened()
    assert slow.claim(cells[0])
    first = slow.attempt(cells[0])
    stand_still(slow)
    assert not quick.claim(cells[0])
    clock.now += LOST_S
    assert quick.claim(cells[0])
    assert quick.save(cells[0], quick.attempt(cells[0]), made_up(cells[0], 1.0))
    quick.release(cells[0])
    assert first.is_dir()
    assert not slow.save(cells[0], first, made_up(cells[0], 2.0))
    slow.release(cells[0])
    assert quick.result(cells[0])["best_gain"] == 1.0
    assert hidden(quick) == []


def test_a_claim_that_was_taken_over_is_not_given_back_by_who_lost_it(opened, cells, clock):
    slow, quick, third = opened(), opened(), opened()
    assert slow.claim(cells[0])
    stand_still(slow)
    assert not quick.claim(cells[0])
    clock.now += LOST_S
    assert quick.claim(cells[0])
    slow.close()
    assert not third.claim(cells[0])


def test_what_a_killed_driver_left_is_swept_and_its_finished_cells_are_kept(
    opened, cells, tmp_path
):
    one = opened()
    one.claim(cells[0])
    assert one.save(cells[0], one.attempt(cells[0]), made_up(cells[0]))
    one.claim(cells[1])
    (one.attempt(cells[1]) / "seed0.json").write_text("half")
    kill(one, tmp_path / "run")
    two = opened()
    assert hidden(two) == []
    assert two.result(cells[0]) == made_up(cells[0])
    assert two.claim(cells[1])
    assert [path.stem for path in (tmp_path / "run" / "drivers").iterdir()] == [
        two._seat.drivers.me.name
    ]


def test_what_a_suspended_driver_or_one_elsewhere_left_stays(opened, cells, tmp_path):
    one, two = opened(), opened()
    kept = [one.attempt(cells[0]), two.attempt(cells[1])]
    stand_still(one)
    stand_still(two)
    path = tmp_path / "run" / "drivers" / f"{two._seat.drivers.me.name}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"host": "elsewhere", "pid": 1}))
    opened()
    assert all(attempt.is_dir() for attempt in kept)


def test_a_driver_elsewhere_is_told_of_once_it_has_been_seen_to_count(opened, tmp_path):
    one, two = opened(), opened()
    stand_still(one)
    path = tmp_path / "run" / "drivers" / f"{one._seat.drivers.me.name}.json"
    content = json.loads(path.read_text()) | {"host": "node\x1b[31m7"}
    path.write_text(json.dumps(content))
    assert two.others() == []
    path.write_text(json.dumps(content | {"beat": 99}))
    assert [other.title for other in two.others()] == [f"process {content['pid']} on node[31m7"]


def test_a_driver_waits_for_the_cells_of_others_and_takes_what_they_found(
    opened, cells, monkeypatch
):
    one, two = opened(), opened()
    assert all(one.claim(cell) for cell in cells)
    attempts = {cell.key: one.attempt(cell) for cell in cells}
    asked = []

    def finish(seconds):
        """Let the other driver finish one cell for each look of this one."""
        cell = cells[len(asked)]
        asked.append(cell)
        if len(asked) == 2:
            one.fail(cell, attempts[cell.key], "planted")
        else:
            one.save(cell, attempts[cell.key], made_up(cell))
        one.release(cell)

    monkeypatch.setattr("deviator.studies.run.driver.time.sleep", finish)
    notes = []
    progress = SilentProgress()
    monkeypatch.setattr(SilentProgress, "note", lambda _, text: notes.append(text))
    failures = run_missing(cells, two, HERE, progress)
    assert failures == {cells[1].label(): "planted"}
    assert asked == cells
    assert two.result(cells[0]) == made_up(cells[0])
    assert notes[0].startswith(f"another driver works on {two.folder}, too (process ")
    assert notes[1] == "waiting for the cells that other drivers compute"


def test_the_next_run_tries_again_what_was_given_up(opened, cells, tmp_path):
    one = opened()
    assert one.claim(cells[0])
    one.fail(cells[0], one.attempt(cells[0]), "planted")
    one.close()
    two = opened()
    assert two.failure(cells[0]) is None
    assert two.save(cells[0], two.attempt(cells[0]), made_up(cells[0]))
    assert list((tmp_path / "run" / "cells").glob("*.failed.json")) == []


def test_drivers_that_start_a_folder_together_do_not_take_it_for_another_ones(
    tmp_path, monkeypatch
):
    from deviator.studies.run.store import run_store as module

    looked = module._has_visible_files

    def started_meanwhile(folder):
        monkeypatch.undo()
        RunStore.open(folder, quiet()).close()
        return looked(folder)

    (tmp_path / "run").mkdir()
    monkeypatch.setattr(module, "_has_visible_files", started_meanwhile)
    RunStore.open(tmp_path / "run", quiet()).close()
