"""A separate process for code that may hang, crash or exit, where it harms nothing else."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from io import BufferedReader
from math import inf
from queue import Empty, SimpleQueue
from threading import Event, Thread, current_thread, main_thread
from typing import Any, Self, cast, final

import cloudpickle

from deviator.harmless import printable
from deviator.validation import positive

from .guarded_process import GUARDED, SIGN, Listener, is_guarded, may_be_lost, receive, send
from .plain_data import LONGEST_ANSWER, GuardError, PlainError, Tell, plain_data

__all__ = ["Guard", "GuardError", "ProcessEndedError", "is_guarded", "may_be_lost"]

START_S = 120
"""Seconds that a process may take to start and to import the library, on a busy machine."""

LOOK_S = 0.5
"""Seconds between looks whether a process is still there."""

SHOWN = 20_000
"""Bytes that a process may print; the rest is dropped."""

FAMILIES = (
    "deviator.economies",
    "deviator.mechanisms",
    "deviator.policies",
    "deviator.learners",
)
"""What plugins import: it is there before their time begins."""


class ProcessEndedError(GuardError):
    """A guarded call ended its process."""


@final
class Guard:
    """Runs functions in a process of its own, with a time limit; lost processes are replaced.

    The process is a new interpreter, which imports nothing from the current folder unless this one
    does. What it sends back is plain data: numbers, texts, arrays, deviator's own records, and
    errors as `PlainError` describes them. What it prints is shown up to a limit.

    Parameters
    ----------
    limit_s : float
        Seconds that one call may take; infinity sets no limit. They count from when the process is
        up and has imported the families, the called function's module and those of `preload`,
        however busy the machine is.
    preload : tuple of str
        Names of further modules that are slow to import and that calls need.

    Examples
    --------
    >>> with Guard(limit_s=60) as guard:
    ...     guard.run(len, "abc")
    3
    """

    def __init__(self, limit_s: float, preload: tuple[str, ...] = ()) -> None:
        self.limit_s = limit_s if limit_s == inf else positive("limit_s", limit_s)
        self.preload = preload
        self._process: _Process | None = None
        self._is_left = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Return ``function(*arguments)``, computed in the process; its errors are raised here.

        Raises
        ------
        GuardError
            If the time limit passed, the process ended, or the result is not plain data.
        """
        return self._run(function, arguments, None)

    def run_telling(self, listen: Listener, function: Callable[..., Any], *arguments: Any) -> Any:
        """Return ``function(tell, *arguments)``; whatever it tells is passed on to `listen`.

        The first Ctrl-C is passed on to the process, which may come to an end in its own way.

        Raises
        ------
        GuardError
            As in `run`.
        """
        return self._run(function, arguments, listen)

    def leave(self) -> None:
        """End the process, and start no other."""
        self._is_left = True
        self.close()

    def close(self) -> None:
        """End the process and those that it started, whatever they are doing."""
        process, self._process = self._process, None
        if process is not None:
            process.end()

    def _run(
        self, function: Callable[..., Any], arguments: tuple[Any, ...], listen: Listener | None
    ) -> Any:
        # Bytes, so that a call that cannot be loaded in the process is an error, not its end.
        call = cloudpickle.dumps((function, arguments, listen is not None))
        self._make_ready((*FAMILIES, *self.preload, function.__module__))
        return self._answered(call, self.limit_s, "it must end", listen)

    def _make_ready(self, modules: tuple[str, ...]) -> None:
        """Start a process if there is none that listens, and let it import the modules."""
        call = cloudpickle.dumps((_import_all, (_import_path(), modules), False))
        try:
            self._answered(call, START_S, "a process must start")
        except ProcessEndedError:
            # It was idle for long, or somebody had left something there that ended it.
            self._answered(call, START_S, "a process must start")

    def _answered(
        self, call: bytes, limit_s: float, rule: str, listen: Listener | None = None
    ) -> Any:
        if self._process is None:
            if self._is_left:
                raise GuardError("the guard has been left, and starts no process any more")
            self._process = _Process()
        try:
            succeeded, value = self._process.answer(call, limit_s, listen)
        except TimeoutError:
            self.close()
            raise GuardError(f"{rule} within {limit_s:g} s, and did not") from None
        except EOFError:
            self.close()
            raise ProcessEndedError("it must leave its process running, and ended it") from None
        except BaseException:
            self.close()
            raise
        if succeeded:
            return value
        raise value.to_error() if isinstance(value, PlainError) else GuardError("it failed")


@final
class _Process:
    """An interpreter that answers calls, one at a time."""

    def __init__(self) -> None:
        code = (
            f"import sys; sys.path[:] = {_import_path()!r}; "
            "from deviator.plugins.guarded_process import serve; serve()"
        )
        self._popen = subprocess.Popen(
            [sys.executable, "-u", "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | {GUARDED: "1", "PYTHONSAFEPATH": "1"},
            # A group of its own, which is ended as a whole, and which Ctrl-C does not reach.
            start_new_session=True,
        )
        self._messages: SimpleQueue[bytes | None] = SimpleQueue()
        self._readers = [
            Thread(target=reader, daemon=True) for reader in (self._read_messages, self._show)
        ]
        for reader in self._readers:
            reader.start()

    def answer(self, call: bytes, limit_s: float, listen: Listener | None) -> Any:
        """Return the answer to a call.

        Raises TimeoutError where none comes in time, EOFError where the process ends, GuardError
        where it sends something else, and KeyboardInterrupt where Ctrl-C ends the call.
        """
        sign, deadline = secrets.token_bytes(SIGN), time.monotonic() + limit_s
        with suppress(BrokenPipeError):
            send(self._popen.stdin, sign + call)  # type: ignore[arg-type]
        if listen is None:
            return self._heard(sign, deadline, lambda _: None)
        with _first_interrupt_passed_on(self._popen) as interrupted:
            answer = self._heard(sign, deadline, listen)
        if interrupted.is_set() and not answer[0]:
            raise KeyboardInterrupt
        return answer

    def _heard(self, sign: bytes, deadline: float, listen: Listener) -> Any:
        """Return the answer; whatever is told before it is passed on."""
        while isinstance(message := plain_data(self._next_answer(sign, deadline)), Tell):
            listen(message.content)
        return message

    def end(self) -> None:
        """End the process and its group."""
        with suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self._popen.pid, signal.SIGKILL)
            else:
                self._popen.kill()
        self._popen.wait()
        with suppress(BrokenPipeError):
            self._popen.stdin.close()  # type: ignore[union-attr]
        for reader in self._readers:
            reader.join(timeout=1)

    def _next_answer(self, sign: bytes, deadline: float) -> bytes:
        """Return the next message, which must answer the call of that sign."""
        message = self._next_message(deadline)
        if message[:SIGN] != sign:
            raise GuardError("it must leave the channel of answers alone, and wrote to it")
        return message[SIGN:]

    def _next_message(self, deadline: float) -> bytes:
        """Return the next message of the process."""
        while True:
            ended = self._popen.poll() is not None
            left = deadline - time.monotonic()
            with suppress(Empty):
                message = self._messages.get(timeout=max(min(left, LOOK_S), 0))
                if message is None:
                    raise EOFError
                return message
            if left <= 0:
                raise TimeoutError
            if ended:
                raise EOFError

    def _read_messages(self) -> None:
        """Read what the process sends, to its end; one that sends too much is at its end."""
        with self._popen.stdout as stream:  # type: ignore[union-attr]
            while (message := receive(stream, SIGN + LONGEST_ANSWER)) is not None:  # type: ignore[arg-type]
                self._messages.put(message)
            self._messages.put(None)

    def _show(self) -> None:
        """Show what the process prints, up to a limit; the rest is read and dropped."""
        left = SHOWN
        with cast(BufferedReader, self._popen.stderr) as stream:
            while chunk := stream.read1(1 << 16):
                if left > 0:
                    _print(chunk[:left].decode(errors="replace"))
                    left -= len(chunk)
                    if left <= 0:
                        _print("\n(what a plugin prints beyond this is not shown)\n")


@contextmanager
def _first_interrupt_passed_on(popen: subprocess.Popen[bytes]) -> Iterator[Event]:
    """Pass the first Ctrl-C on to a process, wherever this one is; a second one is ours."""
    interrupted = Event()

    def pass_on(*_: object) -> None:
        if interrupted.is_set():
            raise KeyboardInterrupt
        interrupted.set()
        popen.send_signal(signal.SIGINT)

    usual = signal.getsignal(signal.SIGINT)
    if usual is not signal.default_int_handler or current_thread() is not main_thread():
        yield interrupted
        return
    signal.signal(signal.SIGINT, pass_on)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, usual)


def _print(text: str) -> None:
    """Print a text of strangers, unless there is nowhere to print it any more."""
    with suppress(OSError, ValueError):
        sys.stderr.write(printable(text))
        sys.stderr.flush()


def _import_path() -> list[str]:
    """Return where this process finds modules, as another one is told it."""
    return [str(entry) or os.getcwd() for entry in sys.path]


def _import_all(path: list[str], modules: tuple[str, ...]) -> None:
    # What can be imported may have changed since the process was started.
    sys.path[:] = path
    for module in modules:
        # A function that travels by value may come from a module that is in one process only.
        with suppress(ImportError):
            import_module(module)
