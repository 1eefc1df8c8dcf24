"""Parts that schemas share."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from ..spec.schema import DIALECT

Schema = dict[str, Any]

NUMBER: Schema = {"type": "number"}
TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer", "minimum": 0}
TRADERS = 3
"""Traders of a market, at least."""

_DIGITS = r"(\d+|0x[0-9a-f]+)"
FRACTION: Schema = {"type": "string", "pattern": rf"^-?{_DIGITS}(/-?{_DIGITS})?$"}
"""An exact number, as text: 1/3, or 0x1f/0x3."""


def either(*schemas: Schema) -> Schema:
    """Return the schema of what one of several describes."""
    return {"anyOf": list(schemas)}


def or_none(schema: Schema) -> Schema:
    """Return the schema of what may be null."""
    return either(schema, {"type": "null"})


def listed(schema: Schema, least: int = 0) -> Schema:
    """Return the schema of a list of so many at least."""
    return {"type": "array", "items": schema, **({"minItems": least} if least else {})}


def one_of(*names: str) -> Schema:
    """Return the schema of a text that is one of some names."""
    return {"enum": list(names)}


def fields(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    """Return the schema of an object; what it holds besides is not described."""
    properties = {**required, **(optional or {})}
    return {"type": "object", "properties": properties, "required": list(required)}


def named_file(title: str, name: str, required: Mapping[str, Schema], **optional: Schema) -> Schema:
    """Return the schema of a file of a named format, version 1."""
    head: dict[str, Schema] = {"format": {"const": name}, "version": {"const": 1}}
    return {"title": title, **fields({**head, **required}, optional)}


def document(title: str, body: Schema) -> Schema:
    """Return a schema as a document of its own."""
    return {"$schema": DIALECT, **body, "title": title}


PROFILE = listed(NUMBER, TRADERS)
"""A number for each trader."""

BIDS = listed(listed(NUMBER), TRADERS)
"""The numbers of each trader's bid, as ``clearing`` says what they mean."""

ARITHMETIC = one_of("rational", "floating point")

MARKET: Mapping[str, Schema] = MappingProxyType(
    {
        "mechanism": TEXT,
        "settings": {"type": "object"},
        "tax_slope": NUMBER,
        "clearing": or_none(
            fields(
                {
                    "kind": one_of(
                        "conditional bids", "conditional bids on statistics", "schedules", "reports"
                    ),
                    "share": FRACTION,
                }
            )
        ),
        "payment": or_none({"type": "object", "additionalProperties": FRACTION}),
        "economy": fields({"name": TEXT}),
        "strategy": TEXT,
    }
)
"""A market, as witnesses and certificates describe it: ``docs/witnesses.md``."""
