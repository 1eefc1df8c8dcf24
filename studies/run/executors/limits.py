"""What one cell may take."""

from math import inf
from typing import NamedTuple

from deviator.memory import available_memory

GIB = 2**30

LEAST = GIB
"""Bytes that a process may hold at least: libraries alone take a third of that."""


class Limits(NamedTuple):
    """What one task may take, wherever it runs.

    Parameters
    ----------
    seconds : float
        From when the task's own code starts; infinity sets no limit.
    memory_gib : float or None
        Memory of its process and of all that this starts. None stands for its share: what is
        available on its machine when the work begins there, split among the workers.
    attempts : int
        How often a task is tried whose process ends under it. One that passes a limit is not
        tried again.
    """

    seconds: float = inf
    memory_gib: float | None = None
    attempts: int = 3

    @property
    def is_none_stated(self) -> bool:
        """Whether a task may take all the time and memory that it needs."""
        return self.seconds == inf and self.memory_gib is None

    def memory(self, workers: int) -> int | None:
        """Return the bytes that each of several workers of this machine may hold.

        None where no limit is stated and the system does not say what is available.

        Examples
        --------
        >>> Limits(memory_gib=1.5).memory(workers=4) / 2**30
        1.5
        """
        if self.memory_gib is not None:
            return None if self.memory_gib == inf else int(self.memory_gib * GIB)
        available = available_memory()
        return None if available is None else max(available // workers, LEAST)
