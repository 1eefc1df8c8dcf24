"""Help pages: plain text that reads at any width, in pipes and on dumb terminals alike."""

import inspect
import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any, final

from typer.core import TyperCommand, TyperGroup

from .examples import EXAMPLES, Example
from .screen import Screen

WIDEST = 96
"""Characters of a line of help; longer ones are hard to read."""

NAMES = 28
"""Where descriptions begin beside the names that they describe."""

UNBROKEN = "\N{NO-BREAK SPACE}"

ROOMY = 72
"""Width from which names and descriptions stand beside each other."""


@final
class HelpfulCommand(TyperCommand):
    """A command with a help page of ours."""

    def get_help(self, ctx: Any) -> str:
        """Return the help page."""
        return help_page(self, ctx, _width())


@final
class HelpfulGroup(TyperGroup):
    """The group of all commands, with a help page of ours."""

    def get_help(self, ctx: Any) -> str:
        """Return the help page."""
        return help_page(self, ctx, _width())


def help_page(command: Any, context: Any, width: int) -> str:
    """Return the help page of a command, as wide as stated.

    Parameters
    ----------
    command : HelpfulCommand or HelpfulGroup
    context : Context
        That in which the command was called.
    width : int
    """
    pieces = [re.sub("[{}]", "", piece) for piece in command.collect_usage_pieces(context)]
    usage = f"{context.command_path} {' '.join(pieces)}"
    sections = [
        _filled(usage, width, "Usage: ", "       "),
        *(_filled(text, width) for text in _paragraphs(command.help)),
        *_parameters(command, context, width),
    ]
    if isinstance(command, TyperGroup):
        rows = [(name, _summary(each)) for name, each in command.commands.items()]
        sections.append(_listed("Commands", rows, width))
    shown = EXAMPLES.get(context.info_name, ())
    lines = [line for example in shown for line in _of_example(example, width)]
    return "\n\n".join([*sections, "\n".join(["Examples:", *lines])] if lines else sections)


def _width() -> int:
    return min(Screen().width, WIDEST)


def _paragraphs(text: str | None) -> list[str]:
    return re.split(r"\n\s*\n", inspect.cleandoc(text)) if text else []


def _summary(command: Any) -> str:
    return _paragraphs(command.help)[0]


def _parameters(command: Any, context: Any, width: int) -> Iterator[str]:
    """Yield the lists of arguments and of options."""
    for heading, kind in (("Arguments", "argument"), ("Options", "option")):
        records = [
            each.get_help_record(context)
            for each in command.get_params(context)
            if each.param_type_name == kind
        ]
        rows = [(_name(record[0]), record[1]) for record in records if record is not None]
        if rows:
            yield _listed(heading, rows, width)


def _name(name: str) -> str:
    """Return names and type of an option; what takes a list is given once for each value."""
    singular = re.sub(r"<list\[(\w+)\]>", r"<\1>...", name)
    return re.sub(r"\.\.\.( <\w+>\.\.\.)", r"\1", singular).replace("<Path>", "<path>")


def _listed(heading: str, rows: Sequence[tuple[str, str]], width: int) -> str:
    """Return names with what they mean beside them, or below them where there is little room."""
    roomy = width >= ROOMY
    indent = " " * (NAMES if roomy else 6)
    lines = [f"{heading}:"]
    for name, meaning in rows:
        start = f"  {name}"
        beside = roomy and len(start) < NAMES - 1
        lines += [] if beside else [start]
        lines.append(_filled(meaning, width, start.ljust(NAMES) if beside else indent, indent))
    return "\n".join(lines)


def _of_example(example: Example, width: int) -> Iterator[str]:
    """Yield an example's lines, which can be copied as they are."""
    yield _filled(example.note, width, "  # ", "  # ")
    # Options stay beside their values, and short names in quotes stay whole.
    kept = re.sub(r"(?<= )(-\S+) (?=[^-])|\"[^\"]{,30}\"", _unbroken, example.command)
    lines = _filled(kept, width - 2, "  ", "      ").replace("\n", " \\\n")
    yield lines.replace(UNBROKEN, " ")


def _unbroken(part: re.Match[str]) -> str:
    return part.group().replace(" ", UNBROKEN)


def _filled(text: str, width: int, start: str = "", indent: str = "") -> str:
    return textwrap.fill(
        re.sub(r"[ \n]+", " ", text),
        width,
        initial_indent=start,
        subsequent_indent=indent,
        break_on_hyphens=False,
        break_long_words=False,
    )
