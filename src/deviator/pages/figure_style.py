"""How drawings look, and how they become bytes: the same from the same results."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from types import MappingProxyType
from typing import Any, Literal

from matplotlib import style
from matplotlib.figure import Figure

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
