"""What a process shares among all that runs in it, which a plugin must leave as it is."""

import os
import random
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import numpy as np

CLOCKS = ("time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")

LATER_S = 1_000_003
"""By how much the shifted clock is ahead."""


def process_state() -> dict[str, Any]:
    """Return what is shared by everything in this process, by name."""
    state = np.random.get_state(legacy=False)["state"]  # noqa: NPY002
    return {
        "numpy's global random state": (state["key"].tolist(), state["pos"]),
        "the random module's state": random.getstate(),
        "numpy's error handling": np.geterr(),
        "the warning filters": list(warnings.filters),
        "the environment": dict(os.environ),
        "the current folder": os.getcwd(),
    }


@contextmanager
def shifted_clock() -> Iterator[None]:
    """Set the clocks of the time module ahead, for code that looks at them."""
    with ExitStack() as stack:
        for name in CLOCKS:
            clock = getattr(time, name)
            ahead = LATER_S * (1_000_000_000 if name.endswith("_ns") else 1)
            stack.enter_context(patch.object(time, name, _ahead(clock, ahead)))
        yield


def _ahead(clock: Any, ahead: int) -> Any:
    return lambda: clock() + ahead
