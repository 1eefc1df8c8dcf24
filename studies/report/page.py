"""The report as one page: verdicts that open, constraints, outcomes, curves, figures, origin.

It is read without its script, which sorts and filters, and names nothing outside its folder. Its
cost is linear in the rows.
"""

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, NamedTuple

from deviator.harmless import one_line
from deviator.pages import page_environment, page_parts

from ..figures.drawn import DrawnFigure
from ..run.store import RunStore
from .column_words import explained
from .comparisons import comparisons_in_words
from .curve_panels import HEIGHT, WIDTH, curve_panels, learned_rows
from .page_figures import shown_figures
from .page_provenance import linked_data, linked_tables, provenance
from .page_tables import constraint_table, outcome_table, rate_table
from .row import ReportRow
from .row_details import RowDetails, row_details
from .summary import budget_warnings, summary_sentences
from .table import COLUMNS, TEXT, explanations, table_cells, third_party_plugins
from .verdict_words import counted_verdicts, verdict_kind

MOST_PANELS = 300
"""Rows whose learning curves a page shows."""

MOST_OPEN = 300
"""Rows that open in a page: in larger ones ``report.json`` and the tables tell the rest."""

FIRST = ("mechanism", "economy", "N", "verdict")
"""Columns that come first, and that narrow screens show: there a row opens to the others."""

CHOICES = ("mechanism", "economy", "strategy", "sees", "asks", "learner", "verdict")
"""Columns by whose texts rows can be filtered."""


class PageRow(NamedTuple):
    """A row of the table of verdicts, and what it opens to.

    Attributes
    ----------
    key : str
        Its name in addresses.
    cells : dict of str to str
        Texts by column.
    look : str
        The class of its verdict.
    details : RowDetails or None
    panel : int or None
        The number of its curves among those of the page.
    """

    key: str
    cells: dict[str, str]
    look: str
    details: RowDetails | None
    panel: int | None


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
    page = page_environment().from_string(template.read_text(encoding="utf-8"))
    rows = content["rows"]
    text = page.render(
        parts=page_parts(),
        content=content,
        study=one_line(content["study"]),
        failures=_on_lines(content["failures"], content.get("failed_cells", {})),
        columns=_columns(rows),
        text_columns=TEXT,
        first=FIRST,
        choices=CHOICES,
        rows=_page_rows(rows),
        most_open=MOST_OPEN,
        states=counted_verdicts(rows),
        summary=summary_sentences(rows),
        warnings=budget_warnings(
            rows, quick=bool(content.get("quick")), failed=len(content["failures"])
        ),
        meanings=explained(_columns(rows), {}),
        comparisons=comparisons_in_words(content["comparisons"]),
        explanations=explanations(rows),
        third_party=third_party_plugins(rows),
        tables=[make(rows) for make in (constraint_table, outcome_table, rate_table)],
        panels=curve_panels(rows, MOST_PANELS),
        without_panel=max(0, len(learned_rows(rows)) - MOST_PANELS),
        width=WIDTH,
        height=HEIGHT,
        figures=shown_figures(figures),
        origin=provenance(store.folder, content),
        data=linked_data(store.folder),
        data_tables=linked_tables(store.folder),
    )
    store.write("report.html", text)


def _columns(rows: Sequence[ReportRow]) -> list[str]:
    """Return the columns in their order, without that of the questions where all are usual."""
    usual = all(row["question"] == "deviation" for row in rows)
    others = [name for name in COLUMNS if name not in FIRST and not (usual and name == "asks")]
    return [*FIRST, *others]


def _page_rows(rows: Sequence[ReportRow]) -> list[PageRow]:
    shown = learned_rows(rows)[:MOST_PANELS]
    panels = {id(row): place for place, row in enumerate(shown)}
    return [
        PageRow(
            one_line(row["key"]),
            dict(zip(COLUMNS, table_cells(row), strict=True)),
            verdict_kind(row),
            row_details(row) if place < MOST_OPEN else None,
            panels.get(id(row)),
        )
        for place, row in enumerate(rows)
    ]


def _on_lines(failures: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    """Return failures as texts that can be shown, whoever wrote them, by names in words."""
    return {one_line(names.get(cell, cell)): one_line(why) for cell, why in failures.items()}
