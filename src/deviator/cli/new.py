"""``deviator new``: a complete, tested package to start a plugin from."""

from pathlib import Path
from typing import Annotated

import typer

from .console import console


def new(
    kind: Annotated[str, typer.Argument(help="mechanism, economy, policy or learner.")],
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
        markup=False,
    )
