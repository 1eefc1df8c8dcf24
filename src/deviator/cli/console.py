"""Shared by the commands: the console, options, and numbers as texts."""

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any, NamedTuple, NoReturn

import typer

from deviator.errors import InvalidInputError
from deviator.plain_yaml import read_yaml

from .screen import Screen, stated_size

WIDTH = 120
"""Width of tables outside a terminal, unless COLUMNS states another."""

PluginFiles = Annotated[
    list[Path] | None,
    typer.Option("--plugin", help="A Python file with plugins; may be given several times."),
]

Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--economy-set",
        "-s",
        metavar="NAME=VALUE",
        help="A parameter of the economy, as in -s n_traders=10; values are YAML.",
    ),
]


class Terminal(NamedTuple):
    """What a process that shows texts in another's terminal must know of it."""

    is_terminal: bool
    is_watched: bool
    colors: str | None
    width: int

    @classmethod
    def of(cls, screen: Screen) -> "Terminal":
        """Return what is to be known of a console."""
        return cls(screen.is_terminal, screen.is_watched, screen.color_system, screen.width)


class _Told(io.StringIO):
    """A stream that passes on what is written to it."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__()
        self._tell = tell

    def write(self, text: str) -> int:
        """Pass a text on."""
        self._tell(text)
        return len(text)


_SHOWN_ON: ContextVar[tuple[_Told, Terminal] | None] = ContextVar("shown_on", default=None)


@contextmanager
def shown_on(tell: Callable[[str], None], terminal: Terminal) -> Iterator[None]:
    """Show what consoles print in the terminal of another process, by telling it."""
    token = _SHOWN_ON.set((_Told(tell), terminal))
    try:
        yield
    finally:
        _SHOWN_ON.reset(token)


def console(width: int = WIDTH) -> Screen:
    """Return the console, as wide as the terminal or COLUMNS say, else as `width`."""
    told = _SHOWN_ON.get()
    if told is None:
        screen = Screen()
        is_watched = screen.is_watched
    else:
        stream, terminal = told
        is_watched = terminal.is_watched
        screen = Screen(
            file=stream, force_terminal=terminal.is_terminal, color_system=terminal.colors
        )
    if not is_watched and stated_size(os.environ, "COLUMNS") is None:
        screen.width = width
    elif told is not None:
        screen.width = terminal.width
    return screen


def notes() -> Screen:
    """Return the screen of what is said beside the results, on standard error."""
    return Screen(stderr=True, soft_wrap=True)


def fail(message: str, code: int = 2) -> NoReturn:
    """Print one sentence and end with an exit code, 2 for bad input."""
    notes().print(f"error: {message}")
    sys.exit(code)


def print_failures(screen: Screen, failures: dict[str, str], names: dict[str, str]) -> None:
    """Print the cells of a study that failed, by their names in words, and why."""
    for cell, reason in failures.items():
        screen.print("failed", style="red", end=" ")
        named = f"{names[cell]} ({cell})" if cell in names else cell
        screen.print(f"{named}: {reason}", soft_wrap=True)


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
