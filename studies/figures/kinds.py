"""The kinds of figures of a study: what is drawn of its rows, and how it stands on sheets."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple, TypeVar

import numpy as np
from matplotlib.axes import Axes

from deviator.errors import DeviatorError
from deviator.evidence import Market
from deviator.validation import Floats

from ..report.curve_panels import learned_rows
from ..report.fitted_rates import RateLine, rate_lines
from ..report.row import ReportRow
from ..report.shown_parts import economy_of, mechanism_of
from .against_size import draw_against_size, legend_of
from .built_in_market import built_in_market
from .frontiers import draw_frontiers
from .heat_map import draw_heat_map, grids
from .learning_curves import draw_learning_curves
from .menus import draw_menu, traders_on_both_sides
from .placed import market_frontiers
from .sheet import Draw, Panels
from .style import COLORS, legend_text, shown_text
from .witnesses import draw_witness_bids, draw_witness_types, worst_witnesses

MOST_MARKETS = 12
"""Markets whose menus are drawn."""

MENU_SEED = 0
"""Of the profile at which menus are drawn."""

MENU_PANELS = Panels(4, 2.05, 1.7, left=0.6, bottom=0.4)
"""With room for labels such as -0.25."""


CURVES = 2
"""Curves of the frontiers in a legend."""

Part = TypeVar("Part")


class Kind(NamedTuple):
    """A kind of figure: its panels, and how they stand on sheets."""

    name: str
    caption: str
    draws: Sequence[Draw]
    panels: Panels
    a_sheet: int


def kinds(rows: Sequence[ReportRow]) -> Iterator[Kind]:
    """Yield the kinds of figures that there are data for.

    Parameters
    ----------
    rows : sequence of ReportRow
    """
    for kind in (learning_curves, against_size, frontiers, heat_maps, menus, witnesses):
        found = kind(rows)
        if found.draws:
            yield found


def learning_curves(rows: Sequence[ReportRow]) -> Kind:
    """Return learning curves against the exact optimum, a panel for each row."""
    caption = (
        "Mean gain on validation profiles against bids submitted, a line per seed; dashed: the "
        "best gain, exact or the largest that a search found."
    )
    draws = [partial(draw_learning_curves, row=row) for row in learned_rows(rows)]
    return Kind("learning-curves", caption, draws, Panels(6, 1.6, 1.35), 24)


def against_size(rows: Sequence[ReportRow]) -> Kind:
    """Return measures against N, a panel for each measure and economy."""
    panels: dict[tuple[str, str], list[RateLine]] = {}
    for line in rate_lines(rows):
        panels.setdefault((line.measure, line.economy), []).append(line)
    draws: list[Draw] = []
    room = 0
    for (measure, economy), lines in panels.items():
        for some in _parts(lines):
            room = max(room, _lines_of([legend_of(line) for line in some]))
            draw = partial(draw_against_size, lines=some, measure=measure)
            draws.append(partial(_titled, economy, partial(_named, draw)))
    caption = (
        "Measures against the number of traders, on logarithmic axes, with fitted slopes and their "
        "95% intervals (dashed) beside the paper's (dotted). What is 0 is left out."
    )
    return Kind("against-size", caption, draws, _with_legends(room), 6)


def frontiers(rows: Sequence[ReportRow]) -> Kind:
    """Return efficiency against budget surplus, a panel for each economy."""
    draws: list[Draw] = []
    room = 0
    for each in market_frontiers(rows):
        for some in _parts(each.placed):
            room = max(room, _lines_of([placed.label for placed in some]))
            draw = partial(draw_frontiers, placed=some, bounds=each.bounds)
            draws.append(partial(_titled, each.title, partial(_named, draw)))
    caption = (
        "The largest deficit against the largest distance from the first best, at the profiles "
        "that were drawn, with the frontiers of Propositions 1 and 2 for the bounds of each "
        "economy and its largest efficient trade there; hollow: not incentive compatible."
    )
    return Kind("frontiers", caption, draws, _with_legends(room + CURVES), 6)


def heat_maps(rows: Sequence[ReportRow]) -> Kind:
    """Return heat maps of what two settings vary in."""
    draws = [partial(draw_heat_map, grid=grid) for grid in grids(rows)]
    caption = (
        "Measures that differ, or verdicts, over the two settings that a study varies. "
        "Verdicts: a deviation pays, none does, the answer is open, or nobody trades (idle)."
    )
    return Kind("heat-maps", caption, draws, Panels(2, 3.4, 2.4, left=0.7, bottom=0.4), 8)


def menus(rows: Sequence[ReportRow]) -> Kind:
    """Return the menus of a buyer and a seller in some markets, as Figures 1 and 2 of the paper."""
    draws: list[Draw] = []
    for row, tested in _distinct_markets(rows):
        types = tested.distribution.sample(np.random.default_rng(MENU_SEED), 1)[0]
        try:
            sides = traders_on_both_sides(tested, types)
        except DeviatorError:
            continue
        name = f"{mechanism_of(row)}, {economy_of(row)}"
        for trader in sides:
            draw = partial(_menu, tested=tested, trader=trader, types=types)
            draws.append(partial(_titled, f"{name}: trader {trader}", draw))
    caption = (
        "Menus of the largest buyer and the largest seller at one profile. Thick: what each unit "
        "costs before the quadratic tax; shaded: the payment; hatched: the tax; dashed: "
        "the residual demand; solid: marginal utility less the tax; dotted: marginal utility; "
        "dot: the bid of the strategy; diamond: the best deviation. Where the menu is not a line, "
        "payments and utilities are drawn."
    )
    return Kind("menus", caption, draws, MENU_PANELS, 24)


def witnesses(rows: Sequence[ReportRow]) -> Kind:
    """Return the witness of the largest gain of each rule: its types and its bids."""
    draws: list[Draw] = []
    for row in worst_witnesses(rows):
        title = f"{mechanism_of(row)}, {economy_of(row)}"
        for draw in (draw_witness_types, draw_witness_bids):
            draws.append(partial(_titled, title, partial(draw, witness=row["witness"] or {})))
    caption = (
        "The witness of the largest gain of each rule: the profile of types (red: the deviator), "
        "and the numbers of the honest bid and of the one that pays."
    )
    return Kind("witnesses", caption, draws, Panels(2, 2.8, 1.9, left=0.5, bottom=0.4), 12)


def _parts(found: Sequence[Part]) -> Iterator[Sequence[Part]]:
    """Yield as many at a time as a panel has colours for."""
    for start in range(0, len(found), len(COLORS)):
        yield found[start : start + len(COLORS)]


def _lines_of(labels: Sequence[str]) -> int:
    """Return how many lines a legend takes."""
    return sum(legend_text(label).count("\n") + 1 for label in labels)


def _with_legends(lines: int) -> Panels:
    """Return panels that have room for a legend of so many lines below the axis."""
    below = 0.5 + 0.13 * lines
    return Panels(2, 3.4, 1.95 + below, left=0.7, bottom=below)


def _titled(title: str, draw: Draw, ax: Axes) -> Axes:
    """Draw a panel below a title; what it says itself is kept below that."""
    drawn = draw(ax)
    own = drawn.get_title(loc="left")
    drawn.set_title("\n".join([shown_text(title), *([own] if own else [])]), loc="left")
    return drawn


def _named(draw: Draw, ax: Axes) -> Axes:
    """Draw a panel, and name its lines below it."""
    drawn = draw(ax)
    drawn.legend(loc="upper left", bbox_to_anchor=(-0.15, -0.24))
    return drawn


def _menu(ax: Axes, tested: Market, trader: int, types: Floats) -> Axes:
    try:
        return draw_menu(ax, tested, trader, types)
    except DeviatorError as error:
        ax.text(0.0, 0.5, shown_text(str(error)), transform=ax.transAxes, wrap=True)
        return ax


def _distinct_markets(rows: Sequence[ReportRow]) -> list[tuple[ReportRow, Market]]:
    """Return the first row of each rule, tax and economy that is deviator's own, some of them."""
    found: dict[tuple[object, ...], tuple[ReportRow, Market]] = {}
    seen = set()
    for row in rows:
        subject = row["mechanism"], row["economy"], row["strategy"], str(row["parameters"])
        if subject in seen or len(found) == MOST_MARKETS:
            continue
        seen.add(subject)
        tested = built_in_market(row)
        if tested is not None:
            found[subject] = row, tested
    return list(found.values())
