"""The report of a run made again from its folder alone: no study file, no code of its plugins."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from deviator.errors import ResultsError

from ..report.row import report_rows
from ..report.table import table_cells
from ..spec.cell import Cell
from ..report.described_errors import described
from .store import RunStore
from .store.plain_files import DamagedError, read_plain
from .study_report import LOST, Finding, StudyReport, write_findings

LARGEST = 1 << 32
"""Bytes of a report, at most."""

UNREADABLE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What reading plain data raises that is not what it should be."""


class _Stated(NamedTuple):
    """What a run's folder says of its report, beside what its cells hold."""

    study: str
    quick: bool
    versions: dict[str, str]
    failures: dict[str, str]
    keys: list[str] | None


def rebuild_report(folder: Path, *, everything: bool = False) -> StudyReport:
    """Make the report, the tables and the figures of a run again from its finished cells.

    The cells are those of the last report, in its order; where there is none, as after a run that
    was killed, all that are finished.

    Parameters
    ----------
    folder : Path
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
    store = RunStore(folder)
    contents = list(store.finished())
    try:
        return _rebuilt(store, [_finding(*each) for each in contents], {}, everything)
    except UNREADABLE:
        return _rebuilt(store, *_each_alone(contents), everything)


def _rebuilt(
    store: RunStore, findings: list[Finding], wrong: dict[str, str], everything: bool
) -> StudyReport:
    stated = _stated(store.folder)
    found = {finding.cell.key: finding for finding in findings}
    reported = list(found) if stated.keys is None else stated.keys
    others = [key for key in found if key not in set(reported)]
    shown = [found[key] for key in [*reported, *(others if everything else ())] if key in found]
    if not shown:
        raise ResultsError(
            f"{store.folder} must hold a finished cell, and has none; run its study first"
        )
    failures = {name: why for name, why in stated.failures.items() if _key(name) not in found}
    failures |= {**store.damaged(), **wrong}
    named = {_key(name) for name in failures}
    failures |= {key: LOST for key in reported if key not in found and key not in named}
    left_out = f"{len(others)} finished cells are not of the last report; --all takes them in"
    return write_findings(
        store,
        stated.study,
        shown,
        failures,
        quick=stated.quick,
        versions=stated.versions,
        notes=[left_out] if others and not everything else (),
    )


def _key(label: str) -> str:
    """Return the key in a cell's label."""
    return label.rpartition("-")[2]


def _each_alone(
    contents: Sequence[tuple[dict[str, Any], dict[str, Any]]],
) -> tuple[list[Finding], dict[str, str]]:
    """Return the findings that can be read, and what is wrong with others."""
    found, wrong = [], {}
    for spec, result in contents:
        try:
            finding = _finding(spec, result)
            table_cells(*report_rows([finding.cell], [finding.result]))
            found.append(finding)
        except UNREADABLE as error:
            wrong[str(result.get("key"))] = f"its result cannot be read ({described(error)})"
    return found, wrong


def _finding(spec: dict[str, Any], result: dict[str, Any]) -> Finding:
    """Return a cell and its result; what it was made of is stated, and not looked up here."""
    cell = Cell.model_validate(spec)
    cell.__dict__.update(key=result["key"], plugins=result["plugins"])
    return Finding(cell, result)


def _stated(folder: Path) -> _Stated:
    study = str(_content(folder / "study.json").get("study"))
    report, provenance = _content(folder / "report.json"), _content(folder / "provenance.json")
    try:
        keys = [str(row["key"]) for row in report["rows"]]
        failures = {str(name): str(why) for name, why in report["failures"].items()}
        return _Stated(study, bool(report["quick"]), dict(report["versions"]), failures, keys)
    except UNREADABLE:
        quick, versions = bool(provenance.get("quick")), provenance.get("versions")
        known = versions if isinstance(versions, dict) else {}
        # Reports do not state Python's.
        known = {name: known[name] for name in known if name != "python"}
        return _Stated(study, quick, known, {}, None)


def _content(file: Path) -> Mapping[str, Any]:
    """Return the fields of a file of JSON; none where it cannot be read."""
    try:
        content = json.loads(read_plain(file, LARGEST))
    except (OSError, DamagedError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
