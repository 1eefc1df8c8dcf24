"""``deviator list``: the installed plugins, and whether they work; ``deviator new``: another."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from deviator.harmless import printable

from .console import PluginFiles, console, files_of

if TYPE_CHECKING:
    from deviator.plugins.listing import PluginStatus

COLUMNS: Mapping[str, int | None] = MappingProxyType(
    {"name": None, "state": 5, "what it is": 10, "parameters": 10, "provider": None}
)
"""Columns with their least width; None keeps names whole, to be searched for and copied."""


def list_(
    kind: Annotated[
        str | None, typer.Argument(help="mechanism, economy, policy, learner or rung.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="End with exit code 1 if something cannot be used.")
    ] = False,
    plugin: PluginFiles = None,
) -> None:
    """Name the mechanisms, economies, policies and learners, and say which can be used.

    Ends with exit code 0 even if plugins are broken, so that one which a script does not need
    does not stop it; the last line counts them. With --strict it then ends with 1.
    """
    from deviator.plugins.listing import plugin_statuses

    everything, screen = list(plugin_statuses(kind, files_of(plugin))), console()
    for each in dict.fromkeys(plugin.spec.kind for plugin in everything):
        screen.print(_table([plugin for plugin in everything if plugin.spec.kind == each]))
    broken = sum(not _is_ready(plugin) for plugin in everything)
    if broken:
        hint = "" if strict else "; with --strict that is exit code 1"
        screen.print(f"{broken} of {len(everything)} cannot be used{hint}")
    if broken and strict:
        raise typer.Exit(1)


def _table(plugins: "list[PluginStatus]") -> Table:
    """Return a table of plugins of one kind."""
    table = Table(title=plugins[0].spec.kind, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for name, least in COLUMNS.items():
        table.add_column(name, min_width=least, no_wrap=least is None, overflow="fold")
    for each in plugins:
        style = "green" if _is_ready(each) else "red"
        state = Text(printable(each.state), style)
        table.add_row(each.spec.name, state, each.about, each.parameters, each.spec.provider_label)
    return table


def _is_ready(plugin: "PluginStatus") -> bool:
    return plugin.state.startswith(("ready", "note"))


def new(
    kind: Annotated[str, typer.Argument(help="mechanism, economy, policy, learner or rung.")],
    name: Annotated[str, typer.Argument(help="Name of the plugin, as in my-auction.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder to write; by default NAME under the current one.")
    ] = None,
) -> None:
    """Write a package with a plugin that works, its entry point, conformance test and README."""
    from deviator.plugins.scaffold import scaffold

    folder = scaffold(kind, name, out or Path(name))
    console().print(
        f"Wrote {folder}. Next:",
        f"  pip install -e {folder}",
        f"  pytest {folder}",
        f"  deviator check {name}",
        sep="\n",
    )
