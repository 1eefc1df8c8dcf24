"""The report of a study, made from its finished cells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, final

from deviator.errors import InvalidInputError, one_of
from deviator.harmless import one_line

from ..report.comparisons import comparisons
from ..report.page import write_html
from ..report.row import INTERVAL, ReportRow, report_rows
from ..report.summary import summary_sentences
from ..spec.cell import Cell
from ..tables.cell_names import names_of_cells
from .checked_rows import UNREADABLE, readable_rows
from .store import RunStore, to_json
from .store.provenance import versions

if TYPE_CHECKING:
    from pandas import DataFrame


NONE: Mapping[str, str] = MappingProxyType({})

LOST = "its result is not there; run the command again"
"""Why a cell has no row of which nothing else is known."""

REMOVE = "remove its folder under cells and run the command again"
"""What helps where a finished cell holds no result."""


@final
@dataclass(frozen=True, eq=False, repr=False)
class StudyReport:
    """What a study found.

    Attributes
    ----------
    study : str
        The study's name.
    rows : list of ReportRow
        One per cell, each a dict; the fields are described in ``docs/report.md``.
    failures : dict of str to str
        By cell, what went wrong in those that could not be run.
    folder : Path
        Where ``report.json``, ``report.html`` and the cells' files are.
    notes : tuple of str
        What happened that changes no number: other drivers, damaged files that were computed again.
    failed_cells : dict of str to str
        Names in words of cells among the failures, where they are known.
    """

    study: str
    rows: list[ReportRow]
    failures: dict[str, str]
    folder: Path
    notes: tuple[str, ...] = ()
    failed_cells: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return what was found, a sentence for each mechanism."""
        failed = [f"{len(self.failures)} cells failed."] if self.failures else []
        return "\n".join([f"Study {self.study}:", *summary_sentences(self.rows), *failed])

    def __repr__(self) -> str:
        return (
            f"<StudyReport {self.study}: {len(self.rows)} rows, {len(self.failures)} failures, "
            f"in {self.folder}>"
        )

    def to_frame(self) -> "DataFrame":
        """Return a record per cell, as in the table ``rows`` of ``docs/tables.md``."""
        return self.table("rows")

    def seeds(self) -> "DataFrame":
        """Return a record per cell and seed, as in the table ``seeds``."""
        return self.table("seeds")

    def curves(self) -> "DataFrame":
        """Return a record per cell, seed and point of its learning curve, as in ``curves``."""
        return self.table("curves")

    def table(self, name: str) -> "DataFrame":
        """Return a table of ``docs/tables.md`` as a frame, each column of one type.

        Whole numbers are ``Int64`` and truths ``boolean``, which can be missing; missing texts are
        empty. `cell` joins the tables, and is the same in every run of the cell, whatever its
        budget.

        Parameters
        ----------
        name : str
            As ``constraints`` or ``outcomes``.

        Raises
        ------
        InvalidInputError
            If there is no such table.
        """
        from ..tables.frames import frame_of
        from ..tables.tidy import study_tables

        found = study_tables(self.rows, self.failures)
        if name not in found:
            raise InvalidInputError(one_of("a table", name, found))
        return frame_of(found[name])


def write_report(
    store: RunStore,
    study: str,
    cells: Sequence[Cell],
    failures: Mapping[str, str],
    *,
    quick: bool,
    notes: Sequence[str] = (),
    failed_cells: Mapping[str, str] = NONE,
) -> StudyReport:
    """Write report, tables and figures of the cells that are finished.

    Parameters
    ----------
    store : RunStore
    study : str
        The study's name.
    cells : sequence of Cell
    failures : mapping of str to str
        By cell, why it could not be run.
    quick : bool
        Whether the smaller budgets were used.
    notes : sequence of str
        What else is to be told.
    failed_cells : mapping of str to str
        Names in words of cells that could not be run, where they are not among `cells`.

    Raises
    ------
    ResultsError
        If the report cannot be written.
    """
    done, lost = _finished(store, cells)
    known, results = [cell for cell, _ in done], [result for _, result in done]
    names = _names_of({**lost, **failures}, cells) | dict(failed_cells)
    write = partial(
        write_rows,
        store,
        study,
        quick=quick,
        versions=versions(),
        notes=notes,
        failed_cells=names,
    )
    try:
        return write(report_rows(known, results), {**lost, **failures})
    except UNREADABLE:
        # Their checksums fit, and yet somebody else may have made them.
        rows, wrong = readable_rows(known, results)
        if not wrong:
            raise
    labels = {cell.key: cell.label() for cell in known}
    unread = {labels[key]: f"{why}; {REMOVE}" for key, why in wrong.items()}
    return write(rows, {**lost, **failures, **unread})


def write_rows(
    store: RunStore,
    study: str,
    rows: list[ReportRow],
    failures: Mapping[str, str],
    *,
    quick: bool,
    versions: Mapping[str, str],
    notes: Sequence[str] = (),
    failed_cells: Mapping[str, str] = NONE,
) -> StudyReport:
    """Write report, tables and figures of rows; see `write_report`.

    Parameters
    ----------
    store : RunStore
    study : str
    rows : list of ReportRow
    failures : mapping of str to str
    quick : bool
    versions : mapping of str to str
        Of what computed the cells.
    notes : sequence of str
    failed_cells : mapping of str to str
    """
    reasons = {one_line(name): one_line(why) for name, why in failures.items()}
    names = {cell: failed_cells[cell] for cell in reasons if cell in failed_cells}
    content = {
        "study": study,
        "quick": quick,
        "interval": INTERVAL,
        "rows": rows,
        "failures": reasons,
        "failed_cells": names,
        "comparisons": comparisons(rows),
        "versions": dict(versions),
    }
    # Their imports take a third of a second, and are not needed by those who only read cells.
    from ..figures.write import write_figures
    from ..tables.write import write_tables

    # What is drawn comes last: data are there whatever becomes of pictures of them.
    store.write("report.json", to_json(content))
    write_tables(store, content)
    write_html(store, content, write_figures(store, content))
    return StudyReport(study, rows, reasons, store.folder, tuple(notes), names)


def _finished(
    store: RunStore, cells: Sequence[Cell]
) -> tuple[list[tuple[Cell, dict[str, Any]]], dict[str, str]]:
    """Return the finished cells with their results, and why others have none."""
    done, lost = [], {}
    for cell in cells:
        result = store.result(cell)
        if result is None:
            lost[cell.label()] = LOST
        else:
            done.append((cell, result))
    return done, lost


def _names_of(failures: Mapping[str, str], cells: Sequence[Cell]) -> dict[str, str]:
    """Return the names in words of the cells that failed, by their labels."""
    failed = [cell for cell in cells if cell.label() in failures] if failures else []
    return {cell.label(): name for cell, name in zip(failed, names_of_cells(failed), strict=True)}
