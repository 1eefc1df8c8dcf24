"""Heat maps over two settings that a study sweeps."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from deviator.validation import Floats

from ..report.measures import learned_share, relative_gain
from ..report.row import ReportRow
from ..report.row_settings import by_subject, ordered, settings_of, varying
from .style import shown_text

LEAST_CELLS = 4
"""Rows from which on a heat map shows more than a table."""

MOST_TEXTS = 100
"""Cells up to which each holds its number."""

STATES = ("confirmed", "vacuous", "undetermined", "refuted")
"""Verdicts in the order of their colours."""

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
    """Return what can be drawn: of each subject in which exactly two settings vary, one grid.

    Shown is the gain over honest utility where it differs, or else the share that was learned, or
    the verdict.

    Parameters
    ----------
    rows : sequence of ReportRow
    """
    found = (_grid(group) for group in by_subject(rows).values() if len(group) >= LEAST_CELLS)
    return [grid for grid in found if grid is not None]


def _grid(rows: list[ReportRow]) -> Grid | None:
    settings = [settings_of(row) for row in rows]
    names = varying(settings)
    if len(names) != 2:
        return None
    across, up = names
    columns = ordered([each.get(across) for each in settings])
    lines = ordered([each.get(up) for each in settings])
    quantity = next((name for name, read in QUANTITIES.items() if _differs(rows, read)), "verdict")
    read = QUANTITIES.get(quantity, _state)
    values = np.full((len(lines), len(columns)), np.nan)
    for row, each in zip(rows, settings, strict=True):
        value = read(row)
        if value is not None:
            values[lines.index(each.get(up)), columns.index(each.get(across))] = value
    market = f"{rows[0]['mechanism']}, {rows[0]['economy']}"
    return Grid(f"{market}: {quantity}", across, up, columns, lines, values, quantity == "verdict")


def _state(row: ReportRow) -> float | None:
    return float(STATES.index(row["state"]))


QUANTITIES: Mapping[str, Callable[[ReportRow], float | None]] = MappingProxyType(
    {
        "best gain / stakes": relative_gain,
        "share of the best gain learned": learned_share,
    }
)


def _differs(rows: Sequence[ReportRow], read: Callable[[ReportRow], float | None]) -> bool:
    """Return whether a quantity is known and not the same everywhere, beyond rounding."""
    known = [value for value in map(read, rows) if value is not None]
    return len(known) > 1 and max(known) - min(known) > 1e-12


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
    text = STATES[int(value)] if grid.states else f"{value:.2g}"
    box = {"facecolor": "white", "alpha": 0.7, "edgecolor": "none", "pad": 0.6}
    ax.text(place[1], place[0], text, ha="center", va="center", fontsize=6, bbox=box)


def _tick(value: Hashable) -> str:
    text = f"{value:.3g}" if isinstance(value, float) else str(value)
    return shown_text(text, SHORT)
