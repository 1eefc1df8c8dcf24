"""``deviator list``: what is installed, and whether it works."""

from typing import Annotated

import typer
from rich.table import Column, Table

from .console import PluginFiles, console, files_of

WHOLE = ("kind", "name", "provider")
WRAPPED = ("what it is", "parameters", "state")
"""Columns, by whether their texts are wrapped: names are searched for, and copied."""


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
    from deviator.plugins.survey import survey

    broken = 0
    whole = (Column(each, no_wrap=True) for each in WHOLE)
    wrapped = (Column(each, overflow="fold") for each in WRAPPED)
    table = Table(*whole, *wrapped)
    for found in survey(kind, files_of(plugin)):
        spec = found.spec
        ready = found.state.startswith("ready")
        broken += not ready
        style = "green" if ready else "red"
        state = f"[{style}]{_escaped(found.state)}[/{style}]"
        texts = (spec.kind, spec.name, spec.shown_provider, found.about, found.parameters)
        table.add_row(*map(_escaped, texts), state)
    screen = console()
    screen.print(table)
    if broken:
        hint = "" if strict else "; with --strict that is exit code 1"
        screen.print(f"{broken} of {table.row_count} cannot be used{hint}")
    if broken and strict:
        raise typer.Exit(1)


def _escaped(text: str) -> str:
    """Return a text in which nothing is taken for markup."""
    from rich.markup import escape

    return escape(text)
