"""Where the class of an object comes from, as results record it."""

import sys
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from typing import Any

from deviator.trust import OWN

from .spec import FILE_MODULE


def provenance(thing: Any) -> dict[str, str]:
    """Return name, provider and version of the plugin that an object was made from.

    Parameters
    ----------
    thing : object
        A mechanism, economy, policy or learner.

    Returns
    -------
    dict of str to str
        ``name``, ``provider`` (the distribution, the single file, or the module where there is
        neither) and ``version`` (for a single file, a digest of its text).

    Examples
    --------
    >>> from deviator.mechanisms import UniformDoubleAuction
    >>> provenance(UniformDoubleAuction())["provider"]
    'deviator'
    """
    module = type(thing).__module__
    top = module.partition(".")[0]
    name = str(getattr(thing, "name", type(thing).__name__))
    if module.startswith(FILE_MODULE):
        file = Path(sys.modules[module].__file__ or module).name
        return {"name": name, "provider": file, "version": module.removeprefix(FILE_MODULE)}
    provider = OWN if top == OWN else packages_distributions().get(top, [top])[0]
    return {"name": name, "provider": provider, "version": _version(provider)}


def _version(provider: str) -> str:
    try:
        return version(provider)
    except PackageNotFoundError:
        return ""
