"""A complete package to start a plugin from: code, entry point, conformance test, README."""

import keyword
import re
from collections.abc import Mapping
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from string import Template
from types import MappingProxyType

from deviator.errors import InvalidInputError
from deviator.files import write_atomically
from deviator.trust import OWN

from .distributions import version_of
from .registry import checked_kind, list_plugins
from .spec import BASES

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


USAGE: Mapping[str, str] = MappingProxyType(
    {
        "mechanism": 'In Python: `deviator.audit("$name", deviator.economies.private_values(6))`.',
        "economy": "In a study file: `economies: {mine: {family: $name}}`.",
        "policy": "In a study file, as what all but the deviator follow: `strategy: $name`.",
        "learner": "In a study file: `learner: {name: $name}`.",
        "rung": "In a study file, as what the deviator sees: `information: $name`.",
    }
)
"""How a plugin of each kind is used."""

PLAIN: Mapping[str, str] = MappingProxyType(
    {"example": "$class_name()", "imports": "", "settings": ""}
)
OF_ECONOMY: Mapping[str, str] = MappingProxyType(
    {
        "example": "$class_name(private_values(4, alpha=1.0, slope=1.5))",
        "imports": "from deviator.economies import private_values\n",
        "settings": '"economy": private_values(4)',
    }
)
"""How a plugin is built without settings, and how one is that needs an economy."""


def scaffold(kind: str, name: str, folder: Path) -> Path:
    """Write a package with a plugin that works, of a kind and name, and return its folder.

    Raises
    ------
    InvalidInputError
        If the kind or name is malformed, the name is in use, or the folder exists.
    """
    values = _values(checked_kind(kind), _checked_name(kind, name))
    if folder.exists():
        raise InvalidInputError(
            f"a new package needs a folder that does not exist, got {folder}; choose another with "
            "--out"
        )
    module = values["module"]
    for template, target in (
        ("pyproject.toml", "pyproject.toml"),
        ("README.md", "README.md"),
        ("init.py", f"{module}/__init__.py"),
        (f"{kind}.py", f"{module}/{module}.py"),
        ("test_conformance.py", "tests/test_conformance.py"),
    ):
        path = folder / target
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, _text(template, values))
    return folder


def _text(template: str, values: dict[str, str]) -> str:
    source = files("deviator.plugins").joinpath("scaffold_templates", f"{template}.txt")
    return Template(source.read_text(encoding="utf-8")).substitute(values)


def _values(kind: str, name: str) -> dict[str, str]:
    values = {
        "kind": kind,
        "article": "An" if kind[0] in "aeiou" else "A",
        "name": name,
        "group": BASES[kind][0],
        "module": name.replace("-", "_"),
        "class_name": "".join(part.capitalize() for part in name.split("-")),
        "title": name.replace("-", " "),
        "version": version_of(OWN),
    }
    more = {**(OF_ECONOMY if kind == "policy" else PLAIN), "usage": USAGE[kind]}
    return values | {field: Template(text).substitute(values) for field, text in more.items()}


def _checked_name(kind: str, name: str) -> str:
    if not NAME.fullmatch(name) or keyword.iskeyword(name):
        raise InvalidInputError(
            "a name must be small letters and digits in words with dashes between them, as in "
            f"my-auction, got {name!r}"
        )
    module = name.replace("-", "_")
    if find_spec(module) is not None:
        raise InvalidInputError(
            f"a new package must not hide another, and {module} can be imported already; choose "
            "another name"
        )
    owners = [spec.provider for spec in list_plugins(kind) if spec.name == name]
    if owners:
        raise InvalidInputError(
            f"{kind} {name!r} exists already, of {owners[0]}; choose another name"
        )
    return name
