"""The process's random states, lent to libraries that seed them and handed back as they were.

Stable-baselines3 and torch draw from global generators. Who calls them does so under
`own_random_state`: the caller's random numbers go on as if nothing had been drawn, and two
trainings in threads take turns, so that neither draws from the other's stream.
"""

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

_TURN = threading.RLock()
"""Global generators serve one training at a time."""


@contextmanager
def own_random_state() -> Iterator[None]:
    """Keep the random states of `random`, `numpy.random` and torch, and torch's threads, for later.

    Inside, torch runs on one thread: that gives the same weights in every process, and two workers
    with two threads each on two cores run many times slower. Blocks of other threads wait.

    Examples
    --------
    >>> random.seed(0)
    >>> with own_random_state():
    ...     random.seed(1)
    >>> random.random() == random.Random(0).random()
    True
    """
    import torch

    with _TURN:
        legacy = np.random.mtrand._rand  # what numpy.random's own functions draw from
        kept = random.getstate(), legacy.get_state(), torch.get_rng_state()
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)
            random.setstate(kept[0])
            legacy.set_state(kept[1])
            torch.set_rng_state(kept[2])
