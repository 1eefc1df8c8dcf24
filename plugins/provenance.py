"""Where plugins come from, and digests of their code: results are stored under both."""

import ast
import sys
from collections.abc import Iterable
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from deviator.trust import OWN

from .distributions import provider_of, version_of

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


def digest_of(files: Iterable[Path]) -> str:
    """Return a digest of the contents of files, in their order."""
    digest = sha256()
    for file in files:
        content = file.read_bytes()
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()[:12]


def module_digest(module: str) -> str:
    """Return a digest of all Python files of the package that a module belongs to.

    Nothing is imported. Empty if there is no such package.
    """
    spec = find_spec(module.partition(".")[0])
    if spec is None:
        return ""
    if spec.submodule_search_locations:
        folders = map(Path, spec.submodule_search_locations)
        return digest_of(sorted(file for folder in folders for file in folder.rglob("*.py")))
    return digest_of([Path(spec.origin)]) if spec.origin else ""


def with_siblings(path: Path) -> set[Path]:
    """Return a file and the files beside it that it imports, directly or through others."""
    files, waiting = {path}, [path]
    while waiting:
        for name in _imported(waiting.pop()):
            sibling = path.with_name(f"{name}.py")
            if sibling.is_file() and sibling not in files:
                files.add(sibling)
                waiting.append(sibling)
    return files


def _imported(path: Path) -> set[str]:
    """Return the top-level names that a file imports; no names if it is not Python."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError):
        return set()
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names
