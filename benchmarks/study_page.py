"""What the page and the figures of a study cost: CPU milliseconds a row, from 100 to 10,000 rows.

The rows are made up: markets at several sizes and tax slopes, each with three learning curves.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from deviator.studies.figures.write import write_figures
from deviator.studies.report.page import write_html
from deviator.studies.run.store import RunStore

from .harness import Row, at_most

SIZES = (100, 400, 10_000)
"""Rows of a study."""

SEEDS, POINTS = 3, 50

PAGE_MS, FIGURES_S = 2.0, 60.0
"""Bars: of the page a row, and of all figures together."""

MIB = 2**20

CERTIFICATE = {
    "kind": "exact linear-quadratic",
    "conditions": [
        {"name": f"condition {number} of a certificate", "holds": True, "detail": "mu = 1.4"}
        for number in range(8)
    ],
}
"""What a certificate of a made-up row says."""


def rows() -> list[Row]:
    """Measure the page at each size, and the figures of the largest study."""
    measured = [_page(count) for count in SIZES]
    return [*measured, _figures(SIZES[-1])]


def _page(count: int) -> Row:
    with TemporaryDirectory() as folder:
        store, content = RunStore(Path(folder)), synthetic_content(count)
        seconds = _cpu_seconds(lambda: write_html(store, content))
        size = (Path(folder) / "report.html").stat().st_size / MIB
    figure = "CPU milliseconds a row"
    return Row(
        "page of a study", f"{count:,} rows", figure, seconds / count * 1e3, at_most(PAGE_MS),
        note=f"{size:.1f} MiB",
    )  # fmt: skip


def _figures(count: int) -> Row:
    with TemporaryDirectory() as folder:
        store, content = RunStore(Path(folder)), synthetic_content(count)
        seconds = _cpu_seconds(lambda: write_figures(store, content))
    return Row("figures of a study", f"{count:,} rows", "CPU seconds", seconds, at_most(FIGURES_S))


def _cpu_seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def synthetic_content(count: int) -> dict[str, Any]:
    """Return the content of a report of so many rows that no study found."""
    return {
        "study": "made-up",
        "quick": False,
        "interval": "95% Student interval of the mean over seeds",
        "rows": [synthetic_row(place) for place in range(count)],
        "failures": {},
        "comparisons": {"sampled": 0, "refuted": 0, "family_wise_error": 0.0},
        "versions": {"deviator": "0"},
    }


def synthetic_row(place: int) -> dict[str, Any]:
    """Return a row that no study found: its place decides size, tax slope, rule and gains."""
    n, sigma = 4 * 2 ** (place % 4), 0.1 * (place // 4 % 25)
    refuted = place % 3 == 0
    gain = 1.0 / n**2 if refuted else 0.0
    economy = {"n_traders": n, "beta": 0.1 * (place // 100)}
    return {
        "question": "deviation", "mechanism": "uniform-conditional" if refuted else "sigma-dcda",
        "parameters": {}, "economy": "two groups", "strategy": "honest", "strategy_parameters": {},
        "economy_settings": {"family": "two-groups", "parameters": economy},
        "economy_label": f"two groups beta={economy['beta']:.1f}", "trader": 0, "n_traders": n,
        "sigma": sigma, "sigma_rule": None, "information": "profile", "constraint": None,
        "members": 1, "identities": 1, "transfers": False, "learner": "ppo", "learner_settings": {},
        "steps": 10_000, "held_out": 2000, "plugins": [], "undeclared_reads": [],
        "key": f"{place:012x}", "seeds": list(range(SEEDS)), "untrained_gain": gain - 1.0,
        "by_seed": [_seed(gain, seed) for seed in range(SEEDS)],
        "learned_gain": 0.9 * gain, "learned_gain_interval": [0.8 * gain, gain],
        "learned_gain_max": gain, "training_gain_max": gain, "share": 0.9 if refuted else None,
        "curves": [_curve(gain, seed) for seed in range(SEEDS)], "stopped": [], "power": 0.9,
        "cap": gain, "certificate": CERTIFICATE, "lower": gain, "epsilon": 1e-9, "scale": 1.0,
        "state": "refuted" if refuted else "confirmed", "scope": "every profile", "reason": "",
        "worst": gain, "stakes": 1.0, "power_interval": None, "share_interval": None,
        "witness": _witness(n, gain) if refuted else None, "each_draw": None, "unit": "money",
        "honest_utility": 1.0, "exact_gain": gain, "best_gain": gain, "best_gain_kind": "exact",
        "control": None if refuted else {"key": None}, "constraints": None,
        "outcomes": None, "beyond": None, "equilibrium": None,
    }  # fmt: skip


def _seed(gain: float, seed: int) -> dict[str, Any]:
    return {
        "seed": seed,
        "untrained_gain": gain - 1.0,
        "learned_gain": 0.9 * gain,
        "learned_gain_max": gain,
        "training_gain_max": gain,
        "stopped": None,
    }


def _curve(gain: float, seed: int) -> list[list[float]]:
    steps = (200.0 * point for point in range(POINTS))
    return [[step, gain - (1.0 + 0.1 * seed) / (1.0 + step / 200.0)] for step in steps]


def _witness(n: int, gain: float) -> dict[str, Any]:
    outcome = {"price": 0.0, "quantity": 1.0, "transfer": 0.0, "utility": 1.0}
    return {
        "trader": 0,
        "types": [(-1.0) ** trader for trader in range(n)],
        "honest_bids": [[1.0, 0.5]] * n,
        "bid": [0.8, 0.5],
        "honest_outcome": outcome,
        "deviating_outcome": outcome | {"quantity": 0.8},
        "gain": gain,
    }
