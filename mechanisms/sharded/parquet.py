"""Shards and their outcomes as Parquet files, one row a trader.

Columns are own_weight, statistic_weight_0.., price_weight, level and statistic_0..; outcomes have
quantity, transfer and residual_slope. Needs pyarrow (the extra ``large``).
"""

import os
from pathlib import Path
from typing import Any

import numpy as np

from deviator.errors import InvalidInputError, RefusedError
from deviator.validation import Floats

from .outcome import ShardOutcome
from .shard import Shard

OUTCOME = ("quantity", "transfer", "residual_slope")


def read_shard(path: str | Path) -> Shard:
    """Read a shard from a Parquet file.

    Raises
    ------
    InvalidInputError
        If columns are missing or numbers are malformed.
    RefusedError
        If pyarrow is not installed.
    """
    columns = _read(path)
    count = sum(name.startswith("statistic_weight_") for name in columns)
    weights = [_column(columns, f"statistic_weight_{place}", path) for place in range(count)]
    statistics = [_column(columns, f"statistic_{place}", path) for place in range(count)]
    own = _column(columns, "own_weight", path)
    return Shard(
        own,
        np.array(weights).reshape(count, len(own)).T,
        _column(columns, "price_weight", path),
        _column(columns, "level", path),
        np.array(statistics).reshape(count, len(own)),
    )


def write_shard(shard: Shard, path: str | Path) -> None:
    """Write a shard to a Parquet file, which appears whole or not at all."""
    statistic, statistics = np.asarray(shard.statistic_weights), np.asarray(shard.statistics)
    columns = {"own_weight": shard.own_weights, "price_weight": shard.price_weights}
    columns |= {f"statistic_weight_{place}": row for place, row in enumerate(statistic.T)}
    columns |= {f"statistic_{place}": row for place, row in enumerate(statistics)}
    _write(columns | {"level": shard.level}, path)


def read_outcome(path: str | Path) -> ShardOutcome:
    """Read the outcomes of a shard's traders from a Parquet file."""
    columns = _read(path)
    return ShardOutcome(*(_column(columns, name, path) for name in OUTCOME))


def write_outcome(outcome: ShardOutcome, path: str | Path) -> None:
    """Write the outcomes of a shard's traders to a Parquet file."""
    _write({name: getattr(outcome, name) for name in OUTCOME}, path)


def _read(path: str | Path) -> dict[str, Any]:
    if not Path(path).is_file():
        raise InvalidInputError(f"a shard must be an existing Parquet file, got {path}")
    try:
        table = _pyarrow().read_table(path)
    except (OSError, ValueError) as error:
        raise InvalidInputError(f"a shard must be a Parquet file, got {path} ({error})") from None
    return {name: table.column(name) for name in table.column_names}


def _column(columns: dict[str, Any], name: str, path: str | Path) -> Floats:
    if name not in columns:
        raise InvalidInputError(
            f"the Parquet file {path} must have a column {name}, got {', '.join(columns)}"
        )
    return np.asarray(columns[name].to_numpy())


def _write(columns: dict[str, Any], path: str | Path) -> None:
    parquet = _pyarrow()
    from pyarrow import table

    unfinished = Path(f"{path}.{os.getpid()}.unfinished")
    parquet.write_table(
        table({name: np.asarray(value) for name, value in columns.items()}), unfinished
    )
    unfinished.replace(path)


def require_pyarrow() -> None:
    """Check that pyarrow is installed.

    Raises
    ------
    RefusedError
        If it is not.
    """
    _pyarrow()


def _pyarrow() -> Any:
    try:
        from pyarrow import parquet
    except ImportError:
        raise RefusedError(
            'Parquet files need pyarrow, which is not installed; pip install "deviator[large]"'
        ) from None
    return parquet
