"""The table of all figures: for the terminal, as Markdown, and as JSON and back."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from .harness import Row
from .topics import TopicResult, row_of

COLUMNS = ("work", "size", "figure", "reached", "bar", "met", "deviator", "baseline")


@dataclass(frozen=True)
class Results:
    """One run: the machine that it ran on, and what each topic measured."""

    machine: dict[str, str]
    topics: tuple[TopicResult, ...]

    def to_json(self) -> str:
        """Return the run as JSON."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Results:
        """Return the run that JSON describes."""
        plain = json.loads(text)
        return cls(plain["machine"], tuple(map(_topic_of, plain["topics"])))

    @property
    def failures(self) -> tuple[TopicResult, ...]:
        """Return the topics that failed."""
        return tuple(result for result in self.topics if result.failure)

    @property
    def rows(self) -> tuple[Row, ...]:
        """Return the rows of all topics."""
        return tuple(row for result in self.topics for row in result.rows)


def _topic_of(plain: dict[str, Any]) -> TopicResult:
    return TopicResult(**(plain | {"rows": tuple(map(row_of, plain["rows"]))}))


def cells(row: Row) -> tuple[str, ...]:
    """Return a row as text, one cell for each of `COLUMNS`."""
    reached = plain_number(row.value)
    if row.spread is not None:
        reached += f" ({plain_number(row.spread[0])} to {plain_number(row.spread[1])})"
    bar = f"{row.bar.sense} {plain_number(row.bar.value)}" if row.bar else ""
    met = {None: "", True: "yes", False: "**no**"}[row.met]
    sides = (quantity(row.deviator, row.unit), quantity(row.baseline, row.unit))
    return (row.work, row.size, row.figure, reached, bar, met, *sides)


def plain_number(value: float) -> str:
    """Return a number with three digits that count; large ones with thousands set off."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def quantity(value: float | None, unit: str) -> str:
    """Return a measurement in a unit that keeps it short; nothing for None."""
    if value is None:
        return ""
    scales = {
        "s": ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns")),
        "bytes": ((2.0**30, "GiB"), (2.0**20, "MiB"), (2.0**10, "KiB"), (1.0, "bytes")),
    }.get(unit, ((1.0, unit),))
    scale, name = next((pair for pair in scales if abs(value) >= pair[0]), scales[-1])
    return f"{plain_number(value / scale)} {name}"


def markdown(results: Results) -> str:
    """Return the page ``benchmarks/results.md``."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`; [docs/benchmarks.md](../docs/benchmarks.md) says how to read it.",
        "",
        *_row_lines(COLUMNS),
        "|" + "---|" * len(COLUMNS),
    ]
    for result in results.topics:
        for row in result.rows:
            lines += _row_lines(cells(row))
        if result.failure:
            lines += _row_lines((f"`{result.topic}` failed", *[""] * (len(COLUMNS) - 1)))
    return "\n".join([*lines, *_notes(results), *_failures(results), *_machine(results), ""])


def _row_lines(texts: tuple[str, ...]) -> list[str]:
    """Return a line of a Markdown table."""
    escaped = (text.replace("|", r"\|") for text in texts)
    return ["| " + " | ".join(escaped) + " |"]


def _notes(results: Results) -> list[str]:
    """Return what each row says about itself, one bullet for each."""
    noted = [row for row in results.rows if row.note]
    bullets = [f"- *{row.work}, {row.size}, {row.figure}*: {row.note}" for row in noted]
    return ["", "## What bounds them", "", *bullets] if bullets else []


def _failures(results: Results) -> list[str]:
    """Return the reason of each failure."""
    reasons = [f"- `{result.topic}`: {result.failure}" for result in results.failures]
    return ["", "## Failed", "", *reasons] if reasons else []


def _machine(results: Results) -> list[str]:
    """Return the facts about the machine."""
    seconds = sum(result.seconds for result in results.topics)
    facts = [f"- {name}: {fact}" for name, fact in results.machine.items()]
    return ["", "## Measured on", "", *facts, f"- the whole run: {seconds / 60:.1f} minutes"]
