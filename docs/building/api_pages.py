"""The pages of the API reference: every public name of every public module, once."""

from collections.abc import Sequence
from importlib import import_module
from inspect import isclass, ismodule, isroutine
from pathlib import Path
from typing import Any

from .members import SOURCE
from .public_names import Home, home, public_names, text_after

MODULES: Sequence[str] = (
    "",
    "economies",
    "mechanisms",
    "mechanisms.clearing",
    "policies",
    "evidence",
    "evidence.adversary",
    "evidence.certificates",
    "evidence.coalitions",
    "evidence.constraints",
    "envs",
    "envs.exchange_v0",
    "learners",
    "learners.equilibrium",
    "plugins",
    "plugins.conformance",
    "plugins.environments",
    "studies",
    "studies.json_schemas",
    "plot",
    "explorer",
    "paper",
    "errors",
    "units",
    "validation",
)
"""Modules below `deviator` in the order in which their names have their one place."""


def modules() -> list[str]:
    """Return the modules that are there."""
    return [each for each in MODULES if _path(each).is_dir() or _path(each, ".py").exists()]


def names_of(module: str) -> list[str]:
    """Return the public names of a module below `deviator`."""
    return public_names(_path(module))


def api_page(module: str) -> str:
    """Return the page of a module, in MyST Markdown."""
    full = full_name(module)
    about = (import_module(full).__doc__ or "").split("\n\n")[0].replace("\n", " ")
    entries = [_entry(module, name) for name in names_of(module)]
    return f"# {full}\n\n{about}\n\n" + "\n".join(entries)


def api_index() -> str:
    """Return the page that lists the modules."""
    rows = [f"| [`{name}`](api/{name}.md) | {_about(name)} |" for name in map(full_name, modules())]
    table = "\n".join(["| module | |", "|---|---|", *rows])
    pages = "\n".join(f"api/{full_name(each)}" for each in modules())
    contents = f"```{{toctree}}\n:hidden:\n\n{pages}\n```"
    return f"# API reference\n\nEvery public name, by module.\n\n{table}\n\n{contents}\n"


def full_name(module: str) -> str:
    """Return a module's full name."""
    return f"deviator.{module}".rstrip(".")


def elsewhere(module: str, name: str) -> str | None:
    """Return the earlier module that has the same name from the same home; None if none has."""
    place = _place(module, name)
    for earlier in modules()[: modules().index(module)]:
        if name in names_of(earlier) and _place(earlier, name) == place:
            return earlier
    return None


def _entry(module: str, name: str) -> str:
    full = full_name(module)
    thing = getattr(import_module(full), name)
    if ismodule(thing):
        return f"`{full}.{name}`\n: A module: {(thing.__doc__ or '').splitlines()[0]}\n"
    known = elsewhere(module, name)
    if known is not None:
        return f"`{name}`\n: As in [`{full_name(known)}`]({full_name(known)}.md).\n"
    return _directive(full, name, thing, _place(module, name))


def _directive(full: str, name: str, thing: Any, place: Home) -> str:
    if isclass(thing):
        lines = [f".. autoclass:: {full}.{name}", "   :members:"]
    elif isroutine(thing):
        lines = [f".. autofunction:: {full}.{name}"]
    else:
        text = text_after(place).splitlines() or [_shown(thing)]
        lines = [f".. py:data:: {full}.{name}", "", *(f"   {line}".rstrip() for line in text)]
    return "\n".join(["```{eval-rst}", *lines, "```", ""])


def _shown(thing: Any) -> str:
    text = " ".join(repr(thing).split())
    return f"``{text}``" if len(text) < 200 and "`" not in text else type(thing).__name__


def _about(full: str) -> str:
    return (import_module(full).__doc__ or "").split("\n")[0]


def _place(module: str, name: str) -> Home:
    return home(_path(module), name)


def _path(module: str, ending: str = "") -> Path:
    path = SOURCE.joinpath(*module.split(".")) if module else SOURCE
    return path.with_suffix(ending) if ending else path
