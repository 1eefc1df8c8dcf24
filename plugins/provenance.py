"""Where plugins come from, and digests of their code: results are stored under both."""

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from deviator.trust import OWN

from .distributions import provider_of, version_of
from .parts_of_file import digest_of, module_version, whole_package

FILE_MODULE = "deviator_file_"
"""Start of the module name of a single file; a digest of its content follows."""


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
    provider = OWN if top == OWN else provider_of(top)
    return {"name": name, "provider": provider, "version": version_of(provider)}


def module_digest(module: str) -> str:
    """Return a digest of all files of the package that a module belongs to.

    Nothing is imported. Empty if there is no such package.
    """
    spec = find_spec(module.partition(".")[0])
    if spec is None:
        return ""
    if spec.submodule_search_locations:
        folders = map(Path, spec.submodule_search_locations)
        return digest_of([file for folder in folders for file in whole_package(folder)])
    return module_version(Path(spec.origin)) if spec.origin else ""
