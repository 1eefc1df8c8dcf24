"""Files that are written whole or not at all."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from deviator.errors import InvalidInputError


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file so that readers see the old content or the new, never part of it.

    Raises
    ------
    OSError
        If the file cannot be written; the old content is kept.
    """
    with written_whole(path) as file:
        file.write(content.encode() if isinstance(content, str) else content)


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a file to write that takes the place of another once it is closed without an error.

    Until then its name is one that nobody can foresee: where strangers may put links, none leads
    what is written to somewhere else.

    Raises
    ------
    OSError
        If the file cannot be written; the old content is kept.
    """
    temporary = path.with_name(f".{secrets.token_hex(8)}.unfinished")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(temporary, flags, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        keep_names(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def keep_names(folder: Path) -> None:
    """Have a folder's names on the disk before going on, where its file system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read_text(path: Path, at_most: int = 2**24) -> str:
    """Return a text in UTF-8, whatever the locale; only so many characters of it are ever read.

    Raises
    ------
    InvalidInputError
        If it is longer, or no text in UTF-8; the message is the reason only.
    OSError
        If it cannot be read.
    """
    with path.open(encoding="utf-8") as file:
        try:
            text = file.read(at_most + 1)
        except UnicodeDecodeError as error:
            raise InvalidInputError(f"it must be a text in UTF-8 ({error})") from None
    if len(text) > at_most:
        raise InvalidInputError(f"it may have at most {at_most} characters, and has more")
    return text
