"""How far a study is, on standard error: a line that lives in a terminal, lines elsewhere."""

import time
from typing import Self, final

from deviator.harmless import one_line

from .live_line import LINE_S, LiveLine, duration

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
        self._tally = Tally()
        self._line = LiveLine(self._tally.line, line_s)

    def __enter__(self) -> Self:
        self._line.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._line.stop()

    def note(self, text: str) -> None:
        """Show one thing that happens."""
        self._tally.note = one_line(text)
        if not self._line.lives or self._tally.is_counting:
            self._line.print(self._tally.note)

    def started(self, cells: int, kept: int, workers: int, effort: float) -> None:
        """Show how much there is to do."""
        self._tally.start(cells, kept, workers, effort)
        if not self._line.lives:
            many = "1 worker" if workers == 1 else f"{workers} workers"
            self._line.print(f"{self._tally.line()}; {many}")
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
        self._line.print(f"failed {one_line(label)}: {one_line(cause)}")
        self._show()

    def _show(self) -> None:
        tally = self._tally
        self._line.measure(tally.ended, tally.cells)
        if tally.ended == tally.cells and not self._line.lives:
            self._line.print(tally.line())


@final
class Tally:
    """Cells done, failed and running, and the time that the others may take."""

    def __init__(self) -> None:
        self.note = ""
        self.cells = self.ended = self.failed = 0
        self.running: dict[str, None] = {}
        self.is_counting = False
        self._effort = self._spent = self._guess_s = 0.0
        self._began = time.monotonic()

    def start(self, cells: int, kept: int, workers: int, effort: float) -> None:
        """Begin to count."""
        from deviator.studies.run.plan import guessed_seconds

        self.cells, self.ended, self._effort = cells, kept, effort
        self._guess_s = guessed_seconds(effort) / workers
        self._began = time.monotonic()
        self.is_counting = True

    def end(self, label: str, effort: float) -> None:
        """Count a cell that ended."""
        self.ended += 1
        self._spent += effort
        self.running.pop(label, None)

    def line(self) -> str:
        """Return what there is to say, on one line."""
        if not self.is_counting or self.ended == self.cells:
            return self.note if not self.is_counting else self._counts()
        parts = [self._counts(), self._time_left()]
        running = [one_line(label)[:NAME] for label in list(self.running)]
        if running:
            more = f" and {len(running) - NAMED} more" if len(running) > NAMED else ""
            parts.append(f"running {', '.join(running[:NAMED])}{more}")
        return ", ".join(parts)

    def _counts(self) -> str:
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.ended - self.failed} of {self.cells} cells done{failed}"

    def _time_left(self) -> str:
        """Return the time left: by the cells that ended, and before the first by their effort."""
        if not self._spent:
            return f"roughly {duration(self._guess_s)} left"
        elapsed = time.monotonic() - self._began
        left = elapsed * max(self._effort - self._spent, 0.0) / self._spent
        return f"about {duration(left)} left"
