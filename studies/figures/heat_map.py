"""Heat maps over two settings that a study sweeps."""

from collections.abc import Hashable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from deviator.validation import Floats

from ..report.fitted_rates import ROUNDING
from ..report.measures import MEASURES, Read
from ..report.row import ReportRow
from ..report.row_settings import by_subject, ordered, settings_of, varying
from ..report.shown_parts import topic_of
from .style import shown_text

LEAST_CELLS = 4
"""Rows from which on a heat map shows more than a table."""

LEAST_FILLED = 0.6
"""Share of the cells that must have a row."""

QUANTITIES = ("gain", "share", "inefficiency", "deficit")
"""Measures that are mapped."""

VERDICT = "verdict"

MOST_TEXTS = 100
"""Cells up to which each holds its number."""

STATES = ("confirmed", "vacuous", "undetermined", "refuted")
"""Verdicts in the order of their colours."""

IN_A_WORD: Mapping[str, str] = MappingProxyType(
    {"confirmed": "none", "vacuous": "idle", "undetermined": "open", "refuted": "pays"}
)
"""What cells write of deviations: none pays, nobody trades, open, one pays."""

SHORT = 12
"""Characters of a tick's label."""


class Grid(NamedTuple):
    """A quantity over two swept settings; NaN where there is no row."""

    title: str
    across: str
    up: str
    columns: list[Hashable]
    rows: list[Hashable]
    values: Floats  # (rows, columns)
    states: bool


def grids(rows: Sequence[ReportRow]) -> list[Grid]:
    """Return what can be drawn: of each subject in which exactly two settings vary.

    Shown are the quantities that differ: the gain over stakes, the share that was learned, what is
    lost of the gains from trade, the deficit; the verdict where none does. Settings that a study
    walks through together, as on a diagonal, are no map.

    Parameters
    ----------
    rows : sequence of ReportRow
    """
    groups = (group for group in by_subject(rows).values() if len(group) >= LEAST_CELLS)
    return [grid for group in groups for grid in _grids(group)]


def _grids(rows: list[ReportRow]) -> list[Grid]:
    settings = [settings_of(row) for row in rows]
    names = varying(settings)
    if len(names) != 2:
        return []
    columns, lines = ([each.get(name) for each in settings] for name in names)
    if len(rows) < LEAST_FILLED * len(set(columns)) * len(set(lines)):
        return []
    shown = [name for name in QUANTITIES if _differs(rows, MEASURES[name][1])]
    drawn = [(MEASURES[name][0], MEASURES[name][1]) for name in shown] or [(VERDICT, _state)]
    return [_grid(rows, title, read, names, (columns, lines)) for title, read in drawn]


def _grid(
    rows: list[ReportRow],
    title: str,
    read: Read,
    names: Sequence[str],
    places: tuple[list[Hashable], list[Hashable]],
) -> Grid:
    columns, lines = (ordered(values) for values in places)
    column = {value: place for place, value in enumerate(columns)}
    line = {value: place for place, value in enumerate(lines)}
    values = np.full((len(lines), len(columns)), np.nan)
    for row, across, up in zip(rows, *places, strict=True):
        value = read(row)
        if value is not None:
            values[line[up], column[across]] = value
    # What is measured in an audit says enough.
    topic = topic_of(rows[0]).removeprefix("audit")
    market = ", ".join(filter(None, [rows[0]["mechanism"], rows[0]["economy"], topic.strip()]))
    verdict = title == VERDICT
    return Grid(f"{market}: {title}", names[0], names[1], columns, lines, values, verdict)


def _state(row: ReportRow) -> float | None:
    return float(STATES.index(row["state"]))


def _differs(rows: Sequence[ReportRow], read: Read) -> bool:
    """Return whether a quantity is known and not the same everywhere, beyond rounding."""
    known = [value for value in map(read, rows) if value is not None]
    return len(known) > 1 and max(known) - min(known) > ROUNDING


def draw_heat_map(ax: Axes, grid: Grid) -> Axes:
    """Draw a grid, with its numbers where these fit.

    Parameters
    ----------
    ax : Axes
    grid : Grid

    Returns
    -------
    Axes
    """
    top = len(STATES) - 1 if grid.states else None
    low = 0 if grid.states else None
    colors = "RdYlGn_r" if grid.states else "viridis"
    ax.imshow(grid.values, origin="lower", aspect="auto", cmap=colors, vmin=low, vmax=top)
    ax.set_xticks(range(len(grid.columns)), [_tick(value) for value in grid.columns])
    ax.set_yticks(range(len(grid.rows)), [_tick(value) for value in grid.rows])
    ax.set_xlabel(shown_text(grid.across))
    ax.set_ylabel(shown_text(grid.up))
    ax.set_title(shown_text(grid.title), loc="left")
    if grid.values.size <= MOST_TEXTS:
        for place in np.ndindex(grid.values.shape):
            if np.isfinite(grid.values[place]):
                _write(ax, grid, place)
    return ax


def _write(ax: Axes, grid: Grid, place: tuple[int, ...]) -> None:
    value = float(grid.values[place])
    text = IN_A_WORD[STATES[int(value)]] if grid.states else _number(value)
    box = {"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 0.6}
    ax.text(place[1], place[0], text, ha="center", va="center", fontsize=6, bbox=box)


def _number(value: float) -> str:
    """Return a number with two digits; what rounding leaves of 0 is 0."""
    return f"{value:.2g}" if abs(value) > ROUNDING else "0"


def _tick(value: Hashable) -> str:
    text = f"{value:.3g}" if isinstance(value, float) else str(value)
    return shown_text(text, SHORT)
