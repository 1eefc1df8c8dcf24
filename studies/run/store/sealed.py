"""A cell's files: what it found, with a checksum over it and over the cell's specification."""

import hashlib
import json
from pathlib import Path
from typing import Any

from deviator.errors import InvalidInputError

from ...spec.cell import SCHEMA
from .formats import UNSEALED, upgraded
from .plain_files import LARGEST, DamagedError, is_folder, read_plain
from .writing import to_json

FORMAT = "deviator result"

Content = tuple[dict[str, Any], dict[str, Any]]
"""A cell's specification and its result."""


def sealed(key: str, spec: dict[str, Any], result: dict[str, Any]) -> str:
    """Return the text of a result file.

    Raises
    ------
    InvalidInputError
        If it is larger than a result may be.
    ValueError
        If the result holds NaN or infinity.
    """
    seal = _checksum(SCHEMA, key, spec, result)
    text = to_json(
        {"format": FORMAT, "schema": SCHEMA, "key": key, "sha256": seal, "result": result}
    )
    if len(text) > LARGEST:
        raise InvalidInputError(
            f"the result of a cell may take {LARGEST} bytes, got {len(text)}; use fewer seeds"
        )
    return text


def read_cell(folder: Path, key: str, *, unsealed: bool = False) -> Content | None:
    """Return what is in a finished cell's folder, in today's form; None where there is no folder.

    Parameters
    ----------
    folder : Path
    key : str
        The cell's.
    unsealed : bool
        Take results without a checksum too, as the first released format has them.

    Raises
    ------
    DamagedError
        If the files are not what was written there for the cell with that key.
    """
    if not folder.exists() and not folder.is_symlink():
        return None
    if not is_folder(folder):
        raise DamagedError("it is not a folder")
    spec, document = _read_json(folder / "spec.json"), _read_json(folder / "result.json")
    if unsealed and "format" not in document:
        return upgraded(UNSEALED, key, spec, document)
    return _opened(key, spec, document)


def _opened(key: str, spec: dict[str, Any], document: dict[str, Any]) -> Content:
    schema, result = document.get("schema"), document.get("result")
    if document.get("format") != FORMAT or type(schema) is not int or not isinstance(result, dict):
        raise DamagedError("result.json is not a result of deviator")
    if document.get("key") != key:
        raise DamagedError("its files belong to another cell")
    try:
        seal = _checksum(schema, key, spec, result)
    except (ValueError, RecursionError):
        raise DamagedError("it holds values that cannot be results") from None
    if document.get("sha256") != seal:
        raise DamagedError("its checksum does not match its content")
    if result.get("key") != key:
        raise DamagedError("it holds the result of another cell")
    return upgraded(schema, key, spec, result)


def _checksum(schema: int, key: str, spec: dict[str, Any], result: dict[str, Any]) -> str:
    content = {"schema": schema, "key": key, "spec": spec, "result": result}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _read_json(path: Path) -> dict[str, Any]:
    """Return what a file of JSON holds.

    Raises
    ------
    DamagedError
        If it cannot be read or holds something else.
    """
    try:
        data = json.loads(read_plain(path))
    except FileNotFoundError:
        raise DamagedError(f"{path.name} is not there") from None
    except (ValueError, RecursionError):
        raise DamagedError(f"{path.name} cannot be read as JSON") from None
    if not isinstance(data, dict):
        raise DamagedError(f"{path.name} holds no fields")
    return data
