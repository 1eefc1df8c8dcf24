"""Texts of strangers, made fit for terminals, reports and folders."""

import re

LONGEST = 2000
"""Characters of a text beyond which it is cut."""

LONGEST_NAME = 100
"""Characters of a folder's name beyond which it is cut."""


def printable(text: str) -> str:
    r"""Return a text without control characters, but for ends of lines and tabs.

    Examples
    --------
    >>> printable("red: " + chr(27) + "[31m, next" + chr(10) + "line")
    'red: [31m, next\nline'
    """
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


def file_name(text: str) -> str:
    """Return a text as part of a file's or folder's name: letters, digits and ``_.+-``.

    Examples
    --------
    >>> file_name("../../my auction")
    '_.._my_auction'
    """
    return re.sub(r"[^A-Za-z0-9_.+-]+", "_", text)[:LONGEST_NAME].lstrip(".")
