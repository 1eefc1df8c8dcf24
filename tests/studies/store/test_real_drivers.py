"""Drivers that are killed, suspended and started beside each other, as processes (make verify)."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from helpers.quiet_study import QUIET

pytestmark = pytest.mark.slow

MANY = """
  - {mechanism: sigma-dcda, sigma: [1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9], economy: groups}
  - {mechanism: uniform-conditional, economy: groups}
  - {mechanism: naive-walrasian, economy: private}
"""
TIME_OUT = 900
"""Seconds after which a driver counts as hanging."""


@pytest.fixture
def study(tmp_path):
    head = QUIET.partition("cells:")[0].replace("held_out: 100", "held_out: 20000")
    (tmp_path / "study.yaml").write_text(f"{head}cells:{MANY}")
    return tmp_path / "study.yaml"


def start(study, folder, *arguments):
    command = [sys.executable, "-m", "deviator.cli", "confirm", study, "--out", folder]
    return subprocess.Popen(
        [*command, "--workers", "1", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(driver):
    printed = driver.communicate(timeout=TIME_OUT)
    assert driver.returncode == 0, printed
    return "".join(printed)


def finished(folder):
    return {path: path.stat().st_mtime_ns for path in folder.glob("cells/[!.]*/result.json")}


def await_cells(driver, folder, least):
    while len(finished(folder)) < least and driver.poll() is None:
        time.sleep(0.02)


def outcome(folder):
    """Return the bytes of all that a study found."""
    names = [
        "report.json",
        "report.html",
        *(f"tables/{path.name}" for path in (folder / "tables").iterdir()),
    ]
    return {name: (folder / name).read_bytes() for name in sorted(names)}


@pytest.fixture
def whole(study, tmp_path):
    """What the study finds where nobody disturbs it."""
    end(start(study, tmp_path / "whole"))
    return outcome(tmp_path / "whole")


def test_killed_drivers_lose_no_finished_cell(study, whole, tmp_path):
    folder, rounds = tmp_path / "run", 0
    kept = {}
    while len(kept) < 10:
        driver = start(study, folder)
        await_cells(driver, folder, len(kept) + 1 + rounds % 3)
        driver.kill()
        driver.communicate()
        now = finished(folder)
        assert now.items() >= kept.items()
        kept, rounds = now, rounds + 1
    end(start(study, folder))
    assert finished(folder).items() >= kept.items()
    assert outcome(folder) == whole
    assert [path.name for path in (folder / "cells").iterdir() if path.name[0] == "."] == []
    assert list((folder / "drivers").iterdir()) == []


def test_three_drivers_share_a_study_and_one_may_be_suspended(study, whole, tmp_path):
    folder = tmp_path / "run"
    slow = start(study, folder)
    await_cells(slow, folder, 2)
    os.kill(slow.pid, signal.SIGSTOP)
    others = [start(study, folder) for _ in range(2)]
    try:
        printed = [end(other) for other in others]
        done = finished(folder)
        assert len(done) == 12
        assert outcome(folder) == whole
    finally:
        os.kill(slow.pid, signal.SIGCONT)
    end(slow)
    assert finished(folder) == done
    assert outcome(folder) == whole
    for text in printed:
        assert f"process {slow.pid} on" in " ".join(text.split())


def test_drivers_of_other_budgets_and_of_other_studies_take_nothing(study, whole, tmp_path):
    folder = tmp_path / "run"
    other = study.with_name("other.yaml")
    other.write_text(study.read_text().replace("name: quiet", "name: another"))
    drivers = [start(study, folder), start(study, folder, "--quick")]
    await_cells(drivers[0], folder, 1)
    refused = start(other, folder)
    assert "must belong to study 'another', and was written by 'quiet'" in " ".join(
        "".join(refused.communicate(timeout=TIME_OUT)).split()
    )
    for driver in drivers:
        end(driver)
    assert len(finished(folder)) == 24
    end(start(study, folder))
    assert outcome(folder) == whole
    assert not json.loads((folder / "report.json").read_text())["quick"]
