"""Tables as pandas frames: each column has one type, whatever it holds."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pyarrow as pa
from pyarrow import compute

if TYPE_CHECKING:
    from pandas import DataFrame


def frame_of(table: pa.Table) -> "DataFrame":
    """Return a table as a frame that pandas writes to any of its formats.

    Whole numbers are ``Int64`` and truths ``boolean``, which can be missing; missing texts are
    empty, as Stata and CSV have them.

    Parameters
    ----------
    table : pyarrow.Table

    Examples
    --------
    >>> frame = frame_of(pa.table({"name": ["a", None], "seed": [1, None]}))
    >>> frame["name"].tolist(), str(frame["seed"].dtype)
    (['a', ''], 'Int64')
    """
    import pandas

    kinds: Mapping[pa.DataType, object] = {
        pa.int64(): pandas.Int64Dtype(),
        pa.bool_(): pandas.BooleanDtype(),
    }
    return without_missing_texts(table).to_pandas(types_mapper=kinds.get)


def without_missing_texts(table: pa.Table) -> pa.Table:
    """Return a table in which missing texts are empty."""
    for place, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            table = table.set_column(place, field, compute.fill_null(table[field.name], ""))
    return table
