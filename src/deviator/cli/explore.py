"""``deviator explore``: a local page on which a person looks at a market."""

import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from .console import PluginFiles, console, files_of
from .supervised import supervised
from .working import Working

Replayed = Annotated[
    Path | None,
    typer.Option(
        "--replay", help="A saved policy, a folder of checkpoints or a run folder to replay."
    ),
]


@supervised
def explore(
    plugin: PluginFiles = None,
    replay: Replayed = None,
    port: Annotated[int, typer.Option(help="Port on this machine; 0 for a free one.")] = 0,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Whether to open the page.")
    ] = True,
) -> None:
    """Open a local page that shows a market: bids, clearing, menus, constraints, deviators.

    The page is served on this machine alone, behind a token, and asks nothing of the internet.
    It needs the extra explore (pip install 'deviator[explore]'). Ctrl-C ends it.
    """
    with Working("starting the explorer"):
        from deviator.explorer.server import Page

        page = Page(files_of(plugin), "" if replay is None else str(replay), port)
    console().print(f"explorer: {page.url}\nCtrl-C ends it", soft_wrap=True)
    if browser:
        webbrowser.open(page.url)
    page.serve()
