"""A study's figures, each as SVG and PDF: drawn where the study has data for them."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deviator.errors import ResultsError
from deviator.files import write_atomically
from deviator.harmless import one_line

from ..run.checked_rows import UNREADABLE
from ..run.store import RunStore, check_no_link, explained
from .drawn import DrawnFigure
from .kinds import Kind, kinds
from .sheet import sheet
from .style import figure_style, saved

FOLDER = "figures"

MOST_SHEETS = 4
"""Sheets of one kind of figure."""


def write_figures(store: RunStore, content: dict[str, Any]) -> list[DrawnFigure]:
    """Draw the figures of a study into its folder's ``figures``, each as SVG and PDF.

    Only figures for which there are data; what an earlier report drew is removed. The same content
    gives the same bytes.

    Parameters
    ----------
    store : RunStore
    content : dict
        The content of ``report.json``.

    Returns
    -------
    list of DrawnFigure

    Raises
    ------
    ResultsError
        If the content is not that of a report, or the folder cannot be written.
    """
    folder = store.folder / FOLDER
    with explained(folder), figure_style():
        check_no_link(folder)
        folder.mkdir(exist_ok=True)
        try:
            drawn = [each for kind in kinds(content["rows"]) for each in _sheets(folder, kind)]
        except UNREADABLE as error:
            raise ResultsError(
                f"the report of {store.folder} must be one of a study to be drawn, and is not "
                f"({type(error).__name__}: {one_line(str(error))}); run the study again"
            ) from error
        _remove_others(folder, {figure.name for figure in drawn})
    return drawn


def _sheets(folder: Path, kind: Kind) -> Iterator[DrawnFigure]:
    """Draw a kind of figure, as many sheets as are allowed, and say what is left out."""
    shown = kind.draws[: MOST_SHEETS * kind.a_sheet]
    left_out = len(kind.draws) - len(shown)
    more = f" {left_out} more panels are left out; tables hold all rows." if left_out else ""
    starts = range(0, len(shown), kind.a_sheet)
    for number, start in enumerate(starts, 1):
        name = kind.name if len(starts) == 1 else f"{kind.name}-{number}"
        figure = sheet(shown[start : start + kind.a_sheet], kind.panels)
        svg = saved(figure, "svg")
        write_atomically(folder / f"{name}.svg", svg)
        write_atomically(folder / f"{name}.pdf", saved(figure, "pdf"))
        yield DrawnFigure(kind.name, name, kind.caption + more, svg)


def _remove_others(folder: Path, names: set[str]) -> None:
    """Remove the figures of an earlier report; other files stay."""
    ours = re.compile(r"(learning-curves|against-size|frontiers|heat-maps|menus|witnesses)(-\d+)?")
    for file in folder.iterdir():
        figure = file.suffix in (".svg", ".pdf") and ours.fullmatch(file.stem)
        if figure and file.stem not in names:
            file.unlink()
