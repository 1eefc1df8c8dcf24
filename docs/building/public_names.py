"""The public names of modules, read from their texts: nothing is imported."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple


class Home(NamedTuple):
    """Where a public name is written: a module's file, and the name there."""

    path: Path
    name: str


def module_file(path: Path) -> Path:
    """Return the file of a module or a package, given the path without its ending."""
    package = path / "__init__.py"
    return package if package.exists() else path.with_suffix(".py")


def public_names(path: Path) -> list[str]:
    """Return ``__all__`` of a module, or without one its public classes, functions and constants.

    Parameters
    ----------
    path : Path
        Of a package's folder, or of a module without its ending.
    """
    body = _body(module_file(path))
    for node in body:
        if isinstance(node, ast.Assign) and "__all__" in _targets(node):
            return list(ast.literal_eval(node.value))
    return [name for node in body for name in _defined(node) if not name.startswith("_")]


def home(path: Path, name: str) -> Home:
    """Return where a public name is written, through relative imports."""
    file = module_file(path)
    for node in _imports(file):
        for alias in node.names:
            if (alias.asname or alias.name) == name and (found := _imported(file, node)):
                if alias.name in _names(found) or not module_file(found / alias.name).exists():
                    return home(found, alias.name)
                return Home(module_file(found / alias.name), "")
    return Home(file, name)


def text_after(place: Home) -> str:
    """Return the text that follows the assignment of a constant; empty without one."""
    body = _body(place.path)
    for node, following in zip(body, [*body[1:], None], strict=True):
        if place.name in _targets(node) and isinstance(following, ast.Expr):
            text = getattr(following.value, "value", "")
            return text if isinstance(text, str) else ""
    return ""


@cache
def _body(file: Path) -> list[ast.stmt]:
    return ast.parse(file.read_text(encoding="utf-8")).body


def _imports(file: Path) -> Iterator[ast.ImportFrom]:
    """Yield a module's own imports, those for type checkers included."""
    for node in _body(file):
        for each in [node, *(node.body if isinstance(node, ast.If) else [])]:
            if isinstance(each, ast.ImportFrom):
                yield each


def _names(path: Path) -> set[str]:
    """Return what a module defines or imports from elsewhere than itself."""
    file = module_file(path)
    imported = {
        alias.asname or alias.name
        for node in _imports(file)
        if _imported(file, node) != path
        for alias in node.names
    }
    return imported | {name for node in _body(file) for name in _defined(node)}


def _imported(file: Path, node: ast.ImportFrom) -> Path | None:
    """Return the path of the module that names are imported from, inside the package."""
    parts = (node.module or "").split(".") if node.module else []
    if node.level:
        start = file.parents[node.level - 1]
    elif parts[:1] == ["deviator"]:
        start, parts = _root(file), parts[1:]
    else:
        return None
    found = start.joinpath(*parts)
    return found if module_file(found).exists() else None


def _root(file: Path) -> Path:
    return next(folder for folder in file.parents if folder.name == "deviator")


def _targets(node: ast.stmt) -> set[str]:
    targets = (
        node.targets
        if isinstance(node, ast.Assign)
        else [node.target]
        if isinstance(node, ast.AnnAssign)
        else []
    )
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _defined(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        yield node.name
    yield from sorted(_targets(node))
