"""Files from untrusted sources, read safely."""

import os
import stat
from pathlib import Path

from .writing import OF_THE_MACHINE

LARGEST = 1 << 24
"""Bytes of a file, at most: the largest results take a tenth of it."""


class DamagedError(Exception):
    """A file that cannot be what it should be; the message is the reason."""


def read_plain(path: Path, largest: int = LARGEST) -> bytes:
    """Return the content of an ordinary file.

    Raises
    ------
    FileNotFoundError
        If there is none.
    DamagedError
        If it is a link, a folder, a pipe, larger than it may be, or cannot be read.
    OSError
        If nothing can be read at the moment, whatever the file.
    """
    # Opening a pipe must not wait for somebody who writes, and links may lead anywhere.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(path, flags)
        with os.fdopen(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise DamagedError(f"{path.name} is not an ordinary file")
            if status.st_size > largest:
                raise DamagedError(f"{path.name} takes {status.st_size} bytes")
            return file.read(largest)
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno in OF_THE_MACHINE:
            raise
        raise DamagedError(f"{path.name} cannot be read ({error.strerror})") from None


def is_folder(path: Path) -> bool:
    """Return whether a path is a folder itself, not a link to one."""
    return path.is_dir() and not path.is_symlink()
