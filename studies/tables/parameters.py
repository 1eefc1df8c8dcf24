"""Columns of the settings that cells state, as ``economy.alpha``: one type each."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import pyarrow as pa

from .column import Row


def parameter_columns(rows: Sequence[Row]) -> dict[str, pa.Array]:
    """Return the settings of economies, mechanisms, strategies and learners, by column.

    A column holds whole numbers, numbers, truths or texts: what all values are, or else JSON.

    Parameters
    ----------
    rows : sequence of dict
        Those of ``report.json``.
    """
    columns: dict[str, list[Any]] = {}
    for place, row in enumerate(rows):
        for name, value in _stated(row):
            columns.setdefault(name, [None] * len(rows))[place] = value
    return {name: _typed(columns[name]) for name in sorted(columns)}


def _stated(row: Row) -> Iterator[tuple[str, Any]]:
    settings = row["economy_settings"]
    yield from _named("economy", settings["parameters"])
    yield from _named("economy.types", settings.get("types") or {})
    yield from _named("mechanism", row["parameters"])
    yield from _named("strategy", row["strategy_parameters"])
    yield from _named("learner", row["learner_settings"])


def _named(part: str, settings: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((f"{part}.{name}", value) for name, value in settings.items())


def _typed(values: list[Any]) -> pa.Array:
    kinds = {type(value) for value in values} - {type(None)}
    for alike, kind in TYPES:
        if kinds <= alike:
            with suppress(OverflowError, pa.ArrowInvalid):
                return pa.array(values, kind)
    texts = [None if value is None else json.dumps(value, sort_keys=True) for value in values]
    return pa.array(texts, pa.string())


TYPES = (
    (frozenset({bool}), pa.bool_()),
    (frozenset({int}), pa.int64()),
    (frozenset({int, float}), pa.float64()),
    (frozenset({str}), pa.string()),
)
"""Types of values, and the narrowest column that holds them all."""
