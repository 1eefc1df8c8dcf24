"""What the scheduling of a study's cells costs, and how much faster two workers are than one.

Empty cells run through the executor and the store as a study's cells do: claimed, computed in a
guarded process, saved, given back. Cells of a second compute and leave nothing on disk.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deviator.studies.run.executors import execute
from deviator.studies.run.store import RunStore
from deviator.studies.spec.cell import Cell
from deviator.studies.spec.study import StudySpec

from .harness import Row, at_least, at_most

EMPTY = 300
"""Empty cells that are timed, after as many as warm two workers up."""

WARM = 50

CELLS, CELL_S = 100, 1.0
"""Cells that compute for a second each, as measured on one worker."""

BAR_MS = 50.0


def rows() -> list[Row]:
    """Return what an empty cell costs, and the gain of a second worker."""
    wall_ms, driver_ms = empty_cell_ms()
    size = f"{EMPTY} cells, 2 workers"
    return [
        Row(
            "an empty cell of a study: claimed, scheduled, saved",
            size,
            "ms of time that passes",
            wall_ms,
            at_most(BAR_MS),
        ),
        Row("the same", size, "ms of the driver's processor", driver_ms, at_most(BAR_MS)),
        _two_workers(),
    ]


def empty_cell_ms() -> tuple[float, float]:
    """Return milliseconds of wall time and of the driver's processor per empty cell."""
    with tempfile.TemporaryDirectory() as folder:
        study, cells = _study()
        with RunStore.open(Path(folder) / "run", study) as store:
            began: tuple[float, float] | None = None
            ended = execute(empty, _claimed(store, cells), workers=2)
            for place, ((cell, attempt), value, error) in enumerate(ended):
                if error is not None:
                    raise error
                store.save(cell, attempt, value)
                store.release(cell)
                if place + 1 == WARM:
                    began = time.perf_counter(), time.process_time()
        if began is None:
            raise RuntimeError("an empty cell must come back, and none did")
        wall, driver = time.perf_counter() - began[0], time.process_time() - began[1]
    return 1e3 * wall / EMPTY, 1e3 * driver / EMPTY


def empty(cell: Cell, _: Path) -> dict[str, Any]:
    """Return the result of a cell that computes nothing."""
    return {"key": cell.key}


def spin(rounds: int) -> int:
    """Compute for a while in pure Python."""
    total = 0
    for each in range(rounds):
        total += each * each
    return total


def _two_workers() -> Row:
    rounds = 10**6
    began = time.process_time()
    spin(rounds)
    rounds = round(rounds * CELL_S / (time.process_time() - began))
    seconds = {workers: _seconds(workers, rounds) for workers in (1, 2)}
    return Row(
        f"{CELLS} cells of a second",
        "two workers against one",
        "times faster, their start included",
        seconds[1] / seconds[2],
        at_least(1.8),
        seconds[2],
        seconds[1],
        note="needs two cores that do nothing else",
    )


def _seconds(workers: int, rounds: int) -> float:
    began = time.perf_counter()
    for _, _, error in execute(spin, ((rounds,) for _ in range(CELLS)), workers=workers):
        if error is not None:
            raise error
    return time.perf_counter() - began


def _claimed(store: RunStore, cells: list[Cell]) -> Iterator[tuple[Cell, Path]]:
    for cell in cells:
        if store.claim(cell):
            yield cell, store.attempt(cell)


def _study() -> tuple[StudySpec, list[Cell]]:
    sizes = [round(0.01 * (place + 1), 2) for place in range(WARM + EMPTY)]
    entry = {"mechanism": "sigma-dcda", "economy": "private", "question": "audit"}
    study = StudySpec.model_validate(
        {
            "name": "empty",
            "seeds": [0],
            "steps": 1,
            "held_out": 100,
            "learner": "none",
            "economies": {"private": {"family": "private-values", "n_traders": 3}},
            "cells": [entry | {"sigma": size} for size in sizes],
        }
    )
    return study, list(study.expand())
