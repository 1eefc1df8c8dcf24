"""What a running study tells while it runs: the events that a display shows."""

from typing import Protocol, final, runtime_checkable


@runtime_checkable
class StudyProgress(Protocol):
    """Told what happens in a study, from one thread; shows it or keeps it.

    A run calls `started` once, then `running` and `done` or `failed` for each cell that it works
    on, in the order in which they happen. A cell may be `done` that was never `running`: another
    driver finished it.
    """

    def note(self, text: str) -> None:
        """Say one thing on one line: what is being prepared, or that there is another driver."""

    def started(self, cells: int, kept: int, workers: int, effort: float) -> None:
        """Say how much there is to do.

        Parameters
        ----------
        cells : int
            All cells of the study.
        kept : int
            Cells among them that are finished already, or cannot be run.
        workers : int
        effort : float
            What the other cells cost together, in any unit.
        """

    def running(self, label: str) -> None:
        """Say that a worker has been given a cell."""

    def done(self, label: str, effort: float) -> None:
        """Say that a cell is finished; `effort` is its part of what `started` announced."""

    def failed(self, label: str, cause: str, effort: float) -> None:
        """Say that a cell was given up, and why."""


@final
class SilentProgress:
    """Shows nothing."""

    def note(self, text: str) -> None:
        """Drop a text."""

    def started(self, cells: int, kept: int, workers: int, effort: float) -> None:
        """Drop the size of a run."""

    def running(self, label: str) -> None:
        """Drop the start of a cell."""

    def done(self, label: str, effort: float) -> None:
        """Drop the end of a cell."""

    def failed(self, label: str, cause: str, effort: float) -> None:
        """Drop the end of a cell."""
