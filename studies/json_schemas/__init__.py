"""JSON schemas of the files of deviator, for editors and for programs that read and write them.

Files may hold more than their schema says: later versions add, and never rename. ``docs/schemas``
is written from here by ``python docs/schemas.py``.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from deviator.errors import InvalidInputError, one_of

from ..spec.schema import study_schema
from .bids import bids_schema
from .certificate import certificate_schema
from .report import report_schema
from .witness import witness_schema

__all__ = ["json_schema", "schema_titles"]

SCHEMAS: Mapping[str, tuple[str, Callable[[], dict[str, Any]]]] = MappingProxyType(
    {
        "study": ("a study file, which is written in YAML", study_schema),
        "report": ("report.json in the folder of a run", report_schema),
        "witness": ("a market in which a deviation pays, or a constraint breaks", witness_schema),
        "certificate": ("a proof that a constraint is kept", certificate_schema),
        "bids": ("bids of all traders, from deviator.mechanisms.bids_as_data", bids_schema),
    }
)
"""What has a schema: what it is, and its schema."""


def schema_titles() -> dict[str, str]:
    """Return what has a schema, and what each is."""
    return {name: title for name, (title, _) in SCHEMAS.items()}


def json_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema, of the draft 2020-12, of a kind of file.

    Parameters
    ----------
    name : {"study", "report", "witness", "certificate", "bids"}

    Raises
    ------
    InvalidInputError
        If there is no such kind.

    Examples
    --------
    >>> json_schema("bids")["properties"]["format"]
    {'const': 'deviator bids'}
    """
    if name not in SCHEMAS:
        raise InvalidInputError(one_of("a schema", name, SCHEMAS))
    return SCHEMAS[name][1]()
