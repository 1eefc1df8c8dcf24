"""Files whose code a user has agreed to run, remembered by digest from one command to the next."""

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

NAME = "trusted_files.txt"
"""A line for each file: the digest, and how the file was called."""


def state_folder() -> Path | None:
    """Return where programs of this user keep what they remember; None where nobody says.

    It is ``XDG_STATE_HOME``, or else the platform's usual folder in the user's own.
    """
    stated = os.environ.get("XDG_STATE_HOME", "")
    if Path(stated).is_absolute():
        return Path(stated)
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA", "")
        return Path(local) if local else None
    home = os.environ.get("HOME", "")
    if not Path(home).is_absolute():
        return None
    inside = "Library/Application Support" if sys.platform == "darwin" else ".local/state"
    return Path(home) / inside


def remembered() -> frozenset[str]:
    """Return the digests of the files that the user trusts."""
    file = _file()
    if file is None:
        return frozenset()
    with suppress(OSError, ValueError):
        lines = file.read_text(encoding="utf-8").splitlines()
        return frozenset(line.partition(" ")[0] for line in lines)
    return frozenset()


def remember(files: Mapping[str, str]) -> None:
    """Remember files, their names by digest, as far as there is a place where one can.

    Examples
    --------
    >>> remember({})
    """
    file, known = _file(), remembered()
    new = {digest: name for digest, name in files.items() if digest not in known}
    if file is None or not new:
        return
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with file.open("a", encoding="utf-8") as lines:
            for digest, name in new.items():
                lines.write(f"{digest} {name.encode('ascii', 'replace').decode()}\n")


def _file() -> Path | None:
    folder = state_folder()
    return None if folder is None else folder / "deviator" / NAME
