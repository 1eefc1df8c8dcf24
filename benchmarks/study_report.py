"""What the report of a large study costs: milliseconds of CPU time a cell, without figures.

The cells are copies of one that was run, with other economies and its control; the report step
reads no disk and draws nothing. Reading a cell's result is measured beside it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from deviator.studies.report.comparisons import comparisons
from deviator.studies.report.page import write_html
from deviator.studies.report.row import report_rows
from deviator.studies.run.cell_result import run_cell
from deviator.studies.run.store import RunStore, to_json
from deviator.studies.spec.cell import Cell
from deviator.studies.spec.study import StudySpec
from deviator.studies.tables.write import write_tables

from .harness import Row, at_most

WORK = "report of a study"
FEW, MANY = 2_500, 10_000
BAR_MS, GROWTH = 2.0, 1.5
POINTS = 12
"""Points of a learning curve."""

STUDY: dict[str, Any] = {
    "name": "many",
    "learner": "none",
    "held_out": 100,
    "economies": {"groups": {"family": "two-groups", "n_traders": 4}},
    "cells": [
        {"mechanism": "sigma-dcda", "sigma": 0.4, "economy": "groups"},
        {"mechanism": "uniform-conditional", "economy": "groups"},
    ],
}


def rows() -> list[Row]:
    """Measure the parts of the report step at 10,000 cells, and their sum beside 2,500."""
    few, many = (measured(cells) for cells in (FEW, MANY))
    size = f"{MANY:,} cells"
    parts = [Row(WORK, size, f"ms of CPU a cell, {name}", cost) for name, cost in many.items()]
    total, growth = sum(many.values()), sum(many.values()) / sum(few.values())
    return [
        Row(WORK, size, "ms of CPU a cell", total, at_most(BAR_MS), note="without figures"),
        Row(WORK, f"{MANY:,} over {FEW:,} cells", "growth of it", growth, at_most(GROWTH)),
        *parts,
    ]


def measured(n_cells: int) -> dict[str, float]:
    """Return milliseconds of CPU time a cell by part of the report step."""
    cells, results = copies(n_cells)
    costs: dict[str, float] = {}

    def timed(part: str, work: Callable[[], Any]) -> Any:
        start = time.process_time()
        answer = work()
        costs[part] = 1000 * (time.process_time() - start) / n_cells
        return answer

    with TemporaryDirectory() as folder:
        store = RunStore(Path(folder))
        rows = timed("rows", lambda: report_rows(cells, results))
        content = {
            "study": "many",
            "quick": False,
            "interval": "",
            "rows": rows,
            "failures": {},
            "comparisons": comparisons(rows),
            "versions": {},
        }
        timed("page", lambda: write_html(store, content, []))
        timed("tables", lambda: write_tables(store, content))
        timed("report.json", lambda: store.write("report.json", to_json(content)))
    return costs


def copies(n_cells: int) -> tuple[list[Cell], list[dict[str, Any]]]:
    """Return cells with an economy of their own for each pair, and made-up trainings."""
    studied = StudySpec.model_validate(STUDY).expand()
    found = [run_cell(cell, Path()) | trained() for cell in studied]
    cells, results = [], []
    for place in range(n_cells):
        cell, pair = studied[place % 2], place // 2
        cells.append(_with_alpha(cell, 1.0 + pair / n_cells, f"{place:012x}"))
        results.append(json.loads(json.dumps(found[place % 2])))
    return cells, results


def _with_alpha(cell: Cell, alpha: float, key: str) -> Cell:
    economy = cell.market.economy
    swept = economy.model_copy(update={"parameters": economy.parameters | {"alpha": alpha}})
    market = cell.market.model_copy(update={"economy": swept})
    assert cell.control is not None
    control = cell.control.model_copy(update={"economy": swept})
    changed = cell.model_copy(update={"market": market, "control": control})
    changed.__dict__["key"] = key
    return changed


def trained() -> dict[str, Any]:
    """Return what three seeds may have learned."""
    return {
        "seeds": [
            {
                "seed": seed,
                "untrained_gain": -0.02,
                "learned_gain": -0.001 * (1 + seed),
                "learned_gain_max": 0.0,
                "training_gain_max": 0.0,
                "beyond_rounding": 0.0,
                "curve": [[512 * point, -0.02 / (1 + point)] for point in range(POINTS)],
                "stopped": None,
            }
            for seed in range(3)
        ]
    }
