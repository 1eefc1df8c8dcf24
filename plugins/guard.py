"""A separate process for code that may hang, crash or exit, where it harms nothing else."""

import os
import signal
from collections.abc import Callable
from concurrent.futures import TimeoutError as TimeLimitError
from contextlib import suppress
from importlib import import_module
from typing import Any, Self, final

import cloudpickle
from loky import ProcessPoolExecutor, process_executor
from loky.process_executor import TerminatedWorkerError

from deviator.errors import DeviatorError
from deviator.validation import positive

GUARDED = "DEVIATOR_GUARDED"
"""Set in the environment of guarded processes, in which plugins are loaded without a trial."""

IDLE_S = 20
"""Seconds after which an idle process ends by itself."""

START_S = 120
"""Seconds that a process may take to start and to import the library, on a busy machine."""

FAMILIES = (
    "deviator.economies",
    "deviator.mechanisms",
    "deviator.policies",
    "deviator.learners",
)
"""What plugins import: it is there before their time begins."""


class GuardError(DeviatorError, RuntimeError):
    """A guarded call hung, or ended its process."""


@final
class Guard:
    """Runs functions in a process of its own, with a time limit; lost processes are replaced.

    Parameters
    ----------
    limit_s : float
        Seconds that one call may take. They count from when the process is up and has imported the
        families, the called function's module and those of `preload`, however busy the machine is.
    preload : tuple of str
        Names of further modules that are slow to import and that calls need.

    Examples
    --------
    >>> with Guard(limit_s=60) as guard:
    ...     guard.run(len, "abc")
    3
    """

    def __init__(self, limit_s: float, preload: tuple[str, ...] = ()) -> None:
        self.limit_s = positive("limit_s", limit_s)
        self.preload = preload
        self._executor: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Return ``function(*arguments)``, computed in the process; its errors are raised here.

        Raises
        ------
        GuardError
            If the time limit passed, the process ended, or the result cannot be sent back.
        """
        # Bytes, so that a call that cannot be loaded in the process is an error, not its end.
        call = cloudpickle.dumps((function, arguments))
        modules = (*FAMILIES, *self.preload, function.__module__)
        self._within(START_S, "a process must start", _import_all, modules)
        succeeded, result = self._within(self.limit_s, "it must end", _call, call)
        value = cloudpickle.loads(result)
        if succeeded:
            return value
        raise value

    def close(self) -> None:
        """End the process, whatever it is doing."""
        if self._executor is not None:
            self._executor.shutdown(wait=True, kill_workers=True)
            self._executor = None

    def _within(self, limit_s: float, rule: str, function: Callable[..., Any], data: Any) -> Any:
        """Return ``function(data)`` of the process, which is started if there is none."""
        if self._executor is None:
            self._executor = ProcessPoolExecutor(
                max_workers=1, timeout=IDLE_S, initializer=mark_as_guarded
            )
        try:
            return self._executor.submit(function, data).result(timeout=limit_s)
        except TimeLimitError:
            self.close()
            raise GuardError(f"{rule} within {limit_s:g} s, and did not") from None
        except TerminatedWorkerError:
            self.close()
            raise GuardError("it must leave its process running, and ended it") from None


def mark_as_guarded() -> None:
    """Mark this process as one that may be lost: it loads plugins without a trial elsewhere.

    Interrupts are left to the parent, which ends the process.
    """
    os.environ[GUARDED] = "1"
    # Where psutil is installed, loky mistakes the import of a large library for a leak, and warns.
    process_executor._USE_PSUTIL = False
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def is_guarded() -> bool:
    """Return whether this process may be lost."""
    return GUARDED in os.environ


def _import_all(modules: tuple[str, ...]) -> None:
    for module in modules:
        # A function that travels by value may come from a module that is in one process only.
        with suppress(ImportError):
            import_module(module)


def _call(call: bytes) -> tuple[bool, bytes]:
    """Return whether a function succeeded, and its result or error as bytes."""
    try:
        function, arguments = cloudpickle.loads(call)
        return True, cloudpickle.dumps(function(*arguments))
    except BaseException as error:
        return False, _portable(error)


def _portable(error: BaseException) -> bytes:
    """Return an error as bytes that load in any process: with its own class where possible."""
    plain: BaseException = error
    if isinstance(error, SystemExit):
        plain = GuardError("it must leave its process running, and called exit")
    elif not isinstance(error, Exception):
        plain = GuardError(f"it must raise errors only, and raised {type(error).__name__}")
    try:
        data: bytes = cloudpickle.dumps(plain)
        cloudpickle.loads(data)
    except Exception:
        data = cloudpickle.dumps(GuardError(f"{type(error).__name__}: {error}"))
    return data
