"""The tables of a study as files: Parquet, CSV and LaTeX; the same content, the same bytes."""

import hashlib
import io
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import pyarrow as pa
from pyarrow import compute, csv, parquet

from deviator.files import write_atomically

from ..run.store import RunStore, check_no_link, explained
from .latex import latex_table
from .printed import printed_table
from .tidy import study_tables

FOLDER = "tables"
"""Where the tables of a study lie in its folder."""

SUMS = "SHA256SUMS"
"""The digests of the tables there, as ``sha256sum --check`` reads them."""


def write_tables(store: RunStore, content: dict[str, Any]) -> None:
    """Write the tables of a study into the folder ``tables`` of its results.

    Parameters
    ----------
    store : RunStore
    content : dict
        The content of ``report.json``.

    Raises
    ------
    ResultsError
        If a file cannot be written.
    """
    folder = store.folder / FOLDER
    tables = study_tables(content["rows"], content["failures"])
    with explained(folder):
        check_no_link(folder)
        folder.mkdir(exist_ok=True)
        sums = []
        for name, table in tables.items():
            for ending, written in FORMATS.items():
                content_of_file = written(name, table)
                write_atomically(folder / f"{name}.{ending}", content_of_file)
                sums.append(sum_line(content_of_file, f"{name}.{ending}"))
        write_atomically(folder / SUMS, "\n".join(sums) + "\n")


def sum_line(content: bytes, name: str) -> str:
    """Return the line of a file among the digests."""
    return f"{hashlib.sha256(content).hexdigest()}  {name}"


def parquet_bytes(table: pa.Table) -> bytes:
    """Return a table as a Parquet file."""
    file = io.BytesIO()
    parquet.write_table(table, file, compression="zstd", compression_level=3)
    return file.getvalue()


def csv_bytes(table: pa.Table) -> bytes:
    """Return a table as CSV; what is missing is empty.

    A text that a spreadsheet would run as a formula gets an apostrophe before it: names in tables
    may be a stranger's.
    """
    for place, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            texts = compute.replace_substring_regex(table[place], r"^([=+\-@\t\r])", r"'\1")
            table = table.set_column(place, field, texts)
    file = io.BytesIO()
    csv.write_csv(table, file)
    return file.getvalue()


def _latex_bytes(name: str, table: pa.Table) -> bytes:
    return latex_table(printed_table(name, table)).encode()


FORMATS: Mapping[str, Callable[[str, pa.Table], bytes]] = MappingProxyType(
    {
        "parquet": lambda _, table: parquet_bytes(table),
        "csv": lambda _, table: csv_bytes(table),
        "tex": _latex_bytes,
    }
)
"""How tables are written, by the endings of the files."""
