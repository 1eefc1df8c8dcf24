"""Shards and their outcomes as Parquet files, one row a trader.

Columns are own_weight, statistic_weight_0.., price_weight, level and statistic_0..; outcomes have
quantity, transfer and residual_slope. Needs pyarrow (the extra ``large``).
"""

from pathlib import Path
from typing import Any

import numpy as np

from deviator.errors import InvalidInputError, RefusedError, ResultsError
from deviator.files import written_whole
from deviator.harmless import one_line
from deviator.validation import Floats

from .digest import digest
from .shard import Shard, ShardOutcome

OUTCOME = ("quantity", "transfer", "residual_slope")

DIGEST = b"deviator.digest"
"""Key of the digest of all columns in a file's metadata."""

LONGEST = 300
"""Characters of pyarrow's errors beyond which they are cut."""


def read_shard(path: str | Path) -> Shard:
    """Read a shard from a Parquet file.

    Raises
    ------
    InvalidInputError
        If the file is damaged, columns are missing or too many, or numbers are malformed.
    RefusedError
        If pyarrow is not installed.
    """
    columns = _read(path)
    count = sum(name.startswith("statistic_weight_") for name in columns)
    weights = [_column(columns, f"statistic_weight_{index}", path) for index in range(count)]
    statistics = [_column(columns, f"statistic_{index}", path) for index in range(count)]
    if f"statistic_{count}" in columns:
        raise InvalidInputError(
            f"the Parquet file {path} must have a column statistic_weight_{count}, as it has a "
            f"statistic_{count}"
        )
    own = _column(columns, "own_weight", path)
    return Shard(
        own,
        np.array(weights).reshape(count, len(own)).T,
        _column(columns, "price_weight", path),
        _column(columns, "level", path),
        np.array(statistics).reshape(count, len(own)),
    )


def write_shard(shard: Shard, path: str | Path) -> None:
    """Write a shard to a Parquet file, which appears whole or not at all.

    Raises
    ------
    InvalidInputError
        If it is not a shard, or the path is not one of a file in a folder that exists.
    ResultsError
        If the file cannot be written.
    RefusedError
        If pyarrow is not installed.
    """
    _check_kind("shard", shard, Shard)
    statistic, statistics = np.asarray(shard.statistic_weights), np.asarray(shard.statistics)
    columns = {"own_weight": shard.own_weights, "price_weight": shard.price_weights}
    columns |= {f"statistic_weight_{index}": row for index, row in enumerate(statistic.T)}
    columns |= {f"statistic_{index}": row for index, row in enumerate(statistics)}
    _write(columns | {"level": shard.level}, path)


def read_outcome(path: str | Path) -> ShardOutcome:
    """Read the outcomes of a shard's traders from a Parquet file."""
    columns = _read(path)
    return ShardOutcome(*(_column(columns, name, path) for name in OUTCOME))


def write_outcome(outcome: ShardOutcome, path: str | Path) -> None:
    """Write the outcomes of a shard's traders to a Parquet file; errors as in `write_shard`."""
    _check_kind("outcome", outcome, ShardOutcome)
    _write({name: getattr(outcome, name) for name in OUTCOME}, path)


def _read(path: str | Path) -> dict[str, Floats]:
    if not _checked_path(path).is_file():
        raise InvalidInputError(f"a shard must be an existing Parquet file, got {path}")
    parquet = _pyarrow()
    try:
        # Files of others may have checksums of pages.
        with parquet.ParquetFile(path, page_checksum_verification=True) as file:
            table = file.read()
    except Exception as error:  # pyarrow raises many kinds at bytes that make no sense
        cause = one_line(str(error), LONGEST)
        raise InvalidInputError(
            f"a shard must be a Parquet file that is not damaged, got {path} ({cause})"
        ) from None
    return _checked_columns(table, path)


def _checked_columns(table: Any, path: str | Path) -> dict[str, Floats]:
    columns = {
        field.name: _numbers(table.column(n), field, path) for n, field in enumerate(table.schema)
    }
    known = (table.schema.metadata or {}).get(DIGEST)
    if known is not None and known != digest(columns).encode():
        raise InvalidInputError(
            f"the Parquet file {path} must hold what was written to it, and is damaged; write it "
            "again"
        )
    return columns


def _numbers(column: Any, field: Any, path: str | Path) -> Floats:
    from pyarrow import types

    kind = field.type
    if not (types.is_floating(kind) or types.is_integer(kind) or types.is_null(kind)):
        raise InvalidInputError(
            f"the column {field.name!r} of the Parquet file {path} must hold numbers, got {kind}"
        )
    return np.asarray(column.to_numpy(), dtype=np.float64)


def _column(columns: dict[str, Floats], name: str, path: str | Path) -> Floats:
    if name not in columns:
        raise InvalidInputError(
            f"the Parquet file {path} must have a column {name}, got {', '.join(columns)}"
        )
    return columns[name]


def _write(columns: dict[str, Any], path: str | Path) -> None:
    target = _checked_path(path)
    if target.is_dir():
        raise InvalidInputError(
            f"path must be a file's, got the folder {target}; name a file in it"
        )
    if not target.parent.is_dir():
        raise InvalidInputError(
            f"path must be in a folder that exists, got {target}; make {target.parent} first"
        )
    parquet = _pyarrow()
    from pyarrow import table

    numbers = {name: np.asarray(value, dtype=np.float64) for name, value in columns.items()}
    rows = table(numbers).replace_schema_metadata({DIGEST: digest(numbers)})
    try:
        with written_whole(target) as file:
            parquet.write_table(rows, file, write_page_checksum=True)
    except OSError as error:
        raise ResultsError(f"{target} cannot be written ({error}); name another folder") from None


def _check_kind(name: str, value: object, kind: type) -> None:
    if not isinstance(value, kind):
        raise InvalidInputError(
            f"{name} must be a {kind.__name__}, got {type(value).__name__}; give it first, and the "
            "path second"
        )


def _checked_path(path: object) -> Path:
    if not isinstance(path, (str, Path)):
        raise InvalidInputError(f"path must be a file's path, got {type(path).__name__}")
    return Path(path)


def require_pyarrow() -> None:
    """Raise RefusedError unless pyarrow is installed."""
    _pyarrow()


def _pyarrow() -> Any:
    try:
        from pyarrow import parquet
    except ImportError:
        raise RefusedError(
            'Parquet files need pyarrow, which is not installed; pip install "deviator[large]"'
        ) from None
    return parquet
