"""Drivers and workers that are killed at random moments: finished cells stay as they are."""

import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from helpers.many_cells import below, finished, report_files, run, start, write_study


def kill(process, victim, rng):
    """Kill a driver, or one of the processes below it; return those that must end by themselves."""
    children = below(process)
    if victim == "driver" or not children:
        process.kill()
        process.wait()
        return children
    children[rng.integers(len(children))].kill()
    return []


def run_with_kills(study, out, kills, seconds, rng):
    """Run a study whose driver or worker is killed so many times, then to its end."""
    kept = {}
    for _ in range(kills):
        process = start(study, out, "--workers", 2)
        time.sleep(rng.uniform(0, seconds))
        orphans = kill(process, ("driver", "worker")[rng.integers(2)], rng)
        process.communicate()
        _, alive = psutil.wait_procs(orphans, timeout=600)
        assert not alive, "workers must end with their driver"
        now = finished(out)
        assert now.items() >= kept.items(), "finished cells must be kept as they are"
        kept = now
    code, _, said = run(study, out, "--workers", 2)
    assert code == 0, said
    assert finished(out).items() >= kept.items()


@pytest.mark.slow
@pytest.mark.parametrize(("cells", "kills"), [(12, 3), (200, 30)])
def test_killed_runs_end_as_an_undisturbed_one(tmp_path, cells, kills):
    study, rng, began = write_study(tmp_path, cells), np.random.default_rng(cells), time.monotonic()
    code, _, said = run(study, tmp_path / "whole", "--workers", 2)
    assert code == 0, said
    seconds = time.monotonic() - began
    rounds = max(kills // 10, 1)
    for number in range(rounds):
        out = tmp_path / f"killed-{number}"
        run_with_kills(study, out, kills // rounds, seconds / 3, rng)
        assert len(finished(out)) == cells
        assert report_files(out) == report_files(tmp_path / "whole")
        left = [path.name for path in Path(out).glob("cells/.*")]
        assert not [name for name in left if "attempt" in name]
