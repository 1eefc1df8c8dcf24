"""``deviator schema``: what files of deviator hold, as JSON Schema."""

import json
from typing import Annotated

import typer

from .console import console


def schema(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="study, report, witness, certificate or bids."),
    ] = None,
) -> None:
    """Print the JSON Schema of a kind of file; without a name, list the kinds.

    Editors complete and check study files with it, and programs what they read. A study file is
    written in YAML, and has the same keys.
    """
    from deviator.studies.json_schemas import json_schema, schema_titles

    screen = console()
    if name is None:
        for each, title in schema_titles().items():
            screen.print(f"{each}: {title}", soft_wrap=True)
        return
    screen.file.write(json.dumps(json_schema(name), indent=1, sort_keys=True) + "\n")
