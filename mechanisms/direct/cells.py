"""Integrals of one trader's quantity over ranges of its reports, each range by itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from deviator.validation import Bools, Floats

if TYPE_CHECKING:
    from .pivotal_pricing import OwnQuantity

AGREES = 2e-13
"""How far two answers may differ, of the largest quantity in the range times its width."""

ROUNDING = 64 * np.finfo(float).eps
"""How far rounding lets them differ, of the largest quantity of any trader times the width."""

HALVINGS: Mapping[bool, int] = MappingProxyType({False: 30, True: 60})
"""Halvings of a bracket that locate a kink, whose error counts squared, or a jump."""

FALLS = 1e-9
"""By how much rounding may let a quantity fall, of the largest in the market."""

FLICKERS = 1e-12
"""How near a jump, of a range, rounding may decide which side of it one is on."""


class Integral(NamedTuple):
    """Integrals over ranges, and the quantities at the first and last reports that were tried."""

    area: Floats  # (L,)
    allowed: Floats  # (L,), how far another answer may be off
    largest: Floats  # (L,), the largest quantity of any trader
    first: Floats  # (L, 2), report and own quantity
    last: Floats  # (L, 2)

    def of(self, places: Any) -> "Integral":
        """Return the integrals over some of the ranges."""
        return Integral(*(values[places] for values in self))


@final
@dataclass(frozen=True, eq=False)
class Cells:
    """Ranges of one trader's reports, L of them, each in one market."""

    own: "OwnQuantity"
    markets: NDArray[np.intp]  # (L,)
    left: Floats  # (L,)
    right: Floats  # (L,)

    def integral(self, cells: int) -> Integral:
        """Return the integrals with the ranges cut into so many parts, and where it bends."""
        grid = self.left[:, None] + (self.right - self.left)[:, None] * np.linspace(
            0.0, 1.0, cells + 1
        )
        grid[:, -1] = self.right
        if self.own.until_kink is None:
            grid = np.sort(np.concatenate([grid, self._breaks(grid)], axis=1), axis=1)
        return self._pieces(grid)

    def _breaks(self, grid: Floats) -> Floats:
        """Return where somebody enters or leaves, shape (L, K), filled up with right ends."""
        batch, points = grid.shape
        places = np.repeat(np.arange(batch), points)
        labels = self._sides(places, grid.ravel()).reshape(batch, points, -1)
        place, cell = np.nonzero((labels[:, 1:] != labels[:, :-1]).any(axis=2))
        left, right = grid[place, cell], grid[place, cell + 1]
        on_left, on_right = labels[place, cell], labels[place, cell + 1]
        for _ in range(HALVINGS[self.own.jumps]):
            middle = left + 0.5 * (right - left)
            between = self._sides(place, middle)
            halves = (on_left != between).any(axis=1), (between != on_right).any(axis=1)
            place = _joined(halves, place, place)
            left, right = _joined(halves, left, middle), _joined(halves, middle, right)
            on_left, on_right = (
                _joined(halves, on_left, between),
                _joined(halves, between, on_right),
            )
        return _rows(place, left, grid[:, -1])

    def _sides(self, places: NDArray[np.intp], reports: Floats) -> NDArray[Any]:
        """Return who buys, sells and stays out, shape (L, N)."""
        return np.sign(self.own.at(self.markets[places], reports))

    def _pieces(self, points: Floats) -> Integral:
        """Return the integrals over pieces between successive points (L, P), added up."""
        place, piece = np.nonzero(np.diff(points, axis=1) > 0)
        left, right = points[place, piece], points[place, piece + 1]
        nodes = self.own.nodes
        node, weight = np.polynomial.legendre.leggauss(nodes)
        report = (left[:, None] + 0.5 * (right - left)[:, None] * (1 + node)).ravel()
        places = np.repeat(place, nodes)
        everybody = self.own.at(self.markets[places], report)
        quantity = everybody[:, self.own.line.trader]
        largest, own = np.zeros(len(points)), np.zeros(len(points))
        np.maximum.at(largest, places, np.abs(everybody).max(axis=1, initial=0.0))
        np.maximum.at(own, places, np.abs(quantity))
        self._check_increases(places, report, quantity, largest)
        area = np.zeros((len(points), points.shape[1] - 1))
        area[place, piece] = (quantity.reshape(-1, nodes) @ (0.5 * weight)) * (right - left)
        allowed = (AGREES * own + ROUNDING * largest) * (self.right - self.left)
        tried = np.stack([report, quantity], axis=1)
        first, last = (
            np.searchsorted(places, np.arange(len(points)), side) for side in ("left", "right")
        )
        return Integral(area.sum(axis=1), allowed, largest, tried[first], tried[last - 1])

    def _check_increases(
        self, places: NDArray[np.intp], reports: Floats, quantity: Floats, largest: Floats
    ) -> None:
        falls = quantity[:-1] - quantity[1:] > FALLS * largest[places[1:]]
        falls &= np.diff(reports) > FLICKERS * (self.right - self.left)[places[1:]]
        falls &= places[1:] == places[:-1]
        if falls.any():
            first = int(np.flatnonzero(falls)[0])
            low, high = ((float(reports[i]), float(quantity[i])) for i in (first, first + 1))
            self.own.refuse(int(self.markets[places[first]]), low, high)


def _joined(halves: tuple[Bools, Bools], left: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
    """Return the entries of the halves in which somebody enters or leaves."""
    return np.concatenate([left[halves[0]], right[halves[1]]])


def _rows(place: NDArray[np.intp], values: Floats, filling: Floats) -> Floats:
    """Return values (L,) as one row per place, (B, K), filled up where one has fewer."""
    counts = np.bincount(place, minlength=len(filling))
    rows = np.repeat(filling[:, None], counts.max(initial=0), axis=1)
    order = np.argsort(place, kind="stable")
    start = np.cumsum(counts) - counts
    rows[place[order], np.arange(len(place)) - start[place[order]]] = values[order]
    return rows
