"""Results as JSON on standard output: one document, for scripts."""

import json
import math
from typing import Annotated, Any

import typer

from .console import console

Json = Annotated[
    bool, typer.Option("--json", help="Print the results as JSON; all else goes to stderr.")
]


def print_json(content: Any) -> None:
    """Print a document that all readers of JSON take."""
    screen = console()
    screen.file.write(json_text(content))
    screen.file.flush()


def json_text(content: Any) -> str:
    """Return a document that all readers of JSON take."""
    return json.dumps(plain(content), indent=1, allow_nan=False, default=str) + "\n"


def plain(value: Any) -> Any:
    """Return a value as JSON has it: NaN and infinity are missing there.

    Examples
    --------
    >>> plain({"gain": float("nan"), "traders": (0, 1)})
    {'gain': None, 'traders': [0, 1]}
    """
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value
