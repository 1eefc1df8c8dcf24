"""How far a study is, on standard error: a line that lives in a terminal, lines elsewhere."""

import time
from contextlib import suppress
from threading import Event, Thread
from typing import Self, final

from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID
from rich.text import Text

from deviator.harmless import one_line

from .console import Screen

LINE_S = 30.0
"""Seconds between lines where nobody watches a terminal."""

NAME = 40
"""Characters of a cell's name that the line has room for."""

NAMED = 2
"""Running cells that the line names; it counts the others."""


@final
class StudyDisplay:
    """Shows the events of a study (`studies/run/progress.py`); prints nothing on standard output.

    Parameters
    ----------
    line_s : float
        Seconds between lines where standard error is no terminal.
    """

    def __init__(self, line_s: float = LINE_S) -> None:
        self._screen = Screen(stderr=True, soft_wrap=True)
        self._tally = Tally()
        self._line_s = line_s
        self._bar: Progress | None = None
        self._task = TaskID(0)
        self._over = Event()

    def __enter__(self) -> Self:
        if self._screen.is_terminal:
            columns = SpinnerColumn(), BarColumn(bar_width=15), _TallyColumn(self._tally)
            self._bar = Progress(
                *columns, console=self._screen, redirect_stdout=False, transient=True
            )
            self._task = self._bar.add_task("", total=None)
            self._bar.start()
        else:
            Thread(target=self._tick, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._bar is not None:
            self._bar.stop()

    def note(self, text: str) -> None:
        """Show one thing that happens."""
        text = one_line(text)
        if self._bar is not None and not self._tally.is_counting:
            self._tally.note = text
        else:
            self._print(text)

    def started(self, cells: int, kept: int, workers: int, effort: float) -> None:
        """Show how much there is to do."""
        self._tally.start(cells, kept, effort)
        if self._bar is None:
            many = "1 worker" if workers == 1 else f"{workers} workers"
            self._print(f"{self._tally.line()}; {many}")
        self._show()

    def running(self, label: str) -> None:
        """Show that a cell is computed."""
        self._tally.running[label] = None

    def done(self, label: str, effort: float) -> None:
        """Show that a cell is finished."""
        self._tally.end(label, effort)
        self._show()

    def failed(self, label: str, cause: str, effort: float) -> None:
        """Show that a cell was given up, and why."""
        self._tally.failed += 1
        self._tally.end(label, effort)
        self._print(f"failed {one_line(label)}: {one_line(cause)}")
        self._show()

    def _show(self) -> None:
        if self._bar is not None:
            tally = self._tally
            self._bar.update(self._task, completed=tally.ended, total=tally.cells)
        elif self._tally.ended == self._tally.cells:
            self._print(self._tally.line())

    def _tick(self) -> None:
        while not self._over.wait(self._line_s):
            if self._tally.is_counting and self._tally.ended < self._tally.cells:
                self._print(self._tally.line())

    def _print(self, text: str) -> None:
        # Whoever closes standard error does without.
        with suppress(OSError, ValueError):
            self._screen.print(text)


@final
class Tally:
    """Cells done, failed and running, and the time that the others may take."""

    def __init__(self) -> None:
        self.note = ""
        self.cells = self.ended = self.failed = 0
        self.running: dict[str, None] = {}
        self.is_counting = False
        self._effort = self._spent = 0.0
        self._began = time.monotonic()

    def start(self, cells: int, kept: int, effort: float) -> None:
        """Begin to count."""
        self.cells, self.ended, self._effort = cells, kept, effort
        self._began = time.monotonic()
        self.is_counting = True

    def end(self, label: str, effort: float) -> None:
        """Count a cell that ended."""
        self.ended += 1
        self._spent += effort
        self.running.pop(label, None)

    def line(self) -> str:
        """Return what there is to say, on one line."""
        if not self.is_counting:
            return self.note
        parts = [f"{self.ended - self.failed} of {self.cells} cells done"]
        if self.failed:
            parts.append(f"{self.failed} failed")
        if self._spent > 0 and self.ended < self.cells:
            parts.append(f"about {duration(self._left_s())} left")
        running = [one_line(label)[:NAME] for label in list(self.running)]
        if running:
            more = f" and {len(running) - NAMED} more" if len(running) > NAMED else ""
            parts.append(f"running {', '.join(running[:NAMED])}{more}")
        return ", ".join(parts)

    def _left_s(self) -> float:
        elapsed = time.monotonic() - self._began
        return elapsed * max(self._effort - self._spent, 0.0) / self._spent


@final
class _TallyColumn(ProgressColumn):
    """The tally's line, read whenever the terminal is drawn."""

    def __init__(self, tally: Tally) -> None:
        super().__init__()
        self._tally = tally

    def render(self, task: Task) -> Text:
        """Return the line."""
        return Text(self._tally.line(), overflow="ellipsis", no_wrap=True)


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
