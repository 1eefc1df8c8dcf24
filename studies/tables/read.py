"""The tables of a run, read where they lie; nothing in them is code."""

from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from deviator.errors import ResultsError
from deviator.harmless import one_line

from .schemas import SCHEMAS
from .write import FOLDER, SUMS, sum_line


def read_tables(run: Path) -> dict[str, pa.Table]:
    """Return the tables of a run by name.

    Parameters
    ----------
    run : Path
        The results folder of a study.

    Raises
    ------
    ResultsError
        If there is none, or a table is not as it was written.
    """
    folder = run / FOLDER
    files = [folder / f"{name}.parquet" for name in SCHEMAS]
    for file in (*files, folder / SUMS):
        if not file.is_file():
            raise ResultsError(
                f"{run} must hold the results of a study with their tables, and {file.name} is not "
                f"there; write them with: deviator report {run}"
            )
    sums = (folder / SUMS).read_text("utf-8", errors="replace").splitlines()
    return {file.stem: _read(file, set(sums)) for file in files}


def _read(file: Path, sums: set[str]) -> pa.Table:
    content = file.read_bytes()
    if sum_line(content, file.name) not in sums:
        raise damaged(file, "its checksum does not match its content")
    try:
        return parquet.read_table(pa.BufferReader(content))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise damaged(file, str(error)) from None


def damaged(place: Path, reason: str) -> ResultsError:
    """Return the error of tables that cannot be read."""
    return ResultsError(
        f"{place} must be as deviator wrote it, and is damaged ({one_line(reason)}); write it anew "
        "with: deviator report"
    )
