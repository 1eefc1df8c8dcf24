"""One task after the other: here, or in a process where a limit or a plugin asks for one."""

from collections.abc import Callable, Generator, Hashable, Iterator
from typing import Any

from threadpoolctl import threadpool_limits

from deviator.plugins.guarded_pool import Ended, GuardedPool, Task


def run_in_turn(
    work: Callable[..., Any],
    tasks: Iterator[Task],
    pool: GuardedPool,
    needs_process: Callable[[Task], bool],
    owner: Callable[[Task], Hashable],
) -> Generator[Ended, None, None]:
    """Yield tasks as they end, each computed before the next one is read."""
    with pool:
        for task in tasks:
            try:
                if needs_process(task):
                    value = pool.run(owner(task), work, *task)
                else:
                    with threadpool_limits(1):
                        value = work(*task)
            except Exception as error:
                yield Ended(task, None, error)
            else:
                yield Ended(task, value, None)
