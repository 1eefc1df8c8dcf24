"""Results on disk: one folder per cell; a cell is done when its ``result.json`` is there.

Results are written last and atomically (temporary file, fsync, rename), so that a run can be
killed at any moment and started again: finished cells are kept, the others are redone.
"""

import errno
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from deviator.errors import ResultsError
from deviator.files import write_atomically

from ..spec.cell import Cell

FORMAT = "deviator study"


@final
@dataclass(frozen=True)
class RunStore:
    """The results folder of one study.

    Parameters
    ----------
    folder : Path
    """

    folder: Path

    @classmethod
    def open(cls, folder: Path, study: str) -> "RunStore":
        """Open or start the results folder of a study.

        Raises
        ------
        ResultsError
            If the folder holds something else, or cannot be written.
        """
        marker = folder / "study.json"
        with explained(folder):
            if marker.exists():
                _check_owner(marker, study)
            elif folder.exists() and (not folder.is_dir() or _has_visible_files(folder)):
                raise ResultsError(
                    f"results folder {folder} must be new or a study's, and holds other files; "
                    "choose another with --out"
                )
            else:
                folder.mkdir(parents=True, exist_ok=True)
                write_atomically(marker, to_json({"format": FORMAT, "study": study}))
        return cls(folder)

    def cell_folder(self, cell: Cell) -> Path:
        """Return the folder of a cell's files."""
        return self.folder / "cells" / cell.label()

    def result(self, cell: Cell) -> dict[str, Any] | None:
        """Return a finished cell's result, or None where it must be run.

        A result that is not readable counts as not there.
        """
        try:
            result = json.loads((self.cell_folder(cell) / "result.json").read_text())
        except (OSError, ValueError):
            return None
        return result if isinstance(result, dict) and result.get("key") == cell.key else None

    def fresh_folder(self, cell: Cell) -> Path:
        """Return an empty folder for a cell that is about to run, its specification inside."""
        folder = self.cell_folder(cell)
        with explained(folder):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            write_atomically(folder / "spec.json", to_json(cell.model_dump(mode="json")))
        return folder

    def save(self, cell: Cell, result: dict[str, Any]) -> None:
        """Write a cell's result; from then on the cell is done."""
        self.write("result.json", to_json(result), self.cell_folder(cell))

    def write(self, name: str, text: str, folder: Path | None = None) -> Path:
        """Write a file atomically and return its path."""
        path = (folder or self.folder) / name
        with explained(path):
            write_atomically(path, text)
        return path


def to_json(data: Any) -> str:
    """Return canonical, readable JSON; NaN and infinity are errors."""
    return json.dumps(data, indent=1, sort_keys=True, allow_nan=False) + "\n"


DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG)
"""What is wrong with a disk, whatever the file."""


def _concerns(error: OSError, path: Path) -> bool:
    """Return whether an error is about a disk, or about a path, what is in it and what it is in."""
    if error.errno in DISK:
        return True
    if not isinstance(error.filename, str | bytes | os.PathLike):
        return False
    file = Path(os.fsdecode(error.filename)).absolute()
    # Files beside it are its own where they carry its name, as `.name.probe` and `name.json` do.
    beside = file.parent == path.parent and path.name in file.name
    return beside or path in (file, *file.parents) or file in path.parents


def _has_visible_files(folder: Path) -> bool:
    """Return whether a folder holds more than what an interrupted write may leave behind."""
    return any(not path.name.startswith(".") for path in folder.iterdir())


def _check_owner(marker: Path, study: str) -> None:
    try:
        content = json.loads(marker.read_text())
    except ValueError:
        content = None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ResultsError(
            f"{marker} must say which study owns the folder, and is damaged; "
            "choose another folder with --out"
        )
    if content.get("study") != study:
        raise ResultsError(
            f"results folder {marker.parent} must belong to study {study!r}, and was written by "
            f"{content.get('study')!r}; choose another with --out"
        )


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
        hint = "free some space" if error.errno == errno.ENOSPC else "choose another with --out"
        raise ResultsError(
            f"{path} must be writable, got {error.strerror or error}; {hint} and run the command "
            "again, finished cells are kept"
        ) from None
