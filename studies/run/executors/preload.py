"""What processes import before the time of their first cell begins."""

from collections.abc import Collection

from deviator.plugins import list_plugins
from deviator.trust import OWN


def modules_of(learners: Collection[str]) -> tuple[str, ...]:
    """Return the modules of built-in learners: their import takes longer than many cells."""
    return tuple(
        spec.target.partition(":")[0]
        for spec in list_plugins("learner")
        if spec.provider == OWN and spec.name in learners
    )
