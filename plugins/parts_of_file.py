"""What a plugin in a single file consists of: code beside it that it imports, data that it names.

A file names its data in a literal list ``data_files``, of the module or of a class, with paths
relative to its folder. All is read from the text; nothing is imported.
"""

import ast
import sys
from collections.abc import Iterator
from hashlib import sha256
from importlib.machinery import EXTENSION_SUFFIXES
from itertools import chain
from pathlib import Path, PurePosixPath

from deviator.errors import PluginLoadError
from deviator.trust import OWN

DATA = "data_files"

SHORT = 12
"""Characters of a digest by which results are kept."""


def file_version(path: Path) -> str:
    """Return a digest of a file, the files beside it that it imports, and the data that it names.

    Raises
    ------
    PluginLoadError
        If its data files are not as they must be.
    """
    return full_version(path)[:SHORT]


def full_version(path: Path) -> str:
    """Return the same digest at its full length, which nobody else's file can be given.

    Raises
    ------
    PluginLoadError
        If its data files are not as they must be.
    """
    return full_digest([*sorted(code_files(path)), *sorted(data_files(path))])


def module_version(path: Path) -> str:
    """Return a digest of an installed module of one file, and the data that it names."""
    return digest_of([path, *sorted({_data_file(path, name) for name in _named_data(path)})])


def digest_of(files: list[Path]) -> str:
    """Return a short digest of the contents of files, in their order."""
    return full_digest(files)[:SHORT]


def full_digest(files: list[Path]) -> str:
    """Return the digest of the contents of files, in their order."""
    digest = sha256()
    for file in files:
        content = file.read_bytes()
        digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()


def code_files(path: Path) -> set[Path]:
    """Return a file and what it imports from beside it, packages there whole."""
    files, waiting = {path}, [path]
    while waiting:
        for beside in _beside(path.parent, _imported(waiting.pop())):
            new = [each for each in beside if each not in files]
            files.update(new)
            waiting += [each for each in new if each.suffix == ".py"]
    return files


def modules_beside(path: Path) -> list[str]:
    """Return the modules beside a file that it imports, by name."""
    folder = path.parent
    inside = [each.relative_to(folder).parts[0] for each in code_files(path) - {path}]
    return sorted({name.partition(".")[0] for name in inside})


def data_files(path: Path) -> set[Path]:
    """Return the data files that a file, or one beside it that it imports, names.

    Raises
    ------
    PluginLoadError
        If they are no literal list of paths of files in the folder.
    """
    named = {name for file in code_files(path) for name in _named_data(file)}
    return {_data_file(path, name) for name in named}


def whole_package(folder: Path) -> list[Path]:
    """Return all files of a package, but for what Python keeps of it."""
    found = (each for each in folder.rglob("*") if "__pycache__" not in each.parts)
    return sorted(each for each in found if each.is_file())


def _beside(folder: Path, names: set[str]) -> Iterator[list[Path]]:
    for name in names - {OWN}:
        files = [folder / f"{name}{ending}" for ending in (".py", *EXTENSION_SUFFIXES)]
        yield [file for file in files if file.is_file()]
        if (folder / name / "__init__.py").is_file():
            yield whole_package(folder / name)
        elif name not in sys.stdlib_module_names:
            # A folder is a package without that file, too; what else is in it need not be code.
            yield [file for file in whole_package(folder / name) if _is_code(file)]


def _is_code(file: Path) -> bool:
    return file.name.endswith((".py", *EXTENSION_SUFFIXES))


def _data_file(path: Path, name: str) -> Path:
    file = path.parent / name
    inner = not PurePosixPath(name).is_absolute() and ".." not in PurePosixPath(name).parts
    if not inner or not file.is_file():
        raise PluginLoadError(
            f"data_files of {path.name} must be files in its folder, by their paths from there, "
            f"got {name!r}; correct it, or put the file there"
        )
    return file


def _named_data(path: Path) -> Iterator[str]:
    """Yield the paths in every ``data_files`` of a file."""
    top = _tree(path).body
    inner = (each.body for each in top if isinstance(each, ast.ClassDef))
    for node in chain(top, *inner):
        if isinstance(node, ast.Assign | ast.AnnAssign) and _is_data(node):
            yield from _literal_paths(path, node.value)


def _is_data(node: ast.Assign | ast.AnnAssign) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return any(isinstance(each, ast.Name) and each.id == DATA for each in targets)


def _literal_paths(path: Path, value: ast.expr | None) -> list[str]:
    try:
        paths = ast.literal_eval(value) if value is not None else ()
    except ValueError:
        paths = None
    if not isinstance(paths, list | tuple) or not all(isinstance(each, str) for each in paths):
        raise PluginLoadError(
            f"data_files of {path.name} must be a literal list of texts, so that they can be read "
            "without running it; write them out"
        )
    return list(paths)


def _imported(path: Path) -> set[str]:
    """Return the top-level names that a file imports."""
    names = set()
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def _tree(path: Path) -> ast.Module:
    """Return the tree of a file; an empty one where it is not Python."""
    try:
        return ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, RecursionError):
        return ast.Module([], [])
