"""Reports of studies as functions of this module take them: one or several, run or read."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias

from deviator.errors import InvalidInputError
from deviator.studies import StudyReport, read_report
from deviator.studies.report.row import ReportRow
from deviator.studies.tables.cell_names import cell_names
from deviator.validation import given

Report: TypeAlias = StudyReport | Path | str
Reports: TypeAlias = Report | Iterable[Report] | Mapping[str, Report]
"""A report, the folder of a run, or several of them; in a mapping with names of one's own."""


class NamedRow(NamedTuple):
    """A row of a report: the report's name, empty where there is but one, and its cell's."""

    report: str
    cell: str
    row: ReportRow


def named_rows(reports: Reports) -> list[NamedRow]:
    """Return the rows of reports, each with the names of its report and its cell.

    Raises
    ------
    InvalidInputError
        If something is no report, or there is none.
    ResultsError
        If a folder has no report.
    """
    found = _reports(reports)
    if not found:
        raise InvalidInputError("reports must be one or more, got none")
    return [
        NamedRow(name if len(found) > 1 else "", cell, row)
        for name, report in found
        for cell, row in zip(cell_names(report.rows), report.rows, strict=True)
    ]


def _reports(reports: Reports) -> list[tuple[str, StudyReport]]:
    if isinstance(reports, StudyReport | Path | str):
        return [_named(reports)]
    if isinstance(reports, Mapping):
        return [(str(name), _named(report)[1]) for name, report in reports.items()]
    if not isinstance(reports, Iterable):
        raise InvalidInputError(_mistake(reports))
    pairs = [_named(report) for report in reports]
    names = [name for name, _ in pairs]
    return [
        (f"{name} ({place})" if names.count(name) > 1 else name, report)
        for place, (name, report) in enumerate(pairs, 1)
    ]


def _named(report: object) -> tuple[str, StudyReport]:
    if isinstance(report, StudyReport):
        return report.folder.resolve().name or report.study, report
    if isinstance(report, Path | str):
        read = read_report(report)
        return read.folder.resolve().name, read
    raise InvalidInputError(_mistake(report))


def _mistake(value: object) -> str:
    return (
        f"a report must be a StudyReport or the folder of a run, got {given(value)}; run a study "
        "with deviator.confirm, or name its results folder"
    )
