"""The tables of a run in the formats of other programs."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import pyarrow as pa

from deviator.errors import InvalidInputError, one_of
from deviator.files import write_atomically
from deviator.validation import given_path

from ..run.read_report import read_report
from ..run.store import check_no_link, explained
from .schemas import SCHEMAS
from .stata import stata_bytes
from .tidy import study_tables
from .write import FORMATS

FOLDER = "export"
"""Where exported tables lie in a run's folder, unless another place is named."""

Format = Literal["csv", "parquet", "latex", "stata", "json"]


def export_tables(
    run: Path | str, form: Format, out: Path | str | None = None, tables: Sequence[str] = ()
) -> list[Path]:
    """Write the tables of a run as files of one format.

    Parameters
    ----------
    run : path
        The results folder of a study, also one that an earlier version wrote.
    form : {"csv", "parquet", "latex", "stata", "json"}
    out : path, optional
        The folder of the files; by default ``export`` in that of the run.
    tables : sequence of str
        Which of them; by default all.

    Returns
    -------
    list of Path
        The files.

    Raises
    ------
    InvalidInputError
        If there is no such format or table.
    ResultsError
        If the folder holds no report, or a file cannot be written.
    """
    if form not in WRITTEN:
        raise InvalidInputError(one_of("format", form, WRITTEN))
    unknown = [name for name in tables if name not in SCHEMAS]
    if unknown:
        raise InvalidInputError(one_of("a table", unknown[0], SCHEMAS))
    report = read_report(run)
    folder = report.folder / FOLDER if out is None else given_path("out", out)
    ending, written = WRITTEN[form]
    found = study_tables(report.rows, report.failures)
    files = []
    with explained(folder):
        check_no_link(folder)
        folder.mkdir(parents=True, exist_ok=True)
        for name in tables or found:
            files.append(folder / f"{name}.{ending}")
            write_atomically(files[-1], written(name, found[name]))
    return files


def json_bytes(table: pa.Table) -> bytes:
    """Return a table as JSON: a list of records; what is missing, or no number, is null."""
    records = [
        {name: _plain(value) for name, value in record.items()} for record in table.to_pylist()
    ]
    return (json.dumps(records, indent=1, allow_nan=False) + "\n").encode()


def _plain(value: object) -> object:
    finite = not isinstance(value, float) or abs(value) < float("inf")
    return value if finite else None


WRITTEN: Mapping[str, tuple[str, Callable[[str, pa.Table], bytes]]] = MappingProxyType(
    {
        "csv": ("csv", FORMATS["csv"]),
        "parquet": ("parquet", FORMATS["parquet"]),
        "latex": ("tex", FORMATS["tex"]),
        "stata": ("dta", stata_bytes),
        "json": ("json", lambda _, table: json_bytes(table)),
    }
)
"""The endings of files, and how a table becomes one, by format."""
