"""Digests of source code: results of plugins are stored under them."""

import ast
from collections.abc import Iterable
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path


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
