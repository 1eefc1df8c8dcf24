"""How long everyone learns: a number of steps, and CPU seconds if a limit is set."""

import time

from deviator.validation import positive, whole_number


class Budget:
    """Counts steps and CPU seconds of one start; keeps state, as a clock does.

    Parameters
    ----------
    steps : int
        Steps of learning, at least 1.
    seconds : float, optional
        CPU seconds after which learning ends early; step sizes fall with whichever is ahead.
    """

    def __init__(self, steps: int, seconds: float | None = None) -> None:
        self.steps = whole_number("steps", steps, 1)
        self._seconds = None if seconds is None else positive("seconds", seconds)
        self._started = time.process_time()
        self.spent = 0

    def spend(self) -> None:
        """Count one step."""
        self.spent += 1

    @property
    def left(self) -> float:
        """Share of the budget that is left, from 1 to 0."""
        share = self.spent / self.steps
        if self._seconds is not None:
            share = max(share, (time.process_time() - self._started) / self._seconds)
        return max(1 - share, 0.0)

    @property
    def done(self) -> bool:
        """Whether nothing is left."""
        return self.left <= 0
