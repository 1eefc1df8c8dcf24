"""One line on standard error that lives in a terminal, and lines from time to time elsewhere."""

from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread
from typing import final

from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID
from rich.text import Text

from .screen import Screen

LINE_S = 30.0
"""Seconds between lines where nobody watches a terminal."""


@final
class LiveLine:
    """Shows what a function returns, again and again until it is stopped.

    Parameters
    ----------
    line : callable
        Returns what there is to say now, on one line.
    line_s : float
        Seconds between lines where standard error is no terminal on which a line can live.
    """

    def __init__(self, line: Callable[[], str], line_s: float = LINE_S) -> None:
        self._screen = Screen(stderr=True, soft_wrap=True)
        self._line, self._line_s = line, line_s
        self._bar: Progress | None = None
        self._task = TaskID(0)
        self._over = Event()

    @property
    def lives(self) -> bool:
        """Whether the line is drawn in a terminal."""
        return self._bar is not None

    def start(self) -> None:
        """Begin to show the line."""
        if not self._screen.is_watched or self._screen.is_dumb_terminal:
            Thread(target=self._tick, daemon=True).start()
            return
        columns = SpinnerColumn(), BarColumn(bar_width=15), _LineColumn(self._line)
        self._bar = Progress(*columns, console=self._screen, redirect_stdout=False, transient=True)
        self._task = self._bar.add_task("", total=None)
        self._bar.start()

    def stop(self) -> None:
        """Show the line no longer; what was printed stays."""
        self._over.set()
        if self._bar is not None:
            self._bar.stop()

    def measure(self, done: float, total: float | None) -> None:
        """Draw how much is done, where the line lives."""
        if self._bar is not None:
            self._bar.update(self._task, completed=done, total=total)

    def print(self, text: str) -> None:
        """Print a text that stays."""
        # Whoever closes standard error does without.
        with suppress(OSError, ValueError):
            self._screen.print(text)

    def _tick(self) -> None:
        while not self._over.wait(self._line_s):
            text = self._line()
            if text:
                self.print(text)


@final
class _LineColumn(ProgressColumn):
    """The line, read whenever the terminal is drawn."""

    def __init__(self, line: Callable[[], str]) -> None:
        super().__init__()
        self._line = line

    def render(self, task: Task) -> Text:
        """Return the line."""
        return Text(self._line(), overflow="ellipsis", no_wrap=True)


def duration(seconds: float) -> str:
    """Return a time in the unit that suits it.

    Examples
    --------
    >>> duration(50), duration(170), duration(6000)
    ('50 s', '3 min', '1.7 h')
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"
