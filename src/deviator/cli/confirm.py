"""``deviator confirm``: a study, by default the one of Proposition 3 that ships."""

from pathlib import Path
from typing import Annotated

import typer

from .console import PluginFiles
from .json_output import Json
from .study import (
    Address,
    DryRun,
    ExecutorName,
    OlderOverrides,
    Out,
    Overrides,
    Quick,
    Request,
    Trust,
    Workers,
    run_study,
)


def confirm(
    study: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="Study file; by default that of Proposition 3."),
    ] = None,
    settings: Overrides = None,
    dry_run: DryRun = False,
    quick: Quick = False,
    out: Out = None,
    workers: Workers = None,
    executor: ExecutorName = "processes",
    address: Address = None,
    plugin: PluginFiles = None,
    trust: Trust = False,
    as_json: Json = False,
    older: OlderOverrides = None,
) -> None:
    """Run the study of Proposition 3, or another one; works as `deviator study` does."""
    where = (out, workers, executor, address)
    stated = [*(settings or ()), *(older or ())]
    run_study(Request(study, stated, dry_run, quick, *where, plugin, trust, as_json))
