"""Writing into a folder of results: JSON that is the same each time, refusals in one sentence."""

import errno
import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

from deviator.errors import ResultsError


def to_json(data: Any) -> str:
    """Return canonical, readable JSON; NaN and infinity are errors."""
    # Written piece by piece: `dumps` holds all pieces of a large report at once.
    text = io.StringIO()
    json.dump(data, text, indent=1, sort_keys=True, allow_nan=False)
    return text.getvalue() + "\n"


def check_no_link(folder: Path) -> None:
    """Check that a folder of a run is no link, which leads what is written to somewhere else.

    Raises
    ------
    ResultsError
        If it is one.
    """
    if folder.is_symlink():
        raise ResultsError(f"{folder} must be a folder of the run itself, and is a link; remove it")


WAYS_OUT: Mapping[int, str] = MappingProxyType(
    {
        errno.ENOSPC: "free some space",
        errno.EDQUOT: "free some space",
        errno.EMFILE: "allow more open files (ulimit -n)",
        errno.ENFILE: "close programs that hold many files",
    }
)
"""What helps against a refusal, where another folder does not."""

OF_THE_MACHINE = (*WAYS_OUT, errno.EROFS, errno.EIO, errno.EFBIG)
"""What is wrong with a disk or a process, whatever the file."""


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn an operating system's refusal to write into one sentence, a `ResultsError`.

    Other errors of an operating system, as of a connection or of data that a plugin reads, are not
    about `path` and stay as they are.
    """
    try:
        yield
    except ResultsError:
        raise
    except OSError as error:
        if not _concerns(error, path.absolute()):
            raise
        hint = WAYS_OUT.get(error.errno or 0, "choose another with --out")
        raise ResultsError(
            f"{path} must be writable, got {error.strerror or error}; {hint} and run the command "
            "again, finished cells are kept"
        ) from None


def _concerns(error: OSError, path: Path) -> bool:
    """Return whether an error is about a disk, or about a path, what is in it and what it is in."""
    if error.errno in OF_THE_MACHINE:
        return True
    # What cannot be renamed may be right, and what it should replace wrong.
    names = (error.filename, error.filename2)
    return any(
        _is_near(name, path) for name in names if isinstance(name, str | bytes | os.PathLike)
    )


def _is_near(name: str | bytes | os.PathLike[str], path: Path) -> bool:
    file = Path(os.fsdecode(name)).absolute()
    # Files beside it are its own where they carry its name, as `.name.probe` and `name.json` do.
    beside = file.parent == path.parent and path.name in file.name
    return beside or path in (file, *file.parents) or file in path.parents
