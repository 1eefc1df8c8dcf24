"""Cells that harm their process, among many good ones: they are named, and the others complete."""

import json

import psutil
import pytest
from helpers.many_cells import finished, run, write_study

PLUGIN = """
import ctypes
import os
import subprocess
import sys
import time

from deviator.mechanisms import Mechanism, ScheduleLanguage, UniformDoubleAuction


def harm(what):
    if what == "memory":
        held = []
        while True:
            held.append(b"x" * 2**26)
    if what == "hang":
        time.sleep(36000)
    if what == "crash":
        ctypes.string_at(0)
    if what == "exit":
        os._exit(0)
    if what == "kill":
        os.kill(os.getpid(), 9)
    if what == "fork":
        for _ in range(4):
            os.fork()
        time.sleep(36000)
    if what == "print":
        while True:
            os.write(1, b"\\x1b[31mloud " * 1000)
    if what == "raise":
        raise SystemExit("two\\nlines")


class Poison(Mechanism):
    name = "poison"
    language = ScheduleLanguage()

    def __init__(self, what="raise", late=False):
        self.what, self.late = what, late

    def clear(self, bids):
        # The trial of a cell is of few markets.
        if not self.late or len(bids.level) >= 100:
            harm(self.what)
        return UniformDoubleAuction().clear(bids)
"""

HARMS = ("memory", "hang", "crash", "exit", "kill", "fork", "print", "raise")


def entry(what, late):
    return (
        "{mechanism: 'poison.py:poison', economy: private, information: own, "
        f"parameters: {{what: {what}, late: {str(late).lower()}}}}}"
    )


@pytest.mark.slow
def test_poison_cells_are_named_and_the_others_complete(tmp_path):
    (tmp_path / "poison.py").write_text(PLUGIN)
    more = [entry(what, late) for what in HARMS for late in (False, True)]
    study = write_study(tmp_path, 100, ["poison.py"], more)
    code, printed, said = run(study, tmp_path / "out", "--trust", "--workers", 2)
    assert code == 1
    assert "Traceback" not in printed + said
    assert "\x1b" not in printed + said
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert len(report["rows"]) == len(finished(tmp_path / "out")) == 100
    assert len(report["failures"]) == len(more)
    assert all("poison" in name and "\n" not in why for name, why in report["failures"].items())
    names = [each.info["cmdline"] for each in psutil.process_iter(["cmdline"])]
    assert not [name for name in names if name and str(tmp_path) in " ".join(name)]
