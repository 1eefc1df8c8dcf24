"""The report of a study as its folder holds it, also one that an earlier version wrote."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from deviator.errors import ResultsError
from deviator.harmless import one_line

from ..report.row import ReportRow
from .checked_rows import UNREADABLE
from .store.plain_files import DamagedError, read_plain
from .study_report import StudyReport

LARGEST = 1 << 32
"""Bytes of a report, at most."""

SINCE: Mapping[str, Any] = MappingProxyType(
    {
        "question": "deviation",
        "constraint": None,
        "members": 1,
        "identities": 1,
        "transfers": True,
        "sigma_rule": None,
        "by_seed": (),
        "constraints": None,
        "outcomes": None,
        "beyond": None,
        "equilibrium": None,
    }
)
"""Columns that reports of the first released format lack, and what they would say there."""


def read_report(run: Path | str) -> StudyReport:
    """Return the report of a study that was run before.

    Nothing is run or written, and neither the study file nor its plugins are needed.

    Parameters
    ----------
    run : path
        The results folder of a study, or its ``report.json``; also one that an earlier version of
        deviator wrote.

    Returns
    -------
    StudyReport

    Raises
    ------
    ResultsError
        If there is no report, or it is not one.
    """
    path = Path(run)
    file = path if path.suffix == ".json" else path / "report.json"
    content = _content(file)
    try:
        rows = [cast(ReportRow, {**_older(row), **row}) for row in content["rows"]]
        failures = {str(name): str(why) for name, why in content["failures"].items()}
        # Reports of earlier versions do not name them.
        names = {str(cell): str(name) for cell, name in content.get("failed_cells", {}).items()}
        report = StudyReport(str(content["study"]), rows, failures, file.parent, failed_cells=names)
        report.to_frame()
    except UNREADABLE as error:
        raise _unreadable(file, f"{type(error).__name__}: {error}") from None
    return report


def _older(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in SINCE.items() if name not in row}


def _content(file: Path) -> Any:
    if not file.is_file():
        raise ResultsError(
            f"{file.parent} must hold the results of a study, and {file.name} is not there; give a "
            "study's results folder, or write its report with: deviator report"
        )
    try:
        return json.loads(read_plain(file, LARGEST))
    except (OSError, DamagedError, ValueError, RecursionError) as error:
        raise _unreadable(file, str(error)) from None


def _unreadable(file: Path, reason: str) -> ResultsError:
    return ResultsError(
        f"{file} must be the report of a study, and is not ({one_line(reason)}); write it anew "
        "with: deviator report"
    )
