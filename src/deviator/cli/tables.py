"""Tables where there is room for them, and their rows below each other where there is none."""

from collections.abc import Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

WORD = 16
"""Characters of a word beyond which a column may break it."""

GAP = 3
"""Characters between two columns."""


def print_table(screen: Console, table: Table) -> None:
    """Print a table, or each of its rows as lines of names and values where it is too wide.

    Examples
    --------
    >>> from deviator.cli.screen import Screen
    >>> table = Table("mechanism", "strategy", "what it is")
    >>> table.add_row("sigma-dcda", "honest conditional bids", "A discriminatory double auction")
    >>> print_table(Screen(width=40), table)
    mechanism: sigma-dcda
      strategy: honest conditional bids
      what it is: A discriminatory
        double auction
    """
    texts = [[_text(cell) for cell in column.cells] for column in table.columns]
    if sum(map(_least_width, texts, [column.no_wrap for column in table.columns])) <= screen.width:
        for column in table.columns:
            column.overflow = "fold"
        screen.print(table)
        return
    headings = [str(column.header) for column in table.columns]
    if table.title:
        screen.print(str(table.title), style="bold")
    for row in zip(*texts, strict=True):
        _print_row(screen, headings, row)
    if table.caption:
        screen.print(str(table.caption))


def _print_row(screen: Console, headings: Sequence[str], row: Sequence[Text]) -> None:
    """Print one row, without its empty cells."""
    for place, (heading, cell) in enumerate(zip(headings, row, strict=True)):
        if not cell.plain.strip():
            continue
        line = Text.assemble(f"{heading}: " if heading else "", cell)
        line.overflow = "fold"
        first, *others = line.wrap(screen, screen.width - 4)
        indent = 0 if place == 0 else 2
        screen.print(Padding(first, (0, 0, 0, indent)))
        for other in others:
            screen.print(Padding(other, (0, 0, 0, indent + 2)))


def _text(cell: RenderableType) -> Text:
    return cell if isinstance(cell, Text) else Text(str(cell))


def _least_width(column: Sequence[Text], no_wrap: bool | None) -> int:
    """Return how narrow a column can be and still be read."""
    lines = [line for cell in column for line in cell.plain.splitlines()]
    if no_wrap:
        return GAP + max(map(len, lines), default=0)
    words = [len(word) for line in lines for word in line.split()]
    return GAP + min(max(words, default=0), WORD)
