"""Names that a package imports when they are first used, so that the package itself is light."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from .deprecation import MOVED, Moved, moved_name


def imported_when_used(
    package: str, homes: Mapping[str, str], moved: Mapping[str, Moved] = MOVED
) -> Callable[[str], Any]:
    """Return the `__getattr__` of a package.

    Parameters
    ----------
    package : str
        Its ``__name__``.
    homes : mapping of str to str
        In which module of the package each name is defined.
    moved : mapping of str to Moved
        Old names in full, of any package, that still work and warn.

    Examples
    --------
    >>> attribute = imported_when_used("deviator", {"InvalidInputError": "errors"})
    >>> attribute("InvalidInputError").__name__
    'InvalidInputError'
    >>> attribute("nothing")
    Traceback (most recent call last):
    AttributeError: module 'deviator' has no attribute 'nothing'
    """

    def attribute(name: str) -> Any:
        if name in homes:
            return getattr(import_module(f"{package}.{homes[name]}"), name)
        if f"{package}.{name}" in moved:
            return moved_name(f"{package}.{name}", moved[f"{package}.{name}"])
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return attribute
