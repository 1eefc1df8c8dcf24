"""How many threads linear algebra runs in, where results must not depend on the machine."""

from contextlib import AbstractContextManager

from threadpoolctl import threadpool_limits


def one_thread() -> AbstractContextManager[object]:
    """Return a context in which BLAS and OpenMP run in one thread.

    Sums in one thread come out the same in every process, and processes that share a machine do not
    get in each other's way.
    """
    limited: AbstractContextManager[object] = threadpool_limits(limits=1)
    return limited
