"""The report of a run made again from its folder alone: no study file, no code of its plugins."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from deviator.errors import ResultsError
from deviator.validation import given_path

from ..report.row import ReportRow
from ..spec.cell import Cell
from .checked_rows import UNREADABLE, checked_rows
from .executors import described
from .store import RunStore
from .store.plain_files import DamagedError, read_plain
from .study_report import LOST, StudyReport, write_rows

LARGEST = 1 << 32
"""Bytes of a report, at most."""

Content = tuple[dict[str, Any], dict[str, Any]]
"""The specification of a finished cell, and its result."""


class _Stated(NamedTuple):
    """What a run's folder says of its report, beside what its cells hold."""

    study: str
    quick: bool
    versions: dict[str, str]
    failures: dict[str, str]
    keys: list[str] | None
    failed_cells: dict[str, str]


def rebuild_report(folder: Path | str, *, everything: bool = False) -> StudyReport:
    """Make the report, the tables and the figures of a run again from its finished cells.

    The cells are those of the last report, in its order; where there is none, as after a run that
    was killed, all that are finished.

    Parameters
    ----------
    folder : path
        The results folder of a study, also one that was moved or that somebody else wrote.
    everything : bool
        Take all finished cells in.

    Returns
    -------
    StudyReport

    Raises
    ------
    ResultsError
        If the folder is no study's, has no finished cell, or cannot be written.
    """
    folder = given_path("folder", folder)
    store = RunStore(folder)
    stated = _stated(folder)
    found = {result["key"]: (spec, result) for spec, result in store.finished()}
    reported = list(found) if stated.keys is None else stated.keys
    others = [key for key in found if key not in set(reported)]
    shown = [found[key] for key in [*reported, *(others if everything else ())] if key in found]
    if not shown:
        raise ResultsError(f"{folder} must hold a finished cell, and has none; run its study first")
    rows, wrong = _rows(shown)
    failures = {name: why for name, why in stated.failures.items() if _key(name) not in found}
    failures |= {**store.damaged(), **wrong}
    named = {_key(name) for name in failures}
    failures |= {key: LOST for key in reported if key not in found and key not in named}
    left_out = f"finished cells that the last report leaves out: {len(others)}; --all takes them in"
    notes = [left_out] if others and not everything else []
    return _written(store, stated, rows, failures, notes)


def _written(
    store: RunStore,
    stated: _Stated,
    rows: list[ReportRow],
    failures: dict[str, str],
    notes: list[str],
) -> StudyReport:
    try:
        return write_rows(
            store,
            stated.study,
            rows,
            failures,
            quick=stated.quick,
            versions=stated.versions,
            notes=notes,
            failed_cells=stated.failed_cells,
        )
    except UNREADABLE as error:
        raise ResultsError(
            f"the cells of {store.folder} must hold results of deviator, and cannot be reported "
            f"({described(error)}); run the study again"
        ) from None


def _key(label: str) -> str:
    """Return the key in a cell's label."""
    return label.rpartition("-")[2]


def _rows(contents: list[Content]) -> tuple[list[ReportRow], dict[str, str]]:
    """Return the rows of finished cells, and what is wrong with those that cannot be read."""
    try:
        return _rows_of(contents), {}
    except UNREADABLE:
        wrong = {result["key"]: why for spec, result in contents if (why := _wrong(spec, result))}
    return _rows_of([each for each in contents if each[1]["key"] not in wrong]), wrong


def _rows_of(contents: list[Content]) -> list[ReportRow]:
    return checked_rows([_cell(*each) for each in contents], [result for _, result in contents])


def _wrong(spec: dict[str, Any], result: dict[str, Any]) -> str | None:
    """Return why a cell cannot be read, or None where it can."""
    try:
        _rows_of([(spec, result)])
    except UNREADABLE as error:
        return f"its result cannot be read ({described(error)})"
    return None


def _cell(spec: dict[str, Any], result: dict[str, Any]) -> Cell:
    """Return a finished cell; what it was made of is stated, and not looked up here."""
    cell = Cell.model_validate(spec)
    cell.__dict__.update(key=result["key"], plugins=result["plugins"])
    return cell


def _stated(folder: Path) -> _Stated:
    study = str(_content(folder / "study.json").get("study"))
    report, provenance = _content(folder / "report.json"), _content(folder / "provenance.json")
    try:
        keys = [str(row["key"]) for row in report["rows"]]
        failures = {str(name): str(why) for name, why in report["failures"].items()}
        # Reports of earlier versions do not name them.
        names = {str(cell): str(name) for cell, name in report.get("failed_cells", {}).items()}
        known = dict(report["versions"])
        return _Stated(study, bool(report["quick"]), known, failures, keys, names)
    except UNREADABLE:
        quick, versions = bool(provenance.get("quick")), provenance.get("versions")
        known = versions if isinstance(versions, dict) else {}
        # Reports do not state Python's.
        known = {name: known[name] for name in known if name != "python"}
        return _Stated(study, quick, known, {}, None, {})


def _content(file: Path) -> Mapping[str, Any]:
    """Return the fields of a file of JSON; none where it cannot be read."""
    try:
        content = json.loads(read_plain(file, LARGEST))
    except (OSError, DamagedError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
