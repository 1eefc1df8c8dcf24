"""Measures of a study against the number of traders."""

from collections.abc import Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from deviator.errors import InvalidInputError, RefusedError, one_of
from deviator.studies.figures.against_size import draw_against_size, label_sizes
from deviator.studies.figures.style import COLORS, legend_text
from deviator.studies.report.families import families
from deviator.studies.report.fitted_rates import RateLine, rate_lines
from deviator.studies.report.measures import MEASURES
from deviator.studies.report.row import ReportRow

from .canvas import canvas
from .legends import legend_below
from .reports import Reports, named_rows

HEIGHT = 3.2


class SizeLine(NamedTuple):
    """A measure of one family of markets by size; fitted where it is positive at three sizes."""

    label: str
    sizes: list[int]
    values: list[float]


def gain_against_n(reports: Reports, *, measure: str = "gain", ax: Axes | None = None) -> Axes:
    """Draw what there is to gain, or another measure, against the number of traders N.

    Where it is positive at three sizes or more in all markets, the axes are logarithmic, and rates
    of N are fitted (dashed) and set beside the paper's (dotted), as in the report of the study;
    else the points are joined.

    Parameters
    ----------
    reports : StudyReport, path, or several of them
        As in `learning_curves`.
    measure : str
        `gain` over what is at stake, the learned `share` of it, or an outcome of honest play:
        `inefficiency`, `distance`, `deficit`, `surplus`, `utility`, `gains`.
    ax : Axes, optional
        Where to draw; by default on a figure of its own.

    Returns
    -------
    Axes

    Raises
    ------
    InvalidInputError
        If there is no such measure.
    RefusedError
        If no market was studied at several sizes, or more than can be told apart were.
    ResultsError
        If a folder has no report.
    """
    if measure not in MEASURES:
        raise InvalidInputError(one_of("measure", measure, MEASURES))
    by_report: dict[str, list[ReportRow]] = {}
    for each in named_rows(reports):
        by_report.setdefault(each.report, []).append(each.row)
    fitted = [line for name, rows in by_report.items() for line in _fitted(name, rows, measure)]
    found = [line for name, rows in by_report.items() for line in _lines(name, rows, measure)]
    _check_count(found, measure)
    with canvas(ax, HEIGHT) as drawn:
        if len(fitted) == len(found):
            draw_against_size(drawn, fitted, measure)
        else:
            _draw_points(drawn, found, measure)
        legend_below(drawn, 1)
    return drawn


def _check_count(found: Sequence[SizeLine], measure: str) -> None:
    if not found:
        raise RefusedError(
            f"a plot against N needs markets at several sizes with the measure {measure!r}, and "
            "these reports have none; give the study file a list of n_traders"
        )
    if len(found) > len(COLORS):
        raise RefusedError(
            f"a plot can tell {len(COLORS)} families of markets apart, got {len(found)}; give "
            "reports of fewer"
        )


def _fitted(report: str, rows: Sequence[ReportRow], measure: str) -> list[RateLine]:
    lines = [line for line in rate_lines(rows) if line.measure == measure]
    return [line._replace(label=_named(report, line.label, line.economy)) for line in lines]


def _lines(report: str, rows: Sequence[ReportRow], measure: str) -> list[SizeLine]:
    """Return the families in which a measure is known at several sizes."""
    read, lines = MEASURES[measure][1], []
    for family in families(rows, 2):
        known = [(row["n_traders"], read(row)) for row in family.rows]
        points = [(n, value) for n, value in known if value is not None]
        if len({n for n, _ in points}) > 1:
            sizes, values = zip(*points, strict=True)
            label = _named(report, family.label, family.economy)
            lines.append(SizeLine(label, list(sizes), list(values)))
    return lines


def _named(report: str, label: str, economy: str) -> str:
    named = f"{label} in {economy}"
    return f"{report}: {named}" if report else named


def _draw_points(ax: Axes, found: Sequence[SizeLine], measure: str) -> None:
    for line, color in zip(found, COLORS, strict=False):
        ax.plot(line.sizes, line.values, "o-", color=color, label=legend_text(line.label))
    ax.set_xscale("log")
    label_sizes(ax, sorted({n for line in found for n in line.sizes}))
    ax.yaxis.set_major_locator(MaxNLocator(5))
    ax.set_xlabel("traders N")
    ax.set_ylabel(MEASURES[measure][0])
