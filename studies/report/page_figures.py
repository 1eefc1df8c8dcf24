"""The figures of a page: one drawing of each kind, and the files of all."""

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from deviator.pages.inline_svg import inline_svg

from ..figures.drawn import DrawnFigure

DRAWN_ELSEWHERE = "learning-curves"
"""Of learning curves a page has panels of its own."""


class ShownFigure(NamedTuple):
    """A figure in the page: its title, its caption, its drawing, the names of its files."""

    title: str
    caption: str
    drawing: Markup
    names: list[str]


def shown_figures(figures: Sequence[DrawnFigure]) -> list[ShownFigure]:
    """Return one drawing of each kind of figure, and the names of all its sheets.

    Parameters
    ----------
    figures : sequence of DrawnFigure
        What `write_figures` drew.
    """
    kinds: dict[str, list[DrawnFigure]] = {}
    for figure in figures:
        kinds.setdefault(figure.kind, []).append(figure)
    return [_shown(place, kind, sheets) for place, (kind, sheets) in enumerate(kinds.items())]


def _shown(place: int, kind: str, sheets: Sequence[DrawnFigure]) -> ShownFigure:
    drawing = "" if kind == DRAWN_ELSEWHERE else inline_svg(sheets[0].svg, f"f{place}-")
    title = kind.replace("-", " ").capitalize()
    return ShownFigure(title, sheets[0].caption, Markup(drawing), [each.name for each in sheets])
