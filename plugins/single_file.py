"""Plugins in a single file: identified by reading its text, without importing it.

A class is a plugin if it states its name and descends from a base class of deviator's, be it
through classes of deviator, of this file or of files beside it. A function annotated to return an
economy or a mechanism builds one, and is named with dashes for underscores.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from deviator.errors import PluginLoadError

from .looked_up_once import once
from .parts_of_file import file_version
from .source_text import SourceText
from .spec import PluginSpec

RETURNED = ("economy", "mechanism")
"""Kinds that functions build."""

FAMILIES = ("LinearQuadratic", "Factored")
"""Economies that are known by their names where a file does not say where it has them from."""

PROPERTIES = ("property", "cached_property")


class Definition(NamedTuple):
    """A class or function that defines a plugin; without a name, it looks as if it did."""

    kind: str
    name: str | None
    target: str


def plugins_of_file(path: str | Path) -> list[PluginSpec]:
    """Return the plugins that a Python file defines, in its order.

    Raises
    ------
    PluginLoadError
        If the file cannot be read, is not Python, or defines no plugin.
    """
    return once(("file", str(path)), lambda: _read_plugins(path))


def _read_plugins(path: str | Path) -> list[PluginSpec]:
    source = _source(path)
    file = source.path
    version = file_version(file)
    specs = [
        PluginSpec(kind, name, f"{file}:{target}", str(file), version)
        for kind, name, target in _definitions(source)
        if name is not None
    ]
    if not specs:
        nameless = " ".join(f"; {each}" for each in nameless_of_file(path))
        raise PluginLoadError(
            f"plugin file {path} must define a plugin, a class with a literal name derived from "
            f"Mechanism, Economy, Policy, Learner or Rung, and defines none{nameless}"
        )
    return specs


def nameless_of_file(path: str | Path) -> list[str]:
    """Return a sentence for each class of a file that looks like a plugin and has no name.

    Raises
    ------
    PluginLoadError
        If the file cannot be read, or is not Python.
    """
    source = _source(path)
    return [
        f"class {target} of {source.path.name} is no plugin, a {kind} without a name of its own; "
        f'write name: ClassVar[str] = "{target.lower()}" in it to make it one'
        for kind, name, target in _definitions(source)
        if name is None
    ]


def _source(path: str | Path) -> SourceText:
    try:
        return SourceText.read(Path(path).resolve())
    except OSError as error:
        raise PluginLoadError(f"plugin file {path} cannot be read: {error.strerror}") from None
    except (SyntaxError, ValueError, RecursionError) as error:
        raise PluginLoadError(f"plugin file {path} must be Python: {error}") from None


def _definitions(source: SourceText) -> Iterator[Definition]:
    bases = {ast.unparse(base) for node in source.classes.values() for base in node.bases}
    for node in source.tree.body:
        if isinstance(node, ast.ClassDef):
            kind, name = source.kind_of(ast.Name(node.name)), _stated_name(node, source)
            hidden = node.name in bases or node.name.startswith("_") or _is_abstract(node)
            if kind is not None and not (name is None and hidden):
                yield Definition(kind, name, node.name)
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            kind = _kind_returned(node, source)
            if kind in RETURNED:
                yield Definition(kind, node.name.replace("_", "-"), node.name)


def _kind_returned(node: ast.FunctionDef, source: SourceText) -> str | None:
    if isinstance(node.returns, ast.Name | ast.Attribute | ast.Constant):
        text = ast.unparse(node.returns).strip("'\"").rpartition(".")[2]
        if text in FAMILIES and text not in source.imports:
            return "economy"
    return source.kind_of(node.returns)


def _stated_name(node: ast.ClassDef, source: SourceText) -> str | None:
    """Return the text that a class states as its name, as an attribute, a field or a property."""
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "name":
            marks = {ast.unparse(each).rpartition(".")[2] for each in statement.decorator_list}
            last = statement.body[-1]
            if marks & set(PROPERTIES) and isinstance(last, ast.Return):
                return _text(last.value, source)
        if isinstance(statement, ast.Assign) and any(_is_name(each) for each in statement.targets):
            return _text(statement.value, source)
        if isinstance(statement, ast.AnnAssign) and _is_name(statement.target):
            return _text(_default(statement.value), source)
    return None


def _is_name(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) and target.id == "name"


def _default(value: ast.expr | None) -> ast.expr | None:
    """Return the default of a dataclass's ``field(default=...)``, or the value as it is."""
    if not isinstance(value, ast.Call):
        return value
    return next((each.value for each in value.keywords if each.arg == "default"), None)


def _text(value: ast.expr | None, source: SourceText) -> str | None:
    """Return a literal text, or the one of a constant of the file."""
    if isinstance(value, ast.Name):
        value = source.constants.get(value.id)
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value.value
    return None


def _is_abstract(node: ast.ClassDef) -> bool:
    marks = [
        ast.unparse(mark).rpartition(".")[2]
        for each in node.body
        if isinstance(each, ast.FunctionDef)
        for mark in each.decorator_list
    ]
    return "abstractmethod" in marks
