"""Files that a plugin reads without naming them: results do not follow what is in them.

Noticed is what Python opens under the folder of the plugin's file while its code is running, in
guarded processes only.
"""

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from .provenance import FILE_MODULE

NOTICED = "__undeclared_reads__"
"""Where the module of a plugin file keeps what was noticed."""

SHOWN = 5
"""Files that a sentence lists."""


def watch_reads(module: ModuleType, path: Path, code: Iterable[Path], data: Iterable[Path]) -> None:
    """Notice from now on what the code of a plugin file reads, in this process.

    Parameters
    ----------
    module : ModuleType
        Keeps what is noticed.
    path : Path
        The plugin's file.
    code, data : iterable of Path
        Files that are part of its digest.
    """
    noticed: set[str] = set()
    setattr(module, NOTICED, noticed)
    folder = os.path.join(path.parent, "")
    running = frozenset(map(str, code))
    known = running | frozenset(map(str, data))
    skipped = _environments(folder)

    def notice(event: str, arguments: tuple[Any, ...]) -> None:
        if event != "open":
            return
        name = _read_file(*arguments)
        if not name.startswith(folder) or name in known or name.startswith(skipped):
            return
        if os.path.isfile(name) and _is_running(running):
            noticed.add(name.removeprefix(folder))

    # There is no way to remove it, and none is needed: such a process serves one plugin or few.
    sys.addaudithook(notice)


def undeclared_reads() -> list[str]:
    """Return what was noticed in this process, a sentence for each plugin file."""
    found = {
        f"{Path(str(module.__file__)).name} read {', '.join(sorted(names)[:SHOWN])} beside it, "
        "which results do not follow; name what it reads in data_files"
        for name, module in list(sys.modules.items())
        if name.startswith(FILE_MODULE) and (names := vars(module).get(NOTICED))
    }
    return sorted(found)


def _read_file(file: Any, mode: Any, flags: Any) -> str:
    """Return the path of a file that is opened to be read; empty for anything else."""
    reads = (flags & os.O_ACCMODE) == os.O_RDONLY if mode is None else "r" in str(mode)
    if not reads or isinstance(file, int):
        return ""
    try:
        return os.path.realpath(os.fsdecode(file))
    except (TypeError, ValueError, OSError):
        return ""


def _environments(folder: str) -> tuple[str, ...]:
    """Return the folders of installed packages that lie within a folder."""
    places = {os.path.join(os.path.realpath(place), "") for place in [sys.prefix, *sys.path]}
    return tuple(place for place in places if place.startswith(folder) and place != folder)


def _is_running(code: frozenset[str]) -> bool:
    """Return whether one of the files is on the stack."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_filename in code:
            return True
        frame = frame.f_back
    return False
