"""How figures for papers look, and how they become bytes: the same from the same results."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path
from textwrap import wrap
from types import MappingProxyType
from typing import Any, Literal

import matplotlib
from matplotlib import style
from matplotlib.figure import Figure
from matplotlib.font_manager import get_font

from deviator.harmless import one_line

BLUE, RED, GREEN, GRAY = "#2a6f97", "#c1121f", "#1a7f37", "#777777"

COLORS = (BLUE, "#e09f3e", "#9e2a2b", GREEN, "#6a4c93", "#577590", "#b56576", "#333333")
"""Colours of lines in one panel, in order; a panel has no more lines."""

LONGEST = 90
"""Characters of one text in a figure, at most."""

LEGEND = 66
"""Letters of a line of a legend."""

STYLE: Mapping[str, Any] = MappingProxyType(
    {
        # Letters are drawn as paths in SVG, so that a page needs no font; PDF embeds the font,
        # which journals ask for.
        "svg.fonttype": "path",
        "svg.hashsalt": "deviator",
        "pdf.fonttype": 42,
        "font.family": "STIXGeneral",
        "mathtext.fontset": "stix",
        "font.size": 7.5,
        "axes.titlesize": 7.5,
        "legend.fontsize": 6.5,
        "legend.handlelength": 1,
        "axes.linewidth": 0.5,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "hatch.linewidth": 0.4,
        "lines.linewidth": 0.9,
        "lines.markersize": 3,
        "legend.frameon": False,
        "xtick.major.width": 0.5,
        "ytick.major.width": 0.5,
        "xtick.minor.visible": False,
        "ytick.minor.visible": False,
    }
)
"""Settings of matplotlib for every figure, on top of its defaults: a user's own change nothing."""

FileKind = Literal["svg", "pdf", "png"]

METADATA: Mapping[FileKind, dict[str, str | None]] = MappingProxyType(
    {
        "svg": {"Date": None, "Creator": "deviator"},
        "pdf": {"CreationDate": None, "Creator": "deviator", "Producer": None},
        "png": {"Software": None},
    }
)
"""What files say of themselves: neither a time nor a version."""

KINDS: tuple[FileKind, ...] = tuple(METADATA)
"""Files that figures are written as."""


@contextmanager
def figure_style() -> Iterator[None]:
    """Draw and save with these settings; what was set before is restored."""
    with style.context(["default", dict(STYLE)]):
        yield


def saved(figure: Figure, kind: FileKind) -> bytes:
    """Return a figure as the bytes of a file.

    Parameters
    ----------
    figure : Figure
    kind : {"svg", "pdf", "png"}
    """
    buffer = BytesIO()
    figure.savefig(buffer, format=kind, metadata=METADATA[kind])
    return buffer.getvalue()


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
