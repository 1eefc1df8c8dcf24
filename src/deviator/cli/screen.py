"""Screens: where texts are shown, and how wide they are, whatever the environment claims."""

import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, final

from rich.console import Console
from rich.text import Text

from deviator.harmless import printable

LEAST, MOST = 40, 10_000
"""Widths between which texts are laid out; narrower terminals break the lines themselves."""


@final
class Screen(Console):
    """Shows texts as they are: without markup, and without control characters of strangers."""

    def __init__(self, **settings: Any) -> None:
        environment = usable(os.environ)
        super().__init__(
            highlight=False, markup=False, emoji=False, _environ=environment, **settings
        )
        width = min(max(self.width, LEAST), MOST)
        if width != self.width:  # else it follows a terminal whose size changes
            self.width = width

    @property
    def is_watched(self) -> bool:
        """Whether texts go to a real terminal; `is_terminal` is true wherever colors are forced."""
        isatty = getattr(self.file, "isatty", None)
        # Closed files refuse to answer.
        with suppress(ValueError):
            return self.is_terminal and isatty is not None and bool(isatty())
        return False

    def render_str(self, text: str, **settings: Any) -> Text:
        """Return a text as it is shown."""
        return super().render_str(printable(text), **settings)


def usable(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without sizes of a terminal that are none.

    Examples
    --------
    >>> usable({"COLUMNS": "0", "LINES": "wide", "TERM": "dumb"})
    {'TERM': 'dumb'}
    """
    sizes = {name: stated_size(environment, name) for name in ("COLUMNS", "LINES")}
    others = {name: value for name, value in environment.items() if name not in sizes}
    return others | {name: str(size) for name, size in sizes.items() if size is not None}


def stated_size(environment: Mapping[str, str], name: str) -> int | None:
    """Return a size of the terminal that is stated; None where there is none, as with 0."""
    text = environment.get(name, "")
    # Longer texts are no sizes, and Python refuses to read the longest.
    return int(text) or None if text.isdecimal() and len(text) < 10 else None
