"""Tasks on the workers of a Dask scheduler, here or on a cluster."""

import logging
import pickle
import time
from collections.abc import Callable, Generator, Hashable, Iterator
from concurrent.futures import CancelledError, Executor, Future
from contextlib import contextmanager, suppress
from importlib import import_module
from math import inf
from typing import TYPE_CHECKING, Any, final

from deviator.errors import InvalidInputError
from deviator.harmless import one_line
from deviator.plugins.guard import ProcessEndedError
from deviator.plugins.guarded_pool import Ended, Task, ended_in_window

from .elsewhere import opened
from .lost import ExecutorLostError
from .on_worker import Call, Run

if TYPE_CHECKING:
    from distributed import Client

CONNECT_S = 30.0
"""Seconds in which a scheduler must answer at first."""

COUNT_S = 5.0
"""Seconds for which the number of workers is taken to stay what it was."""

RETURN_S = 120.0
"""Seconds in which a scheduler that was lost must be back."""


def run_on_dask(
    work: Callable[..., Any],
    tasks: Iterator[Task],
    address: str | None,
    workers: int,
    run: Run,
    owner: Callable[[Task], Hashable],
    return_s: float = RETURN_S,
) -> Generator[Ended, None, None]:
    """Yield tasks as they end on Dask's workers; those of a lost scheduler are run again.

    Parameters
    ----------
    work, tasks, workers, owner
        As in `execute`.
    address : str or None
        Of a scheduler; None starts a cluster on this machine, which nobody else can reach.
    run : Run
    return_s : float
        Seconds in which a scheduler that was lost must be back.

    Raises
    ------
    InvalidInputError
        If Dask is not installed, or no scheduler answers at the address.
    ExecutorLostError
        If the scheduler is lost for good.
    """
    with (
        _quiet(),
        _address_of(address, workers) as known,
        _Connection(known, return_s) as connection,
    ):

        def submit(task: Task) -> Future[Any]:
            return connection.submit(pickle.loads, pickle.dumps(Call(run, owner(task), work, task)))

        waiting = _Waiting(tasks)
        for ended in ended_in_window(submit, waiting, lambda: connection.width(workers)):
            if ended.error is not None and connection.is_lost(ended.error):
                waiting.again.append(ended.task)
                connection.restore()
            else:
                yield _explained(opened(ended))


@final
class _Waiting(Iterator[Task]):
    """Tasks that are to be run: those that are to be run again, and then the others."""

    def __init__(self, tasks: Iterator[Task]) -> None:
        self._tasks = tasks
        self.again: list[Task] = []

    def __next__(self) -> Task:
        return self.again.pop() if self.again else next(self._tasks)


@final
class _Connection:
    """The connection to a scheduler, which is made again where it is lost."""

    def __init__(self, address: str, return_s: float) -> None:
        self._address, self._return_s = address, return_s
        self._client: Client | None = None
        self._executor: Executor | None = None
        self._threads, self._counted = 0, -inf

    def __enter__(self) -> "_Connection":
        try:
            self._connect(CONNECT_S)
        except Exception as error:
            raise InvalidInputError(
                f"address must be that of a Dask scheduler that answers, got {self._address} "
                f"({one_line(str(error))})"
            ) from None
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Submit a call; where there is no connection the future says so."""
        try:
            return self._executor.submit(function, *arguments)  # type: ignore[union-attr]
        except Exception as error:
            failed: Future[Any] = Future()
            failed.set_exception(CancelledError(str(error)))
            return failed

    def width(self, workers: int) -> int:
        """Return how many tasks may be out: enough for all workers, and for more to come."""
        if time.monotonic() > self._counted + COUNT_S:
            self._counted = time.monotonic()
            with suppress(Exception):
                self._threads = sum(self._client.nthreads().values())  # type: ignore[union-attr]
        return max(workers, self._threads) + 1

    def is_lost(self, error: Exception) -> bool:
        """Return whether an error says that the scheduler forgot a task."""
        from distributed import CancelledError as Forgotten
        from distributed.comm.core import CommClosedError

        return isinstance(error, CancelledError | Forgotten | CommClosedError)

    def restore(self) -> None:
        """Connect again, unless that has been done.

        Raises
        ------
        ExecutorLostError
            If the scheduler is not back in time.
        """
        end = time.monotonic() + self._return_s
        while time.monotonic() < end:
            if self._client is not None and self._client.status == "running":
                return
            with suppress(Exception):
                self._connect(max(min(end - time.monotonic(), 5.0), 1.0))
        raise ExecutorLostError(
            f"the Dask scheduler at {self._address} must be there, and has not been for "
            f"{self._return_s:g} s; finished cells are kept, run the same command again"
        )

    def _connect(self, timeout_s: float) -> None:
        from distributed import Client

        self._close()
        self._client = Client(self._address, timeout=timeout_s, set_as_default=False)
        self._executor = self._client.get_executor(pure=False)

    def _close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(Exception):
                client.close(timeout=1)


@contextmanager
def _quiet() -> Iterator[None]:
    """Leave out what Dask logs of lost connections: what matters of it is told as an error."""
    # Its import gives each of its loggers a level of its own.
    with suppress(ImportError):
        import_module("distributed")
    names = [name for name in logging.root.manager.loggerDict if name.startswith("distributed")]
    usual = {logger: logger.level for logger in map(logging.getLogger, names)}
    for logger in usual:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in usual.items():
            logger.setLevel(level)


@contextmanager
def _address_of(address: str | None, workers: int) -> Iterator[str]:
    """Give the address of a scheduler; without one, of a cluster that is started here."""
    try:
        from distributed import LocalCluster
    except ImportError:
        raise InvalidInputError(
            "executor 'dask' needs Dask, which is not installed; pip install \"deviator[large]\""
        ) from None
    if address is not None:
        yield address
        return
    with LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address=None,
        # Guarded processes are watched by their own side.
        memory_limit=0,
        silence_logs=logging.CRITICAL,
    ) as cluster:
        yield cluster.scheduler_address


def _explained(ended: Ended) -> Ended:
    """Return a task, with a cause that names its worker where that was lost too often."""
    from distributed import KilledWorker

    if not isinstance(ended.error, KilledWorker):
        return ended
    error = ProcessEndedError("it must leave its Dask worker running, and several ended under it")
    return Ended(ended.task, None, error)
