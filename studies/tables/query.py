"""Questions to the tables of a run, in SQL; a query reads nothing else, and writes nothing."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from deviator.errors import InvalidInputError
from deviator.harmless import one_line
from deviator.validation import given_path

from .read import read_tables

ALONE: Mapping[str, Any] = MappingProxyType(
    {
        "enable_external_access": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_community_extensions": False,
        "allow_persistent_secrets": False,
        "python_enable_replacements": False,
        "temp_directory": "",
    }
)
"""Settings of a database that reads no file, no variable and no network, and spills to no disk."""

ASKING = (
    duckdb.StatementType.SELECT,
    duckdb.StatementType.EXPLAIN,
    duckdb.StatementType.MULTI,
)
"""Statements that ask: SELECT with DESCRIBE and SUMMARIZE, EXPLAIN, and PIVOT."""


class Answer(NamedTuple):
    """The columns and the records of an answer."""

    columns: tuple[str, ...]
    records: list[tuple[Any, ...]]


def ask(run: Path | str, sql: str) -> Answer:
    """Return the answer to a question about the tables of a run.

    Parameters
    ----------
    run : path
        The results folder of a study.
    sql : str
        One statement of DuckDB's SQL; tables are named as in `SCHEMAS`, columns with a dot are
        quoted: ``SELECT "economy.alpha", best_gain FROM rows``.

    Raises
    ------
    InvalidInputError
        If the statement is none that asks, or cannot be answered.
    ResultsError
        If the run has no tables, or they are damaged.
    """
    tables = read_tables(given_path("run", run))
    with duckdb.connect(":memory:", config=dict(ALONE)) as database:
        for name, table in tables.items():
            database.register(name, table)
        database.execute("SET lock_configuration = true")
        try:
            return _answer(database, sql)
        except MemoryError:
            raise InvalidInputError(
                "the query must have an answer that fits into memory; ask for less, with LIMIT"
            ) from None
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            reason = one_line((str(error).splitlines() or [""])[0]).rstrip("!.")
            raise InvalidInputError(
                f"the query cannot be answered: {reason}; DESCRIBE rows lists the columns "
                "of a table, and SHOW TABLES the tables"
            ) from None


def _answer(database: duckdb.DuckDBPyConnection, sql: str) -> Answer:
    statements = database.extract_statements(sql)
    if len(statements) != 1 or statements[0].type not in ASKING:
        raise InvalidInputError(
            f"a query must be one SELECT statement, as SELECT ... FROM rows, got {one_line(sql)!r}"
        )
    asked = database.execute(statements[0])
    return Answer(tuple(column[0] for column in asked.description or ()), asked.fetchall())
