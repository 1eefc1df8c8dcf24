"""``deviator assumptions``: which of the paper's assumptions an economy satisfies, and why."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from .console import PluginFiles, Settings, console, files_of, settings_of

ANSWERS = {True: "[green]holds[/green]", False: "[red]fails[/red]", None: "not checked"}


def assumptions(
    economy: Annotated[str, typer.Argument(help="As `deviator list economy` names it.")],
    set_: Settings = None,
    plugin: PluginFiles = None,
) -> None:
    """Check the assumptions of the paper's results on an economy, each with its witness."""
    from deviator.economies import assumption_table
    from deviator.plugins import find_plugin, qualified
    from deviator.plugins.example_settings import example_settings

    spec = find_plugin("economy", qualified("economy", economy, files_of(plugin)))
    built = spec.build(example_settings(spec, settings_of(set_)))
    table = Table("assumption", "says that", "", "witness")
    for row in assumption_table(built):
        table.add_row(row.name, escape(row.statement), ANSWERS[row.holds], escape(row.witness))
    console().print(table)
