"""A new interpreter that answers calls, watched for its time, its memory and its end."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread, current_thread, main_thread
from typing import Any, cast, final

from deviator.harmless import printable

from . import marked_processes
from .guarded_process import SIGN, Listener, receive, send
from .marked_processes import GUARDED, end_marked, marked_ids, memory_of
from .plain_data import LONGEST_ANSWER, GuardError, Tell, plain_data

LOOK_S = 0.1
"""Seconds between looks at a process: whether it is there, and what memory it holds."""

LOOKS_AT_CHILDREN = 5
"""One look of so many counts the memory of all that the process started."""

SHOWN = 20_000
"""Bytes that a process may print; the rest is dropped."""

ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
        "NUMEXPR_NUM_THREADS",
    ),
    "1",
)
"""What holds BLAS, OpenMP and torch to one thread in a process that is about to start."""


class TooMuchMemoryError(Exception):
    """A process held more memory than it may."""


@final
class Countdown:
    """Seconds that are left, counted while this process runs: a suspended one loses none."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds
        self._last = time.monotonic()

    def look(self) -> float:
        """Count what passed since the last look, and return what is left."""
        now = time.monotonic()
        self.left -= min(now - self._last, 10 * LOOK_S)
        self._last = now
        return self.left


@final
class Interpreter:
    """An interpreter that answers calls, one at a time.

    Parameters
    ----------
    memory : int or None
        Bytes that it may hold, together with all that it starts.
    one_thread : bool
        Hold BLAS, OpenMP and torch to one thread in it.
    is_wanted : callable
        Asked at every look; a call that nobody wants is an error.
    """

    def __init__(self, memory: int | None, one_thread: bool, is_wanted: Callable[[], bool]) -> None:
        self._memory = memory
        self._is_wanted = is_wanted
        self._looks = 0
        self._mark = secrets.token_hex(8)
        self._strangers: set[int] = set()
        marks = f"{os.environ.get(GUARDED, '')}/{self._mark}"
        threads = ONE_THREAD if one_thread else {}
        code = (
            f"import sys; sys.path[:] = {import_path()!r}; "
            "from deviator.plugins.guarded_process import serve; serve()"
        )
        # It ends what is left of the process once this one is gone, even if it holds the GIL.
        self._watcher = self._start(
            ["-P", str(Path(marked_processes.__file__)), self._mark],
            os.environ | {"PYTHONPATH": os.pathsep.join(import_path())},
            subprocess.DEVNULL,
        )
        try:
            self._popen = self._start(
                ["-u", "-c", code],
                os.environ | {GUARDED: marks, "PYTHONSAFEPATH": "1"} | threads,
                subprocess.PIPE,
            )
        except BaseException:
            _end(self._watcher)
            raise
        self._messages: SimpleQueue[bytes | None] = SimpleQueue()
        self._readers = [
            Thread(target=reader, daemon=True) for reader in (self._read_messages, self._show)
        ]
        for reader in self._readers:
            reader.start()

    def answer(self, call: bytes, limit_s: float, listen: Listener | None) -> Any:
        """Return the answer to a call.

        Raises TimeoutError where none comes in time, TooMuchMemoryError where it holds too much,
        EOFError where the process ends, GuardError where it sends something else, and
        KeyboardInterrupt where Ctrl-C ends the call.
        """
        sign, countdown = secrets.token_bytes(SIGN), Countdown(limit_s)
        with suppress(BrokenPipeError):
            send(self._popen.stdin, sign + call)  # type: ignore[arg-type]
        if listen is None:
            return self._heard(sign, countdown, lambda _: None)
        with _first_interrupt_passed_on(self._popen) as interrupted:
            answer = self._heard(sign, countdown, listen)
        if interrupted.is_set() and not answer[0]:
            raise KeyboardInterrupt
        return answer

    def is_alone(self) -> bool:
        """Return whether nothing is there that the process started, wherever that went."""
        return marked_ids(self._mark, self._strangers) in ([], [self._popen.pid])

    def how_it_ended(self) -> str:
        """Return how the process ended, in brackets; empty where it left of its own accord."""
        with suppress(subprocess.TimeoutExpired):
            code = self._popen.wait(timeout=1)
            if code > 0:
                return f" (exit code {code})"
            with suppress(ValueError):
                return f" ({signal.Signals(-code).name})"
        return ""

    def end(self) -> None:
        """End the process, its group, and whatever it started elsewhere."""
        with suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self._popen.pid, signal.SIGKILL)
            else:
                self._popen.kill()
        end_marked(self._mark)
        _end(self._watcher)
        self._popen.wait()
        with suppress(BrokenPipeError):
            self._popen.stdin.close()  # type: ignore[union-attr]
        for reader in self._readers:
            reader.join(timeout=1)

    def _start(
        self, arguments: list[str], environment: dict[str, str], output: int
    ) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env=environment,
            # A group of its own, which is ended as a whole, and which Ctrl-C does not reach.
            start_new_session=True,
        )

    def _heard(self, sign: bytes, countdown: Countdown, listen: Listener) -> Any:
        """Return the answer; whatever is told before it is passed on."""
        while isinstance(message := plain_data(self._next_answer(sign, countdown)), Tell):
            listen(message.content)
        return message

    def _next_answer(self, sign: bytes, countdown: Countdown) -> bytes:
        """Return the next message, which must answer the call of that sign."""
        message = self._next_message(countdown)
        if message[:SIGN] != sign:
            raise GuardError("it must leave the channel of answers alone, and wrote to it")
        return message[SIGN:]

    def _next_message(self, countdown: Countdown) -> bytes:
        """Return the next message of the process."""
        while True:
            ended = self._popen.poll() is not None
            left = countdown.look()
            with suppress(Empty):
                message = self._messages.get(timeout=max(min(left, LOOK_S), 0))
                if message is None:
                    raise EOFError
                return message
            if left <= 0:
                raise TimeoutError
            if ended:
                raise EOFError
            if not self._is_wanted():
                raise GuardError("it must have somebody who waits for its answer, and has not")
            self._look_at_memory()

    def _look_at_memory(self) -> None:
        if self._memory is None:
            return
        self._looks += 1
        with_children = self._looks % LOOKS_AT_CHILDREN == 0
        if memory_of(self._popen.pid, with_children) > self._memory:
            raise TooMuchMemoryError

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


def import_path() -> list[str]:
    """Return where this process finds modules, as another one is told it."""
    return [str(entry) or os.getcwd() for entry in sys.path]


def _end(popen: "subprocess.Popen[bytes]") -> None:
    popen.kill()
    popen.wait()
    popen.stdin.close()  # type: ignore[union-attr]


@contextmanager
def _first_interrupt_passed_on(popen: "subprocess.Popen[bytes]") -> Iterator[Event]:
    """Pass the first Ctrl-C on to a process, wherever this one is; a second one is ours."""
    interrupted = Event()

    def pass_on(*_: object) -> None:
        if interrupted.is_set():
            raise KeyboardInterrupt
        interrupted.set()
        if sys.platform != "win32":
            # On Windows Ctrl-C reaches every process of the console by itself.
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
