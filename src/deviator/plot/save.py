"""Figures as files for journals and pages."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from deviator.errors import InvalidInputError
from deviator.files import write_atomically
from deviator.studies.figures.style import KINDS, figure_style, saved


def save(figure: Axes | Figure, path: Path | str) -> Path:
    """Write a figure as SVG, PDF or PNG; the same figure gives the same bytes.

    Letters are paths in SVG, and fonts are embedded in PDF, as journals ask for.

    Parameters
    ----------
    figure : Axes or Figure
        What a function of this module returned, or the figure it is part of.
    path : path
        Ends with ``.svg``, ``.pdf`` or ``.png``.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InvalidInputError
        If the ending is another, or the figure is none.
    """
    file = Path(path)
    kind = next((each for each in KINDS if file.suffix.lower() == f".{each}"), None)
    if kind is None:
        raise InvalidInputError(
            f"a figure's file must end with {', '.join(f'.{each}' for each in KINDS)}, got "
            f"{file.name!r}"
        )
    whole = figure.get_figure(root=True) if isinstance(figure, Axes) else figure
    if not isinstance(whole, Figure):
        raise InvalidInputError(
            f"a figure to save must be Axes or a Figure of matplotlib, got {type(figure).__name__}"
        )
    with figure_style():
        write_atomically(file, saved(whole, kind))
    return file
