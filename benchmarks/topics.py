"""The topics of the table, and one of them run in a process of its own."""

from __future__ import annotations

import importlib
from dataclasses import asdict, dataclass
from typing import Any

from .harness import Bar, Row, run_apart
from .machine import usable_cores

TOPICS = (
    "dense_clearing",
    "low_dimensional",
    "large_market",
    "uniform_price",
    "exact_regret",
    "type_grid",
    "environment_step",
    "smooth_clearing",
)
"""Modules of this folder with a function ``rows``, in the order of the table."""

EXTRA_TOPICS = (
    "report_cards",
    "adversary",
    "faults",
    "numba_weighing",
    "default_learners",
    "study_expansion",
    "study_page",
    "study_report",
    "study_scheduling",
)
"""Topics that measure no speed, or need what the project does not install; run when named."""


@dataclass(frozen=True)
class TopicResult:
    """What a topic measured: its rows, or the reason why there are none."""

    topic: str
    rows: tuple[Row, ...] = ()
    seconds: float = 0.0
    failure: str | None = None


def run_topic(topic: str) -> TopicResult:
    """Measure a topic; what fails or hangs there costs its own rows only."""
    try:
        cores = usable_cores()
        apart = run_apart("benchmarks.topics:plain_rows", topic, thread_count=cores)
    except RuntimeError as error:
        return TopicResult(topic, failure=str(error))
    return TopicResult(topic, tuple(map(row_of, apart.value)), apart.seconds)


def plain_rows(topic: str) -> list[dict[str, Any]]:
    """Return the rows of a topic as plain data."""
    return [asdict(row) for row in importlib.import_module(f"benchmarks.{topic}").rows()]


def row_of(plain: dict[str, Any]) -> Row:
    """Return the row that plain data describe."""
    bar = plain["bar"] and Bar(**plain["bar"])
    spread = plain["spread"] and tuple(plain["spread"])
    return Row(**(plain | {"bar": bar, "spread": spread}))
