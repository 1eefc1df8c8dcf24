"""Colours of figures, and texts of strangers as matplotlib draws them."""

from functools import cache
from pathlib import Path
from textwrap import wrap

import matplotlib
from matplotlib.font_manager import get_font

from deviator.harmless import one_line
from deviator.pages.figure_style import KINDS, STYLE, FileKind, figure_style, saved

__all__ = [
    "BLUE",
    "COLORS",
    "GRAY",
    "GREEN",
    "KINDS",
    "RED",
    "STYLE",
    "FileKind",
    "figure_style",
    "legend_text",
    "saved",
    "shown_text",
]

BLUE, RED, GREEN, GRAY = "#2a6f97", "#c1121f", "#1a7f37", "#777777"

COLORS = (BLUE, "#e09f3e", "#9e2a2b", GREEN, "#6a4c93", "#577590", "#b56576", "#333333")
"""Colours of lines in one panel, in order; a panel has no more lines."""

LONGEST = 90
"""Characters of one text in a figure, at most."""

LEGEND = 66
"""Letters of a line of a legend."""


def shown_text(text: str, longest: int = LONGEST) -> str:
    r"""Return a text that matplotlib draws as it stands, on one line and with letters it has.

    Dollar signs would begin a formula, and letters that the font lacks would be warned about.

    Examples
    --------
    >>> print(shown_text("fee=$2"))
    fee=\$2
    """
    letters = _letters()
    line = one_line(text)
    line = line if len(line) <= longest else f"{line[: longest - 1]}…"
    drawn = "".join(each if ord(each) in letters else "?" for each in line)
    return drawn.replace("$", r"\$")


def legend_text(text: str) -> str:
    """Return a text as a legend shows it, broken where a panel ends."""
    return "\n".join(wrap(shown_text(text, 2 * LONGEST), LEGEND)) or " "


@cache
def _letters() -> frozenset[int]:
    """Return the code points of the font that ships with matplotlib."""
    file = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "STIXGeneral.ttf"
    return frozenset(get_font(str(file)).get_charmap())
