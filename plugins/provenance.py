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
        ``name``, ``provider`` (the distribution, the single file, or the module if there is
        neither or the file is not loaded) and ``version`` (for a single file, its digest).

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
        # A class that was pickled by value stands in a process that never loaded its file.
        file = getattr(sys.modules.get(module), "__file__", None) or module
        digest = module.removeprefix(FILE_MODULE)
        return {"name": name, "provider": Path(file).name, "version": digest}
    provider = OWN if top == OWN else packages_distributions().get(top, [top])[0]
    return {"name": name, "provider": provider, "version": _version(provider)}


def _version(provider: str) -> str:
    try:
        return version(provider)
    except PackageNotFoundError:
        return ""
