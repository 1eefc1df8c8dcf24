"""Texts of strangers, made fit for terminals, reports and folders."""

import re
from collections.abc import Iterator
from typing import Any

LONGEST = 2000
"""Characters of a text beyond which it is cut."""

LONGEST_VALUE = 60
"""Characters of a value beyond which errors cut it."""

LONGEST_NAME = 100
"""Characters of a folder's name beyond which it is cut."""


def printable(text: str) -> str:
    r"""Return a text without control characters, but for ends of lines and tabs.

    Examples
    --------
    >>> printable("red: " + chr(27) + "[31m, next" + chr(10) + "line")
    'red: [31m, next\nline'
    """
    if type(text) is str and text.isprintable():
        return text
    return "".join(each for each in text if each.isprintable() or each in "\n\t")


def shortened(text: str, longest: int = LONGEST) -> str:
    """Return a text that can be printed, cut where it is long.

    Examples
    --------
    >>> shortened("a" * 300, longest=5)
    'aaaaa... (300 characters)'
    """
    # Called as it is of plain texts: a subclass may do anything.
    kept, length = str.__getitem__(text, slice(0, longest)), str.__len__(text)
    return printable(kept) + (f"... ({length} characters)" if length > longest else "")


def one_line(text: str, longest: int = LONGEST) -> str:
    """Return a text as `shortened` does, on one line.

    Examples
    --------
    >>> one_line("two" + chr(10) + "lines")
    'two lines'
    """
    return " ".join(shortened(text, longest).split())


def shown(value: object, longest: int = LONGEST_VALUE) -> str:
    """Return a value as errors show it, as `repr` does but cut; no more of it is written out.

    Examples
    --------
    >>> shown({"steps": [1, 2]}), shown([[0] * 1000] * 1000, longest=15)
    ("{'steps': [1, 2]}", '[[0, 0, 0, 0...')
    """
    text = ""
    for piece in _pieces(value, longest):
        text += piece
        if len(text) > longest:
            return printable(text[: longest - 3]) + "..."
    return printable(text)


def _pieces(value: Any, longest: int) -> Iterator[str]:
    if type(value) in (list, tuple):
        yield "[" if type(value) is list else "("
        for number, each in enumerate(value):
            yield ", " if number else ""
            yield from _pieces(each, longest)
        yield "]" if type(value) is list else ",)" if len(value) == 1 else ")"
    elif type(value) is dict:
        for number, (key, each) in enumerate(value.items()):
            yield ", " if number else "{"
            yield from _pieces(key, longest)
            yield ": "
            yield from _pieces(each, longest)
        yield "}" if value else "{}"
    elif isinstance(value, (str, bytes)):
        yield repr(value[: longest + 1])
    elif isinstance(value, int) and abs(value) >= 10**longest:
        # Python refuses to write out whole numbers of thousands of digits.
        yield f"a whole number of {value.bit_length()} bits"
    else:
        yield repr(value)


def file_name(text: str) -> str:
    """Return a text as part of a file's or folder's name: letters, digits and ``_.+-``.

    Examples
    --------
    >>> file_name("../../my auction")
    '_.._my_auction'
    """
    return re.sub(r"[^A-Za-z0-9_.+-]+", "_", text)[:LONGEST_NAME].lstrip(".")
