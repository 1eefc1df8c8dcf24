"""What the names in a Python file mean, read from its text: nothing of it is imported.

Names of deviator's own are looked up in deviator, which is ours; those of a file beside it in that
file's text. Of everything else only the name is known.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, final

from deviator.trust import OWN

from .spec import BASES, base_class


@final
@dataclass(frozen=True)
class SourceText:
    """A Python file that is read.

    Parameters
    ----------
    path : Path
    tree : ast.Module
        Its text.
    """

    path: Path
    tree: ast.Module

    @classmethod
    def read(cls, path: Path) -> "SourceText":
        """Read a file; OSError, SyntaxError or ValueError where it cannot be."""
        return cls(path, ast.parse(path.read_bytes(), filename=str(path)))

    @cached_property
    def classes(self) -> Mapping[str, ast.ClassDef]:
        """Its classes by name."""
        return {node.name: node for node in self.tree.body if isinstance(node, ast.ClassDef)}

    @cached_property
    def constants(self) -> Mapping[str, ast.expr]:
        """What its names are set to at the top level, by name."""
        return dict(pair for node in self.tree.body for pair in _assigned(node))

    @cached_property
    def imports(self) -> Mapping[str, str]:
        """What is imported, by the name that it has here: dotted, from the top-level module on."""
        return dict(pair for node in ast.walk(self.tree) for pair in _imported(node))

    def kind_of(self, meant: ast.expr | None) -> str | None:
        """Return the kind of plugins that an expression is a class of, None if of no kind.

        The expression may be a name, dotted or not, of a generic class, or a text that holds one.
        """
        if isinstance(meant, ast.Constant) and isinstance(meant.value, str):
            meant = _parsed(meant.value)
        if isinstance(meant, ast.Subscript):
            return self.kind_of(meant.value)
        dotted = _dotted(meant)
        if not dotted:
            return None
        if dotted in self.classes and dotted not in self.imports:
            return self._kind_of_class(dotted, frozenset())
        first, _, rest = dotted.partition(".")
        origin = self.imports.get(first, first)
        return self._kind_elsewhere(f"{origin}.{rest}".rstrip("."))

    def _kind_of_class(self, name: str, passed: frozenset[str]) -> str | None:
        """Return the kind of a class of this file, by the first of its bases that has one."""
        if name in passed:
            return None
        for base in self.classes[name].bases:
            inner = _dotted(base)
            own = inner in self.classes and inner not in self.imports
            kind = self._kind_of_class(inner, passed | {name}) if own else self.kind_of(base)
            if kind is not None:
                return kind
        return None

    def _kind_elsewhere(self, dotted: str) -> str | None:
        module, _, name = dotted.rpartition(".")
        if module.partition(".")[0] == OWN:
            return _kind_of_object(_own(dotted))
        beside = self.path.with_name(f"{module}.py")
        if module and beside != self.path and beside.is_file():
            return _kind_beside(beside, name)
        # A name that nothing tells of; where it is another's class, loading it will show.
        return next((kind for kind, (_, base) in BASES.items() if name.endswith(base)), None)


def _kind_beside(file: Path, name: str) -> str | None:
    """Return the kind of a class in a file beside the one that is read."""
    try:
        return SourceText.read(file).kind_of(ast.Name(name))
    except (OSError, SyntaxError, ValueError, RecursionError):
        # Two files may each say that their class derives from the other's.
        return None


def _kind_of_object(thing: Any) -> str | None:
    if not isinstance(thing, type):
        return None
    return next((kind for kind in BASES if issubclass(thing, base_class(kind))), None)


def _own(dotted: str) -> Any:
    """Return what is called so in deviator, None if nothing is."""
    module, _, name = dotted.rpartition(".")
    try:
        return getattr(import_module(module), name, None)
    except ImportError:
        # It may be a class within a class; plugins derive from none.
        return None


def _imported(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield what an import binds: the name here, and where it is from."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            top = alias.name.partition(".")[0]
            yield (alias.asname, alias.name) if alias.asname else (top, top)
    if not isinstance(node, ast.ImportFrom) or node.module is None:
        return
    for alias in node.names:
        if alias.name != "*":
            yield alias.asname or alias.name, f"{node.module}.{alias.name}"
        elif node.module.partition(".")[0] == OWN:
            names = getattr(import_module(node.module), "__all__", ())
            yield from ((name, f"{node.module}.{name}") for name in names)


def _assigned(node: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    """Yield the names that a statement sets, each with what it is set to."""
    if isinstance(node, ast.Assign):
        yield from ((each.id, node.value) for each in node.targets if isinstance(each, ast.Name))
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
        yield node.target.id, node.value


def _dotted(node: ast.expr | None) -> str:
    """Return a name with its dots; empty for any other expression."""
    if isinstance(node, ast.Attribute):
        inner = _dotted(node.value)
        return inner and f"{inner}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _parsed(text: str) -> ast.expr | None:
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError):
        return None
