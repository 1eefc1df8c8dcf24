"""Plugins in a single file: identified by reading its text, without importing it.

A class is a plugin if it has a literal `name` and descends, within the file, from a base class of
deviator: one whose name ends in Mechanism, Economy, Policy, Learner or Rung. A function annotated
to return an Economy, LinearQuadratic or Factored is an economy, named with dashes for underscores.
"""

import ast
from pathlib import Path

from deviator.errors import PluginLoadError

from .spec import BASES, PluginSpec, file_version

RETURNED = ("Economy", "LinearQuadratic", "Factored")
"""Return annotations of functions that build economies."""


def plugins_of_file(path: str | Path) -> list[PluginSpec]:
    """Return the plugins that a Python file defines, in its order.

    Raises
    ------
    PluginLoadError
        If the file cannot be read, is not Python, or defines no plugin.
    """
    file = Path(path).resolve()
    try:
        tree = ast.parse(file.read_bytes(), filename=str(path))
    except OSError as error:
        raise PluginLoadError(f"plugin file {path} cannot be read: {error.strerror}") from None
    except (SyntaxError, ValueError) as error:
        raise PluginLoadError(f"plugin file {path} must be Python: {error}") from None
    version = file_version(file)
    specs = [
        PluginSpec(kind, name, f"{file}:{target}", str(file), version)
        for kind, name, target in _definitions(tree)
    ]
    if not specs:
        raise PluginLoadError(
            f"plugin file {path} must define a plugin, a class with a literal name derived from "
            "Mechanism, Economy, Policy, Learner or Rung, and defines none"
        )
    return specs


def _definitions(tree: ast.Module) -> list[tuple[str, str, str]]:
    """Return (kind, name, object) for each plugin."""
    kinds: dict[str, str] = {}
    definitions = []
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            kind = _kind_of_class(node, kinds)
            if kind is None:
                continue
            kinds[node.name] = kind
            name = _literal_name(node)
            if name is not None:
                definitions.append((kind, name, node.name))
        elif isinstance(node, ast.FunctionDef) and _last_name(node.returns) in RETURNED:
            definitions.append(("economy", node.name.replace("_", "-"), node.name))
    return definitions


def _kind_of_class(node: ast.ClassDef, known: dict[str, str]) -> str | None:
    for base in node.bases:
        name = _last_name(base)
        if name in known:
            return known[name]
        for kind, (_, base_name) in BASES.items():
            if name.endswith(base_name):
                return kind
    return None


def _last_name(node: ast.expr | None) -> str:
    """Return the last part of a dotted name; empty for any other expression."""
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.rpartition(".")[2]
    return node.id if isinstance(node, ast.Name) else ""


def _literal_name(node: ast.ClassDef) -> str | None:
    """Return the text that a class assigns to `name`."""
    for statement in node.body:
        if not isinstance(statement, ast.Assign | ast.AnnAssign):
            continue
        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
        value = statement.value
        if _last_name(target) == "name" and isinstance(value, ast.Constant):
            return value.value if isinstance(value.value, str) else None
    return None
