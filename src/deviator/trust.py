"""What is deviator's own, and so may be believed without being tried."""

import sys
from typing import Any

OWN = "deviator"
"""The provider of what is defined in deviator itself."""


def is_ours(thing: Any) -> bool:
    """Return whether a class or function is defined in deviator itself.

    Examples
    --------
    >>> from deviator.mechanisms import SigmaDCDA
    >>> is_ours(SigmaDCDA.clear)
    True
    """
    module = str(getattr(thing, "__module__", ""))
    if module.partition(".")[0] != OWN:
        return False
    # A module's name is easily claimed; what is ours is also found there.
    found: Any = sys.modules.get(module)
    for name in str(getattr(thing, "__qualname__", "")).split("."):
        found = getattr(found, name, None)
    return found is thing
