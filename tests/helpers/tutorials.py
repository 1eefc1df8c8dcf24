"""The blocks of a page, and what they name: commands, options, modules and their members."""

import ast
import re
import shlex
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from textwrap import dedent
from typing import NamedTuple

import typer

from deviator.cli import app

BLOCK = re.compile(
    r"(?:`(?P<file>\w[\w.-]*)`:\n\n)?^(?P<indent> *)```(?P<kind>\w+)\n(?P<text>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """A block of a page, and the file that the page says it is, if any."""

    kind: str
    text: str
    file: str | None


def blocks(page):
    """Return the blocks of a page that state a language, in order."""
    found = BLOCK.finditer(page.read_text(encoding="utf-8"))
    return [Block(each["kind"], dedent(each["text"]), each["file"]) for each in found]


def commands(text):
    """Return the commands of a block, each with all of its lines."""
    gathered = ""
    for line in text.splitlines():
        gathered += line.removesuffix("\\") + "\n"
        if line.endswith("\\") or gathered.replace('\\"', "").count('"') % 2:
            continue
        yield gathered.strip()
        gathered = ""
    assert not gathered, f"a quotation does not end: {gathered}"


def unknown_words(line):
    """Return the words of a command line that `deviator` does not know."""
    commands = typer.main.get_command(app).commands
    words = shlex.split(line, comments=True)
    if words[:3] == ["python", "-m", "deviator"]:
        words = words[2:]
    if words[0] != "deviator":
        return []
    if words[1].startswith("-"):
        return []
    if words[1] not in commands:
        return [words[1]]
    options = {"--help", "-h"}
    for parameter in commands[words[1]].params:
        options |= {*parameter.opts, *parameter.secondary_opts}
    asked = [word.split("=")[0] for word in words[2:] if word.startswith("-")]
    return [word for word in asked if word not in options]


def unknown_names(source, written=()):
    """Return the modules that a text of Python imports in vain, and names they do not have.

    Modules of `written`, files that the page writes, are taken as they are.
    """
    tree = ast.parse(source)
    unknown = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            unknown += [each.name for each in node.names if not _found(each.name, written)]
        elif isinstance(node, ast.ImportFrom):
            unknown += _not_in(node, written)
        elif isinstance(node, ast.Attribute):
            path = ast.unparse(node).split(".")
            if path[0] == "deviator" and not _leads_somewhere(path):
                unknown.append(".".join(path))
    return unknown


def _found(module, written):
    return module in written or find_spec(module) is not None


def _not_in(node, written):
    if not _found(node.module, written):
        return [node.module]
    if node.module.split(".")[0] != "deviator":
        return []
    listed = dir(import_module(node.module))
    return [f"{node.module}.{each.name}" for each in node.names if each.name not in listed]


def _leads_somewhere(path):
    """Return whether each name of a path is a member of the one before; members stay unloaded."""
    if not all(part.isidentifier() for part in path):
        return True
    place = import_module("deviator")
    for before, name in pairwise(path):
        place = place if before == "deviator" else getattr(place, before)
        if name not in dir(place):
            return False
    return True
