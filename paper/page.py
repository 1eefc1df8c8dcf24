"""The replication as one offline page: every row, the errata, and the figures."""

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from jinja2 import Environment
from plotly.offline import get_plotlyjs

from .figures import FIGURES
from .statement import Row

TEMPLATE = "page_template.html"


def report_html(rows: Sequence[Row]) -> str:
    """Return an HTML page on rows; it needs no network.

    Parameters
    ----------
    rows : sequence of Row
        As `replicate` returns them. A figure is drawn if there is a row on it.
    """
    template = files("deviator.paper").joinpath(TEMPLATE).read_text(encoding="utf-8")
    figures = {name: _div(name) for name in FIGURES if name in {r.statement.name for r in rows}}
    return (
        Environment(autoescape=True)
        .from_string(template)
        .render(
            rows=rows,
            counts=counted(rows),
            errata=[row for row in rows if row.state == "erratum"],
            figures=figures,
            plotly=get_plotlyjs() if figures else "",
            number=formatted_discrepancy,
        )
    )


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


def _div(name: str) -> str:
    settings = {"displayModeBar": False}
    identity = name.lower().replace(" ", "-")
    html: str = FIGURES[name]().to_html(
        full_html=False, include_plotlyjs=False, div_id=identity, config=settings
    )
    return html
