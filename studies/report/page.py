"""The report as one static page: verdicts, constraints, outcomes, curves and figures.

It holds no script and names nothing outside itself, and its cost is linear in the rows.
"""

import base64
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, NamedTuple

from jinja2 import Environment

from deviator.harmless import one_line

from ..figures.drawn import DrawnFigure
from ..run.store import RunStore
from .column_words import explained
from .comparisons import comparisons_in_words
from .curve_panels import HEIGHT, WIDTH, curve_panels, learned_rows
from .page_tables import constraint_table, outcome_table, rate_table
from .summary import budget_warnings, summary_sentences
from .table import COLUMNS, explanations, table_cells, third_party_plugins
from .verdict_words import counted_verdicts, verdict_kind

MOST_PANELS = 300
"""Rows whose learning curves a page shows."""


class ShownFigure(NamedTuple):
    """A figure in the page: its caption, its picture as an address of data, its files."""

    caption: str
    address: str
    names: list[str]


def write_html(
    store: RunStore, content: dict[str, Any], figures: Sequence[DrawnFigure] = ()
) -> None:
    """Write ``report.html``.

    Parameters
    ----------
    store : RunStore
    content : dict
        The content of ``report.json``.
    figures : sequence of DrawnFigure
        What `write_figures` drew of it.
    """
    template = files("deviator.studies.report").joinpath("page_template.html")
    # Lines that hold nothing but a tag of the template leave none in a page of many rows.
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    page = environment.from_string(template.read_text(encoding="utf-8")).render(
        content=content,
        study=one_line(content["study"]),
        failures=_on_lines(content["failures"], content.get("failed_cells", {})),
        columns=COLUMNS,
        cells=[(table_cells(row), verdict_kind(row)) for row in content["rows"]],
        states=counted_verdicts(content["rows"]),
        summary=summary_sentences(content["rows"]),
        warnings=budget_warnings(content["rows"], quick=bool(content.get("quick"))),
        meanings=explained(COLUMNS, {}),
        comparisons=comparisons_in_words(content["comparisons"]),
        explanations=explanations(content["rows"]),
        third_party=third_party_plugins(content["rows"]),
        tables=[make(content["rows"]) for make in (constraint_table, outcome_table, rate_table)],
        panels=curve_panels(content["rows"], MOST_PANELS),
        without_panel=max(0, len(learned_rows(content["rows"])) - MOST_PANELS),
        width=WIDTH,
        height=HEIGHT,
        figures=_shown(figures),
    )
    store.write("report.html", page)


def _on_lines(failures: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    """Return failures as texts that can be shown, whoever wrote them, by names in words."""
    return {one_line(names.get(cell, cell)): one_line(why) for cell, why in failures.items()}


def _shown(figures: Sequence[DrawnFigure]) -> list[ShownFigure]:
    """Return one picture of each kind of figure, and the names of all its sheets.

    Learning curves have panels of their own in the page: of them it names the files.
    """
    kinds: dict[str, list[DrawnFigure]] = {}
    for figure in figures:
        kinds.setdefault(figure.kind, []).append(figure)
    return [
        ShownFigure(
            sheets[0].caption,
            "" if kind == "learning-curves" else _address(sheets[0].svg),
            [sheet.name for sheet in sheets],
        )
        for kind, sheets in kinds.items()
    ]


def _address(svg: bytes) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg).decode()}"
