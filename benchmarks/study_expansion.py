"""What the driver of a study spends on each cell before any runs: CPU time, at growing sizes.

Each study is a grid over sizes, taxes, weights and traders, as a person writes it in six lines.
Expansion makes all cells, their keys and labels, and tries one of each kind.
"""

from __future__ import annotations

import time

from deviator.studies import StudySpec
from deviator.studies.run.usable_cells import TRIAL_S, usable_cells

from .harness import Row, at_most, threads

SIZES = (10, 100, 420)
"""Weights of the grid: each makes 16 cells and their 8 controls."""

CELL_MS, GROWTH = 2.0, 1.2


def rows() -> list[Row]:
    """Return milliseconds a cell, and how they grow with the cells."""
    with threads(1):
        _cell_ms(1)
        measured = [_cell_ms(size) for size in SIZES]
    found = [
        Row(
            "study expansion",
            f"{cells:,} cells",
            "ms of CPU a cell",
            ms,
            at_most(CELL_MS),
            unit="ms",
        )
        for cells, ms in measured
    ]
    (few, least), (many, most) = measured[1], measured[-1]
    figure, note = "cost of a cell, many over few", "1 is linear"
    size = f"{few:,} and {many:,} cells"
    return [*found, Row("study expansion", size, figure, most / least, at_most(GROWTH), note=note)]


def _cell_ms(weights: int) -> tuple[int, float]:
    """Return how many cells a study of so many weights has, and milliseconds a cell."""
    study = _study(weights)
    start = time.process_time()
    cells, failures, _ = usable_cells(study, False, TRIAL_S)
    labels = {cell.label() for cell in cells}
    spent = time.process_time() - start
    if failures or len(labels) != len(cells):
        raise RuntimeError(f"cells must have labels of their own and run, got {failures}")
    return len(cells), 1000 * spent / len(cells)


def _study(weights: int) -> StudySpec:
    groups = {
        "family": "two-groups",
        "n_traders": [4, 10],
        "alpha": {"each": [1.0 + place / 1000 for place in range(weights)]},
        "beta": 0.7,
    }
    tested = {"mechanism": "sigma-dcda", "sigma": [0.3, "sigma-n"], "economy": "groups"}
    return StudySpec.model_validate(
        {
            "name": "grid",
            "learner": "none",
            "seeds": [0],
            "held_out": 100,
            "economies": {"groups": groups},
            "cells": [tested | {"trader": [0, 3], "information": ["profile", "own"]}],
        }
    )
