"""Shared by the commands: the console, options, and numbers as texts."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from deviator.errors import InvalidInputError
from deviator.plain_yaml import read_yaml

WIDTH = 120
"""Width of tables outside a terminal, unless COLUMNS states another."""

PluginFiles = Annotated[
    list[Path] | None,
    typer.Option("--plugin", help="A Python file with plugins; may be given several times."),
]

Settings = Annotated[
    list[str] | None,
    typer.Option("--set", "-s", help="A parameter, as in -s n_traders=10; values are YAML."),
]


def console(width: int = WIDTH) -> Console:
    """Return the console, as wide as the terminal or COLUMNS say, else as `width`."""
    screen = Console(highlight=False)
    if screen.is_terminal or os.environ.get("COLUMNS", "").isdigit():
        return screen
    return Console(highlight=False, width=width)


def fail(message: str) -> NoReturn:
    """Print one sentence and end with exit code 2."""
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"error: {message}", markup=False)
    sys.exit(2)


def files_of(plugins: list[Path] | None) -> tuple[str, ...]:
    """Return the plugin files of an option, as texts."""
    return tuple(str(path) for path in plugins or [])


def settings_of(texts: list[str] | None) -> dict[str, Any]:
    """Return parameters given as name=value, values read as YAML.

    Raises
    ------
    InvalidInputError
        If one is not of that form.
    """
    settings = {}
    for text in texts or []:
        name, separator, value = text.partition("=")
        if not separator:
            raise InvalidInputError(f"a parameter must be given as name=value, got {text!r}")
        try:
            settings[name] = read_yaml(value).values
        except InvalidInputError:
            raise InvalidInputError(f"{name} must be a YAML value, got {value!r}") from None
    return settings


def number_or_text(text: str, number: Callable[[str], Any]) -> Any:
    """Return a text as a number if it is one."""
    try:
        return number(text)
    except ValueError:
        return text
