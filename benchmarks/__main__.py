"""Run benchmarks: ``python -m benchmarks [TOPIC ...]``.

A run of all topics writes ``benchmarks/results.md`` and ``benchmarks/results.json``; a run of some
only prints, so that the table always comes from one run.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from .machine import machine
from .table import COLUMNS, Results, cells, markdown
from .topics import EXTRA_TOPICS, TOPICS, TopicResult, run_topic

HERE = Path(__file__).resolve().parent
PRINTED_WIDTH = 200
"""Columns where the output goes to a file."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write; return 1 if a topic failed, 0 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    known = (*TOPICS, *EXTRA_TOPICS)
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help=f"of {', '.join(known)}")
    topics = tuple(parser.parse_args(arguments).topics)
    if unknown := set(topics) - set(known):
        parser.error(f"a topic must be one of {', '.join(known)}, got {sorted(unknown)[0]}")
    results = measure(topics or TOPICS)
    if not topics:
        write(results, HERE)
    return 1 if results.failures else 0


def measure(topics: Sequence[str]) -> Results:
    """Run topics one after the other, and print each when it is done."""
    console = Console(width=None if sys.stdout.isatty() else PRINTED_WIDTH)
    facts = machine()
    for name, fact in facts.items():
        console.print(f"{name}: {fact}", highlight=False)
    done = []
    for topic in topics:
        done.append(run_topic(topic))
        show(done[-1], console)
    return Results(facts, tuple(done))


def show(result: TopicResult, console: Console) -> None:
    """Print the rows of a topic, or why there are none."""
    if result.failure:
        console.print(f"\n{result.topic}: {result.failure}", style="bold", markup=False)
        return
    table = Table(*COLUMNS, title=f"{result.topic}, {result.seconds:.0f} s", title_justify="left")
    for row in result.rows:
        table.add_row(*(cell.replace("**", "") for cell in cells(row)))
    console.print(table)
    for row in result.rows:
        if row.note:
            console.print(f"{row.size}, {row.figure}: {row.note}", markup=False, highlight=False)


def write(results: Results, folder: Path) -> None:
    """Write the table as a page and as JSON."""
    (folder / "results.md").write_text(markdown(results))
    (folder / "results.json").write_text(results.to_json())


if __name__ == "__main__":
    sys.exit(main())
