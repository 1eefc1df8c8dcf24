"""``deviator list``: what is installed, and whether it works."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from .console import PluginFiles, console, files_of

if TYPE_CHECKING:
    from deviator.plugins.listing import Surveyed

COLUMNS = {"name": None, "state": 5, "what it is": 10, "parameters": 10, "provider": None}
"""Columns and the least width of their texts; None keeps names whole, to be searched and copied."""


def list_(
    kind: Annotated[
        str | None, typer.Argument(help="mechanism, economy, policy or learner.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="End with exit code 1 if something cannot be used.")
    ] = False,
    plugin: PluginFiles = None,
) -> None:
    """Name the mechanisms, economies, policies and learners, and say which can be used.

    Ends with exit code 0 also where plugins are broken, so that one which a script does not need
    does not stop it; the last line says how many. With --strict it ends with 1 then.
    """
    from deviator.plugins.listing import survey

    everything, screen = list(survey(kind, files_of(plugin))), console()
    for kind_of_all in dict.fromkeys(found.spec.kind for found in everything):
        screen.print(_table([found for found in everything if found.spec.kind == kind_of_all]))
    broken = sum(not _ready(found) for found in everything)
    if broken:
        hint = "" if strict else "; with --strict that is exit code 1"
        screen.print(f"{broken} of {len(everything)} cannot be used{hint}")
    if broken and strict:
        raise typer.Exit(1)


def _table(found: "list[Surveyed]") -> Table:
    """Return a table of plugins of one kind."""
    table = Table(title=found[0].spec.kind, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for name, least in COLUMNS.items():
        table.add_column(name, min_width=least, no_wrap=least is None, overflow="fold")
    for each in found:
        style = "green" if _ready(each) else "red"
        name, state, *rest = map(
            _escaped,
            (each.spec.name, each.state, each.about, each.parameters, each.spec.shown_provider),
        )
        table.add_row(name, f"[{style}]{state}[/{style}]", *rest)
    return table


def _ready(found: "Surveyed") -> bool:
    return found.state.startswith("ready")


def _escaped(text: str) -> str:
    """Return a text in which nothing is taken for markup."""
    from rich.markup import escape

    return escape(text)
