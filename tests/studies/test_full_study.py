"""The promises of the README, run in full: minutes, not seconds (make verify)."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from helpers.rechecked_study import check_stand_alone, write_files

pytestmark = pytest.mark.slow

NAIVE_SHARE, SHARE, LARGE_MARKET_SHARE = 0.99, 0.95, 0.90
NULL_SHARE, LARGE_MARKET_NULL_SHARE = 2e-4, 1e-3


def confirm(folder, *arguments):
    command = [sys.executable, "-m", "deviator.cli", "confirm", "--out", folder, *arguments]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command, preexec_fn=listen_to_interrupts, **quiet)


def listen_to_interrupts():
    """Undo what shells do to jobs in the background, which would ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def finished_cells(folder):
    return list((folder / "cells").glob("*/result.json"))


@pytest.fixture(scope="module")
def full_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "full"
    started = time.perf_counter()
    assert confirm(folder).wait() == 0
    print(f"\nfull study: {time.perf_counter() - started:.0f} s on {os.cpu_count()} cores")
    return folder


@pytest.fixture(scope="module")
def full(full_folder):
    return json.loads((full_folder / "report.json").read_text())["rows"]


def title(row):
    return " ".join(str(row[k]) for k in ("mechanism", "economy", "n_traders", "information"))


def test_learners_capture_what_there_is(full):
    for row in (row for row in full if row["share"] is not None):
        large = row["n_traders"] > 10
        naive = (row["mechanism"], row["n_traders"], row["information"]) == (
            "naive-walrasian",
            10,
            "profile",
        )
        least = NAIVE_SHARE if naive else LARGE_MARKET_SHARE if large else SHARE
        print(f"{title(row):70s} share {row['share']:.4f} (at least {least})")
        assert row["share"] >= least


def test_null_markets_yield_nothing(full):
    for row in (row for row in full if row["share"] is None):
        bound = LARGE_MARKET_NULL_SHARE if row["n_traders"] > 10 else NULL_SHARE
        distance = row["learned_gain"] / row["scale"]
        print(f"{title(row):70s} gain / scale {distance:+.1e} (within {bound})")
        assert row["state"] == "confirmed"
        assert row["untrained_gain"] < row["learned_gain"]
        assert abs(distance) <= bound
        if row["mechanism"] == "sigma-dcda":
            assert row["learned_gain_max"] < 1e-12 * row["scale"]
            assert row["training_gain_max"] < 1e-12 * row["scale"]


def test_refuted_and_certified_rows_are_checked_again(full, full_folder, tmp_path):
    """Every witness and every exact certificate passes a script that knows nothing of deviator."""
    states = [row["state"] for row in full]
    paths = write_files(full_folder, tmp_path)
    assert len(paths["witness"]) >= states.count("refuted")
    assert len(paths["certificate"]) >= states.count("confirmed")
    for kind in paths:
        started = time.perf_counter()
        code, printed = check_stand_alone(kind, paths[kind])
        print(f"{len(paths[kind])} {kind} files: {time.perf_counter() - started:.1f} s")
        assert code == 0, printed


def test_killed_and_interrupted_runs_end_with_the_same_bytes(tmp_path):
    """kill -9 twice and Ctrl-C once, then finish; beside a run that nobody disturbs."""
    broken, whole = tmp_path / "broken", tmp_path / "whole"
    for sign, least in ((signal.SIGKILL, 2), (signal.SIGINT, 8), (signal.SIGKILL, 16)):
        process = confirm(broken, "--quick")
        while len(finished_cells(broken)) < least:
            assert process.poll() is None
            time.sleep(0.2)
        process.send_signal(sign)
        process.wait()
        cells = finished_cells(broken)
        print(f"\nafter {sign.name}: {len(cells)} finished cells")
        assert not (broken / "report.json").exists()
    assert len(cells) < 42
    kept = {cell: cell.stat().st_mtime_ns for cell in cells}
    started = time.perf_counter()
    assert confirm(broken, "--quick").wait() == 0
    assert all(cell.stat().st_mtime_ns == stamp for cell, stamp in kept.items())
    print(f"resumed: {time.perf_counter() - started:.0f} s")
    started = time.perf_counter()
    assert confirm(whole, "--quick").wait() == 0
    print(f"quick study: {time.perf_counter() - started:.0f} s")
    assert (broken / "report.json").read_bytes() == (whole / "report.json").read_bytes()
