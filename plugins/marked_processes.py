"""Processes that carry a mark in their environment, which all that they start inherit.

Run as a script, this file waits until the process that started it is gone, whatever ended it, and
then ends all that carry the mark. It imports nothing of deviator, and starts within milliseconds.
"""

import sys
import time
from contextlib import suppress

GUARDED = "DEVIATOR_GUARDED"
"""Set in the environment of guarded processes; holds their marks, the outermost first."""

ROUNDS = 100
ROUND_S = 0.02
"""How often, and how far apart, one looks for processes that were started while others ended."""


def end_marked(mark: str) -> None:
    """End all processes that carry a mark, those included that left their group or session."""
    import psutil

    for _ in range(ROUNDS):
        marked = marked_ids(mark)
        if not marked:
            return
        for pid in marked:
            with suppress(psutil.Error):
                psutil.Process(pid).kill()
        time.sleep(ROUND_S)


def marked_ids(mark: str, strangers: set[int] | None = None) -> list[int]:
    """Return the ids of all processes that carry a mark.

    Parameters
    ----------
    mark : str
    strangers : set of int, optional
        Processes that are known to carry none: they are not looked at, and others that carry none
        are added. Who asks often asks about new ones only.
    """
    import psutil

    everyone = set(psutil.pids())
    known = set() if strangers is None else strangers
    marked = [pid for pid in sorted(everyone - known) if _carries(pid, mark)]
    known.intersection_update(everyone)
    known.update(everyone.difference(marked))
    return marked


def memory_of(pid: int, with_children: bool) -> int:
    """Return the bytes of memory that a process holds; 0 where it is gone.

    Parameters
    ----------
    pid : int
    with_children : bool
        Count all that it started, too: pages that they share count for each.
    """
    import psutil

    try:
        process = psutil.Process(pid)
        members = [process, *(process.children(recursive=True) if with_children else ())]
    except psutil.Error:
        return 0
    held = 0
    for member in members:
        with suppress(psutil.Error):
            held += member.memory_info().rss
    return held


def _carries(pid: int, mark: str) -> bool:
    import psutil

    try:
        return mark in psutil.Process(pid).environ().get(GUARDED, "")
    except (psutil.Error, OSError):
        # Gone, or somebody else's.
        return False


if __name__ == "__main__":
    # The end of this file comes when nobody can write to it any more.
    sys.stdin.buffer.read()
    end_marked(sys.argv[1])
