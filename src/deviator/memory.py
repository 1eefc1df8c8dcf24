"""How much memory there is, asked before large arrays are made: a refusal costs nothing."""

from pathlib import Path

from deviator.errors import RefusedError

CONTAINER = Path("/sys/fs/cgroup")
"""Where Linux states the limit of a container; elsewhere there is no such folder, and the machine's
own count is all that is known."""

LITTLE = 2**26
"""Bytes for which nobody needs to ask."""


def available_memory(container: Path = CONTAINER) -> int | None:
    """Return how many bytes can be had without swapping; None where the system does not say.

    The least of what the machine has and what is left of the limit in a container's folder.
    """
    known = [free for free in (_free_of_machine(), _left_in_container(container)) if free]
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


def _free_of_machine() -> int | None:
    import psutil  # here, as most commands never ask

    try:
        return int(psutil.virtual_memory().available)
    except (OSError, NotImplementedError, psutil.Error):
        return None


def _left_in_container(folder: Path) -> int | None:
    """Return what is left of a limit; files that were read are dropped where room is needed."""
    try:
        limit, used = (
            int((folder / f"memory.{name}").read_text("ascii")) for name in ("max", "current")
        )
        lines = (folder / "memory.stat").read_text("ascii").splitlines()
        files = int(dict(line.split() for line in lines).get("inactive_file", 0))
    except (OSError, ValueError):
        return None
    return max(limit - used + files, 1)
