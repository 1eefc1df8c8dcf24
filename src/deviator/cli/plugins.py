"""``deviator list``: the installed plugins, and whether they work; ``deviator new``: another."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from deviator.harmless import printable
from deviator.plugins import list_plugins
from deviator.plugins.listing import PluginStatus, plugin_statuses

from .complete import any_of
from .console import PluginFiles, console, files_of
from .json_output import Json, print_json
from .tables import print_table
from .working import Working

COLUMNS: Mapping[str, int | None] = MappingProxyType(
    {"name": None, "state": 5, "what it is": 10, "parameters": 10, "provider": None}
)
"""Columns with their least width; None keeps names whole, to be searched for and copied."""


KINDS = "mechanism, economy, policy, learner or rung."
complete_kind = any_of("mechanism", "economy", "policy", "learner", "rung")


def list_(
    kind: Annotated[
        str | None, typer.Argument(metavar="KIND", help=KINDS, autocompletion=complete_kind)
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="End with exit code 1 if something cannot be used.")
    ] = False,
    plugin: PluginFiles = None,
    as_json: Json = False,
) -> None:
    """List the mechanisms, economies, policies and learners, and say which can be used.

    Ends with exit code 0 even if plugins are broken, so that one which a script does not need
    does not stop it; the last line counts them. With --strict it then ends with 1.
    """
    # Named before anything is loaded, so that a kind that is none is an error and nothing else.
    known = len(list_plugins(kind))
    everything = list[PluginStatus]()
    with Working("loading the plugins, each in a process of its own") as working:
        for status in plugin_statuses(kind, files_of(plugin)):
            everything.append(status)
            working.step("loading the plugins", len(everything) / max(known, len(everything)))
    broken = sum(not status.is_ready for status in everything)
    if as_json:
        print_json([_record(status) for status in everything])
    else:
        _print(everything, "" if strict else "; with --strict that is exit code 1")
    if broken and strict:
        raise typer.Exit(1)


def _record(status: PluginStatus) -> dict[str, Any]:
    spec = status.spec
    origin = {"kind": spec.kind, "name": spec.name, "provider": spec.provider}
    return origin | {
        "version": spec.version,
        "is_ready": status.is_ready,
        "state": status.state,
        "about": status.about,
        "parameters": status.parameters,
    }


def _print(everything: list[PluginStatus], hint: str) -> None:
    screen = console()
    for each in dict.fromkeys(status.spec.kind for status in everything):
        print_table(screen, _table([one for one in everything if one.spec.kind == each]))
    broken = sum(not status.is_ready for status in everything)
    if broken:
        screen.print(f"{broken} of {len(everything)} cannot be used{hint}")


def _table(plugins: list[PluginStatus]) -> Table:
    """Return a table of plugins of one kind."""
    table = Table(title=plugins[0].spec.kind, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for name, least in COLUMNS.items():
        table.add_column(name, min_width=least, no_wrap=least is None, overflow="fold")
    for each in plugins:
        style = "green" if each.is_ready else "red"
        state = Text(printable(each.state), style)
        table.add_row(each.spec.name, state, each.about, each.parameters, each.spec.provider_label)
    return table


def new(
    kind: Annotated[str, typer.Argument(metavar="KIND", help=KINDS, autocompletion=complete_kind)],
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Name of the plugin, as in my-auction.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="Folder to write; by default NAME in the current folder.")
    ] = None,
) -> None:
    """Write a package with a working plugin, its entry point, conformance test and README."""
    from deviator.plugins.scaffold import scaffold

    folder = scaffold(kind, name, out or Path(name))
    console().print(
        f"Wrote {folder}. Next:",
        f"  pip install -e {folder}",
        f"  pytest {folder}",
        f"  deviator check {name}",
        sep="\n",
    )
