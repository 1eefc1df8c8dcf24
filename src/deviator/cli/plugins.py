"""``deviator list``: what is installed, and whether it works."""

from typing import Annotated

import typer
from rich.table import Table

from .console import PluginFiles, console, files_of


def list_(
    kind: Annotated[
        str | None, typer.Argument(help="mechanism, economy, policy or learner.")
    ] = None,
    plugin: PluginFiles = None,
) -> None:
    """Name the mechanisms, economies, policies and learners, and say which can be used."""
    from deviator.plugins.survey import survey

    table = Table("kind", "name", "provider", "what it is", "parameters", "state")
    for found in survey(kind, files_of(plugin)):
        spec = found.spec
        style = "green" if found.state.startswith("ready") else "red"
        state = f"[{style}]{_escaped(found.state)}[/{style}]"
        texts = (spec.kind, spec.name, spec.shown_provider, found.about, found.parameters)
        table.add_row(*map(_escaped, texts), state)
    console().print(table)


def _escaped(text: str) -> str:
    """Return a text in which nothing is taken for markup."""
    from rich.markup import escape

    return escape(text)
