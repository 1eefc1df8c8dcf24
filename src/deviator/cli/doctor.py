"""``deviator doctor``: what this installation is made of, and what does not work here."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from .console import console
from .json_output import Json, print_json
from .working import Working

STYLES: Mapping[str, str] = MappingProxyType(
    {"fine": "green", "missing": "yellow", "broken": "red"}
)


def doctor(as_json: Json = False) -> None:
    """Report what this installation consists of, and whether everything works here.

    Versions, cores, linear algebra, devices, memory, folders that can be written to, and plugins.
    Ends with exit code 1 where something is broken.
    """
    with Working("looking at this installation") as working:
        from deviator.plugins.listing import plugin_statuses

        from .diagnosis import diagnosis

        working.note("loading the plugins, each in a process of its own")
        plugins = list(plugin_statuses())
        working.note("asking PyTorch for devices")
        found = diagnosis(plugins)
    if as_json:
        print_json([each._asdict() for each in found])
    else:
        screen = console()
        for each in found:
            _print(screen, each)
    if any(each.state == "broken" for each in found):
        raise typer.Exit(1)


def _print(screen: Console, finding: Any) -> None:
    state = Text(f"{finding.state:<8}", STYLES[finding.state])
    screen.print(Text.assemble(state, f" {finding.about}: {finding.told}"), soft_wrap=True)
