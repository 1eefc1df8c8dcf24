"""``deviator assumptions``: which of the paper's assumptions an economy satisfies, and why."""

from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from .console import PluginFiles, Settings, console, files_of, settings_of

ANSWERS = {True: "[green]holds[/green]", False: "[red]fails[/red]", None: "not checked"}


LIMIT_S = 600.0
"""Seconds that the checks may take, in a large economy."""


def assumptions(
    economy: Annotated[str, typer.Argument(help="As `deviator list economy` names it.")],
    set_: Settings = None,
    plugin: PluginFiles = None,
) -> None:
    """Check the assumptions of the paper's results on an economy, each with its witness."""
    from deviator.errors import DeviatorError, PluginLoadError
    from deviator.plugins import find_plugin, qualified
    from deviator.plugins.conformance.named import NamedSource
    from deviator.plugins.guard import Guard

    spec = find_plugin("economy", qualified("economy", economy, files_of(plugin)))
    try:
        with Guard(LIMIT_S) as guard:
            rows = guard.run(_rows, NamedSource(spec, settings_of(set_)))
    except DeviatorError:
        raise
    except Exception as error:
        raise PluginLoadError(
            f"{spec.title} cannot be looked at ({type(error).__name__}: {error}); run "
            "`deviator check` on it"
        ) from None
    table = Table("assumption", "says that", "", "witness")
    for row in rows:
        table.add_row(row.name, escape(row.statement), ANSWERS[row.holds], escape(row.witness))
    console().print(table)


def _rows(source: Any) -> Any:
    """Return the rows of the table, in the process that may be lost."""
    from deviator.economies import assumption_table

    return assumption_table(source.subject())
