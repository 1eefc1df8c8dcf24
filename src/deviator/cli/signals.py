"""Signals that end a command in order, as Ctrl-C does."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from types import FrameType
from typing import final

ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Signals by which a system, a scheduler or a terminal that closes asks a command to end."""


@final
class TerminatedError(KeyboardInterrupt):
    """A signal asked the command to end; handled wherever Ctrl-C is."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Let signals that ask for the end raise `TerminatedError`; the second one ends at once.

    Examples
    --------
    >>> import os, signal
    >>> try:
    ...     with ended_in_order():
    ...         os.kill(os.getpid(), signal.SIGTERM)
    ... except KeyboardInterrupt as end:
    ...     exit_code(end)
    143
    """
    if current_thread() is not main_thread():
        yield
        return
    # What nohup ignores stays ignored.
    usual = {
        number: signal.getsignal(number)
        for number in ENDING
        if signal.getsignal(number) is signal.SIG_DFL
    }
    for number in usual:
        signal.signal(number, _end)
    try:
        yield
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)


def exit_code(interrupt: KeyboardInterrupt) -> int:
    """Return the exit code of a command that was ended: 128 and the signal's number."""
    number = interrupt.number if isinstance(interrupt, TerminatedError) else signal.SIGINT
    return 128 + number


def _end(number: int, _: FrameType | None) -> None:
    signal.signal(number, signal.SIG_DFL)
    raise TerminatedError(number)
