"""``deviator assumptions``: which of the paper's assumptions an economy satisfies, and why."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from .complete import names_of
from .console import PluginFiles, Settings, console, files_of, settings_of
from .json_output import Json, print_json
from .tables import print_table
from .working import Working

STYLES: Mapping[bool | None, str] = MappingProxyType({True: "green", False: "red", None: "default"})

LIMIT_S = 600.0
"""Seconds that the checks may take, in a large economy."""

LONGEST = 60
"""Characters of a parameter beyond which it is cut."""


def assumptions(
    economy: Annotated[
        str,
        typer.Argument(
            metavar="ECONOMY",
            help="As `deviator list economy` names it.",
            autocompletion=names_of("economy"),
        ),
    ],
    set_: Settings = None,
    plugin: PluginFiles = None,
    as_json: Json = False,
) -> None:
    """Check on an economy the assumptions of the paper's results, with a witness of each failure.

    The parameters come first, those not given at their defaults. Where an assumption is only
    tested at sampled profiles and no violation is found, the table says so and not "holds".
    """
    from deviator.plugins import find_plugin, qualified

    spec = find_plugin("economy", qualified("economy", economy, files_of(plugin)))
    with Working(f"checking the assumptions on {spec.name}"):
        lines, rows = _answers(spec, settings_of(set_))
    if as_json:
        columns = ("name", "statement", "holds", "verdict", "witness")
        answers = [{name: getattr(row, name) for name in columns} for row in rows]
        print_json({"economy": lines[0], "checked": lines[1], "assumptions": answers})
        return
    screen = console()
    for line in lines:
        screen.print(line, soft_wrap=True)
    table = Table("assumption", "says that", "", "witness")
    for row in rows:
        table.add_row(row.name, row.statement, Text(row.verdict, STYLES[row.holds]), row.witness)
    print_table(screen, table)


def _answers(spec: Any, settings: dict[str, Any]) -> Any:
    """Return what was checked and how, and the rows, from a process that may be lost."""
    from deviator.errors import DeviatorError, PluginLoadError
    from deviator.plugins.conformance.named import NamedSource
    from deviator.plugins.guard import Guard

    try:
        with Guard(LIMIT_S) as guard:
            return guard.run(_checked, NamedSource(spec, settings))
    except DeviatorError:
        raise
    except Exception as error:
        raise PluginLoadError(
            f"{spec.title} cannot be examined ({type(error).__name__}: {error}); run "
            "`deviator check` on it"
        ) from None


def _checked(source: Any) -> tuple[list[str], Any]:
    """Return what was checked and how, and the rows; runs in a process that may be lost."""
    from deviator.economies import assumption_table
    from deviator.economies.assumptions import how_checked

    economy = source.subject()
    settings = ", ".join(
        f"{name}={_shortened(value)}" for name, value in source.parameters().items()
    )
    lines = [
        f"{source.spec.title} ({settings})",
        f"N = {economy.n_traders}, {how_checked(economy)}",
    ]
    return lines, assumption_table(economy)


def _shortened(value: Any) -> str:
    """Return a parameter as text, cut if it is long."""
    text = " ".join(str(value).split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
