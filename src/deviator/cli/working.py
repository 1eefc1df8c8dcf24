"""What a command is doing, on standard error from its start, and how long the rest takes."""

import time
from typing import Self, final

from deviator.harmless import one_line

from .live_line import LINE_S, LiveLine, duration

SURE_S = 1.0
"""Seconds of work from which the time that is left is guessed."""


@final
class Working:
    """Shows what a command is doing, and prints nothing on standard output.

    Parameters
    ----------
    doing : str
        What it begins with.
    line_s : float
        Seconds between lines where standard error is no terminal.
    """

    def __init__(self, doing: str, line_s: float = LINE_S) -> None:
        self._line = LiveLine(self.line, line_s)
        self._doing, self._share = doing, 0.0
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        self._line.start()
        self.note(self._doing)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Show nothing any more, before something is printed or asked."""
        self._line.stop()

    def note(self, doing: str) -> None:
        """Say what the command is doing now; how much of it is done is not known yet."""
        self._doing, self._share, self._began = one_line(doing), 0.0, time.monotonic()
        self._line.measure(0, None)
        if not self._line.lives:
            self._line.print(self._doing)

    def step(self, doing: str, share: float) -> None:
        """Say what it is doing now, and how much of all that it does is done, from 0 to 1."""
        self._share = min(max(share, 0.0), 1.0)
        self._line.measure(self._share, 1.0)
        is_new, self._doing = one_line(doing) != self._doing, one_line(doing)
        if is_new and not self._line.lives:
            self._line.print(self.line() if self._share else self._doing)

    def say(self, text: str) -> None:
        """Print a text that stays, above the line where it lives."""
        self._line.print(one_line(text))

    def line(self) -> str:
        """Return what there is to say, on one line."""
        elapsed = time.monotonic() - self._began
        if not self._share:
            return f"{self._doing}, for {duration(elapsed)}" if elapsed >= SURE_S else self._doing
        done = f"{self._doing}, {100 * self._share:.0f}% done"
        if elapsed < SURE_S or self._share >= 1:
            return done
        return f"{done}, about {duration(elapsed * (1 - self._share) / self._share)} left"
