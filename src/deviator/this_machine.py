"""What tells this machine, and a process on it, from others of the same name or number.

Linux states both in its own count, which no change of a clock moves. Elsewhere psutil answers, in
seconds of the clock: where that was set meanwhile a machine may be taken for another one, which
makes drivers wait for each other's counters, and loses nothing.
"""

import os
from contextlib import suppress
from pathlib import Path


def start_of_machine(proc: Path = Path("/proc")) -> str:
    """Return what tells this start of the machine, and its space of process numbers, from others.

    Parameters
    ----------
    proc : Path
        Where Linux has what it says of itself.

    Examples
    --------
    >>> start_of_machine() == start_of_machine() != ""
    True
    """
    with suppress(OSError):
        boot = (proc / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {os.readlink(proc / 'self/ns/pid')}"
    import psutil  # here, as few commands ask

    with suppress(psutil.Error, OSError):
        return f"{psutil.boot_time():.0f}"
    return ""


def start_of_process(pid: int, proc: Path = Path("/proc")) -> str:
    """Return when a process started; empty where it is not there, or nobody says.

    Parameters
    ----------
    pid : int
    proc : Path
        Where Linux has what it says of processes.

    Examples
    --------
    >>> start_of_process(os.getpid()) == start_of_process(os.getpid()) != ""
    True
    """
    with suppress(OSError, IndexError):
        # The name before it may hold anything.
        stat = (proc / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        return stat.rpartition(")")[2].split()[19]
    import psutil

    with suppress(psutil.Error, OSError):
        return f"{psutil.Process(pid).create_time():.3f}"
    return ""
