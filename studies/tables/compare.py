"""Runs side by side: the same cells, what each run found, and where verdicts differ."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from deviator.errors import InvalidInputError
from deviator.validation import given_path

from ..report.verdict_words import answer_in_words
from .read import damaged, read_tables

READ = ("cell", "key", "state", "scope", "constraint", "best_gain", "learned_gain", "share")
"""Columns of `rows` that are compared."""

SAME, DIFFERS = "same", "differs"

Row = dict[str, Any]
"""A row of a run, by column."""


class Comparison(NamedTuple):
    """Runs side by side.

    Attributes
    ----------
    columns : tuple of str
    records : list of tuple
        One for each cell of any run, in the order of the first run that has it.
    differing : int
        Cells of several runs whose verdicts differ.
    common : int
        Cells that all runs have.
    contradictory : int
        Cells with the same key and different numbers: a run was changed, or is not reproducible, as
        between machines whose libraries round differently.
    """

    columns: tuple[str, ...]
    records: list[tuple[Any, ...]]
    differing: int
    common: int
    contradictory: int


def compare(runs: Sequence[Path | str]) -> Comparison:
    """Return what several runs found in the same cells.

    Parameters
    ----------
    runs : sequence of path
        Results folders of studies. Cells are the same where their names are, whatever the budget.

    Raises
    ------
    InvalidInputError
        If there are fewer than two.
    ResultsError
        If one has no tables, or they are damaged.
    """
    if len(runs) < 2:
        raise InvalidInputError(f"runs to compare must be two or more, got {len(runs)}")
    folders = [given_path("run", run) for run in runs]
    found = [_rows_of(folder) for folder in folders]
    titles = _titles(folders)
    cells = dict.fromkeys(cell for rows in found for cell in rows)
    sides = {cell: [rows.get(cell) for rows in found] for cell in cells}
    verdicts = {cell: _compared(rows, titles) for cell, rows in sides.items()}
    return Comparison(
        ("cell", "verdicts", *(f"{name} {title}" for name in SHOWN for title in titles)),
        [(cell, verdicts[cell], *_side_by_side(rows)) for cell, rows in sides.items()],
        sum(text.startswith(DIFFERS) for text in verdicts.values()),
        sum(None not in rows for rows in sides.values()),
        sum(map(_is_contradictory, sides.values())),
    )


SHOWN = ("verdict", "best_gain", "learned_gain", "share")
"""What is shown of each run."""


def _rows_of(run: Path) -> dict[str, Row]:
    table = read_tables(run)["rows"]
    try:
        rows = table.select(READ).to_pylist()
    except KeyError as error:
        raise damaged(run, f"a column is missing: {error}") from None
    verdicts = [answer_in_words(row["constraint"], row) for row in rows]
    return {
        row["cell"]: row | {"verdict": verdict} for row, verdict in zip(rows, verdicts, strict=True)
    }


def _titles(runs: Sequence[Path]) -> list[str]:
    """Return a short title for each run, no two the same."""
    names = [run.resolve().name for run in runs]
    if len(set(names)) < len(names):
        names = [str(run) for run in runs]
    counts = Counter(names)
    return [
        f"{name} ({place})" if counts[name] > 1 else name for place, name in enumerate(names, 1)
    ]


def _compared(rows: list[Row | None], titles: list[str]) -> str:
    """Return whether a cell's verdicts are the same, and which runs have it where not all do."""
    there = [title for row, title in zip(rows, titles, strict=True) if row is not None]
    if len(there) == 1:
        return f"only in {there[0]}"
    same = len({(row["state"], row["scope"]) for row in rows if row is not None}) == 1
    where = "" if len(there) == len(rows) else f", in {' and '.join(there)}"
    return f"{SAME if same else DIFFERS}{where}"


def _side_by_side(rows: list[Row | None]) -> list[Any]:
    return [None if row is None else row[name] for name in SHOWN for row in rows]


def _is_contradictory(rows: list[Row | None]) -> bool:
    """Return whether runs that computed the very same cell state different numbers."""
    found: dict[str, Row] = {}
    return any(found.setdefault(row["key"], row) != row for row in rows if row is not None)
