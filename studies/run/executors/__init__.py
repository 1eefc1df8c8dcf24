"""Where cells are computed: here, in processes of this machine, or wherever an executor runs."""

from deviator.plugins.guarded_pool import Ended

from .described import described
from .execute import EXECUTORS, Work, execute
from .limits import Limits
from .lost import ExecutorLostError
from .preload import modules_of

__all__ = [
    "EXECUTORS",
    "Ended",
    "ExecutorLostError",
    "Limits",
    "Work",
    "described",
    "execute",
    "modules_of",
]
