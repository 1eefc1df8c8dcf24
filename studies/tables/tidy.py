"""From the content of a report to tables: a pure function, in the order of the study's cells."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pyarrow as pa

from .cell_names import cell_names
from .column import Column, Row
from .parameters import parameter_columns
from .rate_records import rate_records
from .schemas import SCHEMAS

Record = dict[str, Any]
"""Values by column."""

ARROW: Mapping[str, pa.DataType] = MappingProxyType(
    {
        "text": pa.string(),
        "JSON": pa.string(),
        "number": pa.float64(),
        "whole number": pa.int64(),
        "truth": pa.bool_(),
    }
)
"""Types of the columns by their kinds."""


OF_COALITIONS = ("members", "identities", "transfers")
"""Columns that say nothing where one trader deviates."""


def study_tables(rows: Sequence[Row], failures: Mapping[str, str]) -> dict[str, pa.Table]:
    """Return the tables of a study by name, with the columns of `SCHEMAS`.

    Parameters
    ----------
    rows : sequence of dict
        Those of ``report.json``.
    failures : dict of str to str
        Why cells have no result.
    """
    tables = {name: _table(found, SCHEMAS[name]) for name, found in _records(rows, failures)}
    for name, values in parameter_columns(rows).items():
        tables["rows"] = tables["rows"].append_column(name, values)
    return tables


def _records(
    rows: Sequence[Row], failures: Mapping[str, str]
) -> Iterator[tuple[str, list[Record]]]:
    """Yield the records of each table: one after the other, as those of large studies are many."""
    cells = cell_names(rows)
    yield "rows", _rows(cells, rows)
    yield "seeds", _each(cells, (row["by_seed"] for row in rows))
    yield "curves", _each(cells, map(_points, rows))
    yield "constraints", _each(cells, (_named("constraint", row["constraints"]) for row in rows))
    yield "outcomes", _each(cells, (_named("measure", row["outcomes"]) for row in rows))
    yield "rates", rate_records(rows)
    yield "equilibria", _each(cells, (_one(row["equilibrium"]) for row in rows))
    yield "coalitions", _each(cells, (_one(row["beyond"]) for row in rows))
    yield "witnesses", _each(cells, map(_witnesses, rows))
    yield "failures", [{"label": label, "reason": failures[label]} for label in sorted(failures)]


def _rows(cells: list[str], rows: Sequence[Row]) -> list[Record]:
    named = {row["key"]: cell for cell, row in zip(cells, rows, strict=True)}
    return [{"cell": cell} | _row(row, named) for cell, row in zip(cells, rows, strict=True)]


def _row(row: Row, named: Mapping[str, str]) -> Record:
    control, certificate = row["control"], row["certificate"]
    joint = {} if row.get("question") == "coalition" else dict.fromkeys(OF_COALITIONS)
    return {
        **row,
        **joint,
        "trader": str(row["trader"]),
        "n_seeds": len(row["seeds"]),
        "plugins": _json(row["plugins"]),
        "certificate": None if certificate is None else certificate["kind"],
        "control": None if control is None else named.get(control["key"] or ""),
        **_ends("learned_gain", row["learned_gain_interval"]),
        **_ends("share", row["share_interval"]),
        **_ends("power", row["power_interval"]),
    }


def _ends(name: str, interval: list[float] | None) -> Record:
    low, high = interval or (None, None)
    return {f"{name}_low": low, f"{name}_high": high}


def _points(row: Row) -> list[Record]:
    return [
        {"seed": seed, "steps": steps, "gain": gain}
        for seed, curve in zip(row["seeds"], row["curves"], strict=True)
        for steps, gain in curve
    ]


def _named(column: str, found: Mapping[str, Any] | None) -> list[Record]:
    return [{column: name} | dict(values) for name, values in (found or {}).items()]


def _one(found: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    return [] if found is None else [found]


def _witnesses(row: Row) -> list[Record]:
    witness = row["witness"]
    if witness is None:
        return []
    trader = witness.get("trader", row["trader"])
    return [{"trader": str(trader), "gain": witness.get("gain"), "witness": _json(witness)}]


def _each(cells: list[str], found: Iterable[Sequence[Mapping[str, Any]]]) -> list[Record]:
    """Return the records of all cells, one after the other."""
    return [{"cell": cell, **one} for cell, each in zip(cells, found, strict=True) for one in each]


def _table(records: list[Record], schema: Sequence[Column]) -> pa.Table:
    return pa.table(
        {
            name: pa.array([record.get(name) for record in records], ARROW[kind])
            for name, kind, _ in schema
        }
    )


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
