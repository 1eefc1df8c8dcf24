"""Tables as files of Stata: names that it takes, and labels that say what they stand for."""

import io
import re
from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa

from .frames import frame_of
from .schemas import SCHEMAS

LONGEST = 32
"""Characters of a name in Stata."""

LABEL = 80
"""Characters of a label."""

EPOCH = datetime(1960, 1, 1)
"""What files say of when they were written: Stata's own beginning, so that they stay the same."""

VERSION = 118
"""Of Stata's files: the first with texts in Unicode, of Stata 14."""


def stata_bytes(name: str, table: pa.Table) -> bytes:
    """Return a table as a file of Stata 14 or later; the same table, the same bytes.

    Parameters
    ----------
    name : str
        Of the table.
    table : pyarrow.Table
    """
    names = stata_names(table.column_names)
    meanings = {column.name: column.meaning for column in SCHEMAS[name]}
    labels = {
        short: _label(meanings.get(column, column))
        for short, column in zip(names, table.column_names, strict=True)
    }
    file = io.BytesIO()
    # Stata has no infinity: what is none of its numbers is missing there.
    infinite = {float("inf"): float("nan"), float("-inf"): float("nan")}
    frame_of(table.rename_columns(names)).replace(infinite).to_stata(
        file, version=VERSION, write_index=False, variable_labels=labels, time_stamp=EPOCH
    )
    return file.getvalue()


def stata_names(columns: Sequence[str]) -> list[str]:
    """Return names of letters, digits and underscores, no two the same, for columns.

    Examples
    --------
    >>> stata_names(["economy.alpha", "economy_alpha", "2"])
    ['economy_alpha', 'economy_alpha_2', '_2']
    """
    names: list[str] = []
    for column in columns:
        plain = re.sub(r"\W", "_", column, flags=re.ASCII)
        plain = f"_{plain}" if plain[:1].isdigit() or not plain else plain
        name, number = plain[:LONGEST], 1
        while name in names:
            number += 1
            name = f"{plain[: LONGEST - len(str(number)) - 1]}_{number}"
        names.append(name)
    return names


def _label(meaning: str) -> str:
    plain = meaning.replace("`", "")
    return plain if len(plain) <= LABEL else f"{plain[: LABEL - 3]}..."
