"""A process that runs guarded calls: calls come in at its standard input, answers go out.

What calls print goes to standard error, whatever they print it on.
"""

import os
import pickle
import signal
import struct
from collections.abc import Callable
from multiprocessing import current_process
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, BinaryIO

import cloudpickle

from .marked_processes import GUARDED
from .plain_data import LONGEST_ANSWER, GuardError, PlainError, Tell

IDLE_S = 20
"""Seconds after which an idle process ends by itself."""

SIGN = 16
"""Bytes before a call that its answer repeats: what plugins write to the channel is no answer."""

LENGTH = struct.Struct(">Q")
"""How the length of a message stands before it."""

Listener = Callable[[Any], None]
"""Called with what a running call tells."""


def is_guarded() -> bool:
    """Return whether this process may be lost."""
    return GUARDED in os.environ


def may_be_lost() -> bool:
    """Return whether this process is guarded, or a worker whose parent outlives it."""
    return is_guarded() or bool(current_process().daemon)


def serve() -> None:
    """Answer calls, one after the other, until none comes for a while; then end the process."""
    calls, answers = _own_channels()
    # Interrupts are left to the parent, which ends the process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    waiting: SimpleQueue[bytes] = SimpleQueue()
    Thread(target=_receive, args=(calls, waiting), daemon=True).start()
    while True:
        try:
            call = waiting.get(timeout=IDLE_S)
        except Empty:
            break
        send(answers, _answer(call, answers))
    # Threads and exit handlers of plugins are not waited for.
    os._exit(0)


def send(stream: BinaryIO, message: bytes) -> None:
    """Write a message, its length before it."""
    stream.write(LENGTH.pack(len(message)) + message)
    stream.flush()


def receive(stream: BinaryIO, longest: int | None = None) -> bytes | None:
    """Return the next message; None at the end, and where one is cut off or too long."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    if longest is not None and length > longest:
        return None
    message = stream.read(length)
    return message if len(message) == length else None


def _own_channels() -> tuple[BinaryIO, BinaryIO]:
    """Return the streams of calls and answers, which nobody else in this process has."""
    calls, answers = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return os.fdopen(calls, "rb"), os.fdopen(answers, "wb")


def _receive(calls: BinaryIO, waiting: "SimpleQueue[bytes]") -> None:
    """Pass calls on; without a parent the process ends, whatever it is doing."""
    while (call := receive(calls)) is not None:
        waiting.put(call)
    os._exit(1)


def _answer(call: bytes, answers: BinaryIO) -> bytes:
    """Return whether a call succeeded, and its result or its error, as bytes of plain data."""
    sign = call[:SIGN]

    def tell(something: Any) -> None:
        send(answers, sign + pickle.dumps(Tell(something)))

    try:
        function, arguments, is_telling = cloudpickle.loads(call[SIGN:])
        value = function(tell, *arguments) if is_telling else function(*arguments)
        # By reference: what is sent back must be known to the parent.
        answer = pickle.dumps((True, value))
        if len(answer) > LONGEST_ANSWER:
            raise GuardError(f"it must return at most {LONGEST_ANSWER >> 20} MB")
    except BaseException as error:
        answer = pickle.dumps((False, PlainError.of(error)))
    return sign + answer
