"""Claims: which driver works on a cell.

They save work, no more: where two drivers run one cell, the first to rename its attempt is kept.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import final

from .drivers import Drivers
from .plain_files import DamagedError, read_plain
from .writing import explained

LARGEST = 100
"""Bytes of a claim, at most."""


@final
class Claims:
    """The claims in a run folder, as one driver sees them.

    Parameters
    ----------
    folder : Path
        Where the cells are.
    drivers : Drivers
    """

    def __init__(self, folder: Path, drivers: Drivers) -> None:
        self._folder, self._drivers = folder, drivers
        self._mine: set[str] = set()

    def take(self, label: str) -> bool:
        """Claim a cell unless a driver that is at work holds it; return whether it is ours now."""
        path = self._path(label)
        with explained(self._folder):
            if not self._made(path):
                holder = _holder(path)
                if holder is not None and not self._drivers.is_lost(holder):
                    return False
                if holder is not None:
                    _displace(path, holder)
                if not self._made(path):
                    return False
        self._mine.add(label)
        return True

    def give_back(self, label: str) -> None:
        """Let others have a cell, unless they took it over."""
        self._mine.discard(label)
        path = self._path(label)
        with suppress(OSError):
            if _holder(path) == self._drivers.me.name:
                path.unlink()

    def give_all_back(self) -> None:
        """Let others have all cells that are claimed here."""
        for label in list(self._mine):
            self.give_back(label)

    def clear(self, path: Path) -> None:
        """Remove a claim of a driver that is surely gone."""
        holder = _holder(path)
        if holder is not None and self._drivers.is_gone(holder):
            _displace(path, holder)

    def _path(self, label: str) -> Path:
        return self._folder / f".{label}.claim"

    def _made(self, path: Path) -> bool:
        """Make a claim, and return whether there was none."""
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        except FileExistsError:
            return False
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(self._drivers.me.name)
        return True


def _holder(path: Path) -> str | None:
    """Return what a claim says; None where there is none."""
    try:
        return read_plain(path, LARGEST).decode(errors="replace")
    except FileNotFoundError:
        return None
    except DamagedError:
        return "damaged"


def _displace(path: Path, holder: str) -> None:
    """Remove a lost driver's claim, and nobody else's who took it over meanwhile."""
    aside = path.with_name(f".claim-{secrets.token_hex(8)}")
    with suppress(OSError):
        path.rename(aside)
        if _holder(aside) != holder and not path.exists():
            aside.rename(path)
        else:
            aside.unlink()
