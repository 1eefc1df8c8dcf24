"""The pivotal type of each unit, where the good comes in units."""

from dataclasses import dataclass
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from deviator.errors import NotConvergedError
from deviator.validation import Bools, Floats

from .cells import HALVINGS
from .pivotal_pricing import DOUBLINGS, OwnQuantity


def pivotal_reports(own: OwnQuantity, markets: NDArray[np.intp], units: Floats) -> Floats:
    """Return the reports from which on a trader has given units, as offsets, shape (L,).

    That is the lowest report for units above 0 and the highest for units below, or the end of the
    set of types where every report has them. Each unit is searched by itself, from the reference
    report: which others are searched makes no difference.

    Raises
    ------
    RefusedError
        If the quantity falls in the own type.
    NotConvergedError
        If no report leads to some unit, or none to less.
    """
    if not len(units):
        return np.zeros_like(units)
    side, line = np.sign(units), own.line
    search = _Units(own, markets, side, np.abs(units) - 0.5 * np.abs(units).min())
    has, lacks = search.bracket()
    # A report at the end of the set has the unit: there the pivotal type stops (3.11).
    end = np.where(side > 0, line.low[markets], line.high[markets])
    moving = np.flatnonzero(has.report != end)
    part = search.of(moving)
    inside, outside = has.of(moving), lacks.of(moving)
    for _ in range(HALVINGS[True]):
        middle = part.at(outside.report + 0.5 * (inside.report - outside.report))
        part.check(inside, middle)
        part.check(middle, outside)
        holds = part.holds(middle)
        inside, outside = inside.replaced(holds, middle), outside.replaced(~holds, middle)
    result = has.report.copy()
    result[moving] = inside.report
    return result


class _Points(NamedTuple):
    """Reports as offsets, the own quantity there, and the largest of all traders', each (L,)."""

    report: Floats
    quantity: Floats
    largest: Floats

    def of(self, places: NDArray[np.intp]) -> "_Points":
        return _Points(*(values[places] for values in self))

    def replaced(self, where: Bools, other: "_Points") -> "_Points":
        return _Points(*(np.where(where, new, old) for new, old in zip(other, self, strict=True)))


@final
@dataclass(frozen=True, eq=False)
class _Units:
    """Units whose pivotal reports are searched, L of them."""

    own: OwnQuantity
    markets: NDArray[np.intp]  # (L,)
    side: Floats  # (L,), 1 for units above 0 and -1 for those below
    least: Floats  # (L,), the quantity above which a report has the unit

    def of(self, places: NDArray[np.intp]) -> "_Units":
        return _Units(self.own, self.markets[places], self.side[places], self.least[places])

    def at(self, report: Floats) -> _Points:
        everybody = self.own.at(self.markets, report)
        largest = np.abs(everybody).max(axis=1, initial=0.0)
        return _Points(report, everybody[:, self.own.line.trader], largest)

    def holds(self, points: _Points) -> Bools:
        return np.asarray(self.side * points.quantity > self.least)

    def check(self, nearer: _Points, further: _Points) -> None:
        """Refuse quantities that are larger at the report that should have less."""
        self.own.check_moves(
            self.side, self.markets, nearer[:2], further[:2], np.maximum(nearer[2], further[2])
        )

    def bracket(self) -> tuple[_Points, _Points]:
        """Return reports with the unit and without it, or with it at the end of the set."""
        line = self.own.line
        start = self.at(np.zeros(len(self.side)))
        has = self.holds(start)
        # Where the unit is there already the search goes against its side, else along it.
        away = np.where(has, -self.side, self.side)
        end = np.where(away > 0, line.high[self.markets], line.low[self.markets])
        inner, outer = start, start
        distance, moving = line.step[self.markets].copy(), np.flatnonzero(end != 0)
        for _ in range(DOUBLINGS):
            if not len(moving):
                return inner.replaced(~has, outer), outer.replaced(~has, inner)
            part = self.of(moving)
            step = away[moving] * distance[moving]
            past = away[moving] * (step - end[moving]) > 0
            reached = part.at(np.where(past, end[moving], step))
            before = outer.of(moving)
            rising = has[moving]
            part.check(before.replaced(~rising, reached), reached.replaced(~rising, before))
            turned = part.holds(reached) != rising
            inner, outer = _moved(inner, before, moving), _moved(outer, reached, moving)
            at_end = reached.report == end[moving]
            # With the unit at the end of the set, the end is where it is first had.
            stuck = np.flatnonzero(at_end & ~turned)
            inner = _moved(inner, reached.of(stuck), moving[stuck])
            moving = moving[~turned & ~at_end]
            distance[moving] *= 2
        raise NotConvergedError(
            f"every unit must have a pivotal report, and one of trader {line.trader} has none "
            f"{line.place(self.markets[moving[0]])}; the own type must matter (assumption A3)"
        )


def _moved(points: _Points, to: _Points, places: NDArray[np.intp]) -> _Points:
    copies = [values.copy() for values in points]
    for values, new in zip(copies, to, strict=True):
        values[places] = new
    return _Points(*copies)
