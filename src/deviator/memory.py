"""How much memory there is, asked before large arrays are made: a refusal costs nothing."""

import os
from pathlib import Path

from deviator.errors import RefusedError

MEMINFO = Path("/proc/meminfo")
CONTAINER = Path("/sys/fs/cgroup")

LITTLE = 2**26
"""Bytes for which nobody needs to ask."""


def available_memory(meminfo: Path = MEMINFO, container: Path = CONTAINER) -> int | None:
    """Return how many bytes can be had without swapping; None where the system does not say.

    The least of what Linux counts as available in the file `meminfo` and what is left of the limit
    in a container's folder; elsewhere all memory that the machine has.
    """
    known = [free for free in (_free_of_machine(meminfo), _left_in_container(container)) if free]
    return min(known, default=None)


def require_memory(needed: float, what: str, instead: str = "take fewer at a time") -> None:
    """Refuse work that needs more memory than there is: so many bytes, held at once.

    `what` needs them, the subject of the error's sentence, and `instead` is the way out.

    Examples
    --------
    >>> require_memory(8, "one number")
    >>> try:
    ...     require_memory(2**80, "a market of 10^12 traders")
    ... except RefusedError as error:
    ...     print(str(error)[:54])
    a market of 10^12 traders needs 1.13e+15 GiB of memory
    """
    if needed < LITTLE:
        return
    available = available_memory()
    if available is not None and needed > available:
        raise RefusedError(
            f"{what} needs {needed / 2**30:.3g} GiB of memory and {available / 2**30:.3g} GiB are "
            f"available; {instead}"
        )


def _free_of_machine(meminfo: Path) -> int | None:
    try:
        lines = meminfo.read_text(encoding="ascii").splitlines()
        sizes = dict(line.split(":", 1) for line in lines if ":" in line)
        return int(sizes["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def _left_in_container(folder: Path) -> int | None:
    try:
        limit = int((folder / "memory.max").read_text(encoding="ascii"))
        return max(limit - int((folder / "memory.current").read_text(encoding="ascii")), 1)
    except (OSError, ValueError):
        return None
