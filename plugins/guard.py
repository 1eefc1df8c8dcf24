"""A separate process for code that may hang, crash or exit, where it harms nothing else."""

import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from math import inf
from typing import Any, Self, final

import cloudpickle

from deviator.validation import positive

from .guarded_interpreter import Interpreter, TooMuchMemoryError, import_path
from .guarded_process import Listener, is_guarded, may_be_lost
from .plain_data import GuardError, PlainError

__all__ = ["Guard", "GuardError", "ProcessEndedError", "is_guarded", "may_be_lost"]

START_S = 120
"""Seconds that a process may take to start and to import the library, on a busy machine."""

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
    """Runs functions in a process of its own, within limits; lost processes are replaced.

    The process is a new interpreter, which imports nothing from the current folder unless this one
    does. What it sends back is plain data: numbers, texts, arrays, deviator's own records, and
    errors as `PlainError` describes them. What it prints is shown up to a limit. It ends with this
    one, whatever ends this one, and so do all processes that it starts.

    Parameters
    ----------
    limit_s : float
        Seconds that one call may take; infinity sets no limit. They count from when the process is
        up and has imported the families, the called function's module and those of `preload`,
        however busy the machine is.
    preload : tuple of str
        Names of further modules that are slow to import and that calls need.
    memory : int or None
        Bytes that the process may hold, together with all that it starts; looked at ten times a
        second.
    one_thread : bool
        Hold BLAS, OpenMP and torch to one thread in the process.
    is_wanted : callable, optional
        Asked ten times a second; a call that nobody wants any more is ended.

    Examples
    --------
    >>> with Guard(limit_s=60) as guard:
    ...     guard.run(len, "abc")
    3
    """

    def __init__(
        self,
        limit_s: float,
        preload: tuple[str, ...] = (),
        *,
        memory: int | None = None,
        one_thread: bool = False,
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        self.limit_s = limit_s if limit_s == inf else positive("limit_s", limit_s)
        self.preload = preload
        self.memory = memory
        self.one_thread = one_thread
        self.is_wanted = is_wanted
        self._process: Interpreter | None = None
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
            If the limit of time or memory passed, the process ended, or the result is not plain
            data.
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

    def tidy(self) -> None:
        """End the process if a call left others behind: the next call finds a fresh one."""
        if self._process is not None and not self._process.is_alone():
            self.close()

    def _run(
        self, function: Callable[..., Any], arguments: tuple[Any, ...], listen: Listener | None
    ) -> Any:
        # Bytes, so that a call that cannot be loaded in the process is an error, not its end.
        call = cloudpickle.dumps((function, arguments, listen is not None))
        self._make_ready((*FAMILIES, *self.preload, function.__module__))
        return self._answered(call, self.limit_s, "it must end", listen)

    def _make_ready(self, modules: tuple[str, ...]) -> None:
        """Start a process if there is none that listens, and let it import the modules."""
        call = cloudpickle.dumps((_import_all, (import_path(), modules), False))
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
                raise GuardError("the guard has been closed, and starts no more processes")
            self._process = Interpreter(self.memory, self.one_thread, self.is_wanted)
        process = self._process
        try:
            if self._is_left:
                raise GuardError("the guard has been closed, and answers no more")
            succeeded, value = process.answer(call, limit_s, listen)
        except TimeoutError:
            self.close()
            raise GuardError(f"{rule} within {limit_s:g} s, and did not") from None
        except TooMuchMemoryError:
            self.close()
            raise GuardError(
                f"it must keep to its memory, and took more than {self._memory_in_words()}"
            ) from None
        except EOFError:
            how = process.how_it_ended()
            self.close()
            raise ProcessEndedError(
                f"it must leave its process running, and ended it{how}"
            ) from None
        except BaseException:
            self.close()
            raise
        if succeeded:
            return value
        raise value.to_error() if isinstance(value, PlainError) else GuardError("it failed")

    def _memory_in_words(self) -> str:
        return f"{(self.memory or 0) / 2**30:.3g} GiB of memory"


def _import_all(path: list[str], modules: tuple[str, ...]) -> None:
    # What can be imported may have changed since the process was started.
    sys.path[:] = path
    for module in modules:
        # A function that travels by value may come from a module that is in one process only.
        with suppress(ImportError):
            import_module(module)
