"""The replication as one page that stands alone: every row, the errata, and the figures."""

import shlex
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from importlib.resources import files
from types import MappingProxyType
from typing import Any, NamedTuple

from markupsafe import Markup

from deviator.citation import PAPER, bibtex, citation
from deviator.pages import page_environment, page_parts
from deviator.pages.inline_svg import inline_svg

from .drawings import drawn_svg
from .figures import FIGURES
from .formulas import typeset
from .statement import Row

TEMPLATE = "page_template.html"

WORDS: Mapping[str, str] = MappingProxyType(
    {"holds": "holds", "erratum": "holds as corrected", "fails": "fails"}
)
"""States of rows, in words."""


class ShownFigure(NamedTuple):
    """A figure in the page: its name in addresses, its title, what it shows, its drawing."""

    key: str
    title: str
    caption: str
    drawing: Markup


def report_html(rows: Sequence[Row], data: str = "", results: Sequence[str] = ()) -> str:
    """Return an HTML page on rows; it needs no network, and no script to be read.

    Parameters
    ----------
    rows : sequence of Row
        As `replicate` returns them. A figure is drawn if there is a row on it.
    data : str
        Address of a file with the rows, beside the page; none by default.
    results : sequence of str
        What `replicate` was asked for, which the page's command repeats; by default all.
    """
    template = files("deviator.paper").joinpath(TEMPLATE).read_text(encoding="utf-8")
    number = version("deviator")
    named = {row.statement.name for row in rows}
    return (
        page_environment()
        .from_string(template)
        .render(
            parts=page_parts(),
            rows=rows,
            counts=counted(rows),
            words=WORDS,
            errata=[row for row in rows if row.state == "erratum"],
            figures=[_shown(place, name) for place, name in enumerate(FIGURES) if name in named],
            number=formatted_discrepancy,
            typeset=typeset,
            data=data,
            command=shlex.join(["deviator", "replicate", *results, "--report", "PAGE"]),
            version=number,
            citation=citation(number),
            paper=PAPER,
            bibtex=bibtex(number),
        )
    )


def _shown(place: int, name: str) -> ShownFigure:
    figure = FIGURES[name]()
    drawing = Markup(inline_svg(drawn_svg(figure), f"f{place}-"))
    return ShownFigure(name.lower().replace(" ", "-"), name, figure.caption, drawing)


def counted(rows: Sequence[Row]) -> str:
    """Return how many rows hold, are errata and fail, in words.

    Examples
    --------
    >>> counted([])
    '0 statements'
    """
    states: tuple[tuple[Any, str], ...] = (
        ("holds", "hold"),
        ("erratum", "hold as corrected"),
        ("fails", "fail"),
    )
    counts = [(sum(row.state == state for row in rows), verb) for state, verb in states]
    parts = [f"{count} {verb}" for count, verb in counts if count]
    total = "1 statement" if len(rows) == 1 else f"{len(rows)} statements"
    return ": ".join([total, ", ".join(parts)] if parts else [total])


def formatted_discrepancy(number: float | None) -> str:
    """Return a discrepancy as text.

    Examples
    --------
    >>> formatted_discrepancy(0.0), formatted_discrepancy(1.234e-10), formatted_discrepancy(None)
    ('0', '1.2e-10', '')
    """
    return "" if number is None else f"{number:.2g}"
