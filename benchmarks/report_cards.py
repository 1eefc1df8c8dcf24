"""What a report card costs, in a process of its own: seconds, and peak memory.

All five constraints of every trader, with certificates and without a learner.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import deviator
from deviator.economies import (
    Economy,
    factored,
    linear_quadratic,
    public_statistics,
    two_groups,
)

from .harness import Row, at_most, run_apart

WORK = "report card of sigma-dcda"
SIGMA = 0.3
MIB = 2**20


def rows() -> list[Row]:
    """Measure a small market, the largest ones that are exact, and one by theorem."""
    return [
        *_measured("two groups, 10 traders", "groups", 10, seconds=3.0, mebibytes=300.0),
        *_measured("two groups, 60 traders", "groups", 60, seconds=30.0),
        *_measured("any weights, 60 traders", "any", 60, seconds=30.0),
        *_measured("factored, 100,000 traders", "factored", 100_000, seconds=10.0),
    ]


def _measured(
    size: str, kind: str, n_traders: int, seconds: float, mebibytes: float | None = None
) -> list[Row]:
    apart = run_apart("benchmarks.report_cards:card", kind, n_traders)
    peak, note = apart.peak_bytes / MIB, f"incentives {apart.value['state']}"
    memory = None if mebibytes is None else at_most(mebibytes)
    return [
        Row(WORK, size, "seconds", apart.seconds, at_most(seconds), note=note),
        Row(WORK, size, "peak MiB, interpreter included", peak, memory),
    ]


def card(kind: str, n_traders: int) -> dict[str, str]:
    """Audit one market."""
    economy, settings = market(kind, n_traders)
    return {"state": deviator.audit("sigma-dcda", economy, sigma=SIGMA, **settings).state}


def market(kind: str, n: int) -> tuple[Economy, dict[str, Any]]:
    """Return an economy, and what the auction publishes in it."""
    rng = np.random.default_rng(0)
    if kind == "groups":
        return two_groups(n), {}
    if kind == "any":
        weights = np.eye(n) + 0.3 * rng.random((n, n)) / n
        return linear_quadratic(weights, 1 + rng.random(n)), {}
    own, loadings = 1 + rng.random(n), 0.1 * rng.random((n, 2))
    economy = factored(own, loadings, rng.random((2, n)) / n, 1 + rng.random(n))
    return economy, {"statistics": public_statistics(economy, SIGMA)}
