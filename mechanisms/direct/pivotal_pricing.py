"""Pivotal pricing: what makes an allocation that increases in the own type incentive compatible.

For unit x a trader pays the own marginal utility at the type that is pivotal for it, s_i(x) of
equation (3.11): t_i = integral from 0 to q_i of mu_i(x, s_i(x), s_-i) dx. Integrated by parts,

    t_i = u_i(q_i, s) - integral from s_i(0) to s_i of du_i/ds_i (q_i(r, s_-i), r, s_-i) dr,

utility less the information rent. The second form needs only the own quantity as a function of the
report, and holds where that function has kinks (other traders enter or leave) and jumps (units that
no report leads to: their pivotal type is where the jump is). Rents are never negative, and 0 where
the report gets nothing.

With bounded types (3.11) stops at an end of the set: the rent is counted from there, so units that
every report gets cost mu_i(x, inf S_i). This is pivotal pricing; equation (3.10) as printed charges
such units differently.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, NoReturn, final

import numpy as np
from numpy.typing import NDArray

from deviator.economies.profiles import profile_text
from deviator.errors import NotConvergedError, RefusedError
from deviator.validation import Bools, Floats

CELLS = 4
MOST_CELLS = 2048
"""Cells of the report range: doubled in each market until two answers agree."""

AGREES = 2e-13
"""How far two answers may differ, of the largest integral in the market."""

HALVINGS = {False: 30, True: 52}
"""Halvings of a cell that locate a kink, whose error counts squared, or a jump."""

DOUBLINGS = 60
"""Doublings of the distance at which a report that gets nothing is searched."""

FALLS = 1e-9
"""By how much rounding may let a quantity fall, of the largest in the market."""

FLICKERS = 1e-12
"""How near a jump, of the range of reports, rounding may decide which side of it one is on."""

Allocate = Callable[[Floats, NDArray[np.intp]], Floats]
"""Types (L, N) and what errors call their markets (L,) to quantities (L, N), each by itself."""

Regime = Callable[[Floats, int], NDArray[Any]]
"""Quantities (L, N) and a trader to labels (L, P); the quantity is smooth where they are equal."""


def signs(quantity: Floats, trader: int) -> NDArray[Any]:
    """Return who buys, sells and stays out, shape (L, N)."""
    del trader
    return np.sign(quantity)


def own_quantity(quantity: Floats, trader: int) -> NDArray[Any]:
    """Return the trader's own quantity, shape (L, 1): it is constant between its jumps."""
    return quantity[:, [trader]]


@final
@dataclass(frozen=True, eq=False)
class MarketLabels:
    """What errors call the rows of a computation: the market of each, and its types."""

    types: Floats  # (L, N), of each row
    markets: Any = None  # (L,) of int, of each row; by default rows are markets

    def of(self, row: int) -> str:
        """Return a row in words.

        Examples
        --------
        >>> import numpy as np
        >>> MarketLabels(np.array([[1.0, 0.5, -1.5]]), [7]).of(0)
        'in market 7 at s = (1, 0.5, -1.5)'
        """
        market = row if self.markets is None else int(self.markets[row])
        return f"in market {market} at s = {profile_text(self.types[row])}"


@final
@dataclass(frozen=True, eq=False)
class OwnQuantity:
    """One trader's quantity as a function of the report, others' types fixed, in B markets."""

    allocate: Allocate
    regime: Regime  # `signs` or `own_quantity`
    types: Floats  # (B, N)
    trader: int
    # Gauss-Legendre nodes per piece: 1 is exact where the quantity is piecewise linear, 2 show
    # besides whether it falls on a piece.
    nodes: int = 2
    jumps: bool = False  # whether the quantity may jump between pieces
    low: float = -np.inf  # ends of the trader's set of types
    high: float = np.inf
    markets: NDArray[np.intp] | None = None  # (B,), what errors call them; by default 0, 1, ...
    why_it_falls: Callable[[], str] = str  # which assumptions fail that would keep it from falling

    def areas(self, reports: Floats, step: Floats) -> Floats:
        """Return the integral of the quantity from the pivotal type to reports (B, M), never < 0.

        A report that gets nothing is searched first a step (B,) away. RefusedError if the quantity
        falls somewhere, so that no transfers are incentive compatible; NotConvergedError if two
        answers never agree, or no report leads to a quantity of 0 or beyond.
        """
        if not reports.size:
            return np.zeros_like(reports)
        first, last = self._span(reports, step)
        if self.regime is own_quantity:
            # A quantity that increases is constant where it is the same at both ends.
            return self._areas(reports, first, last, 2 * CELLS).area
        result = np.empty_like(reports)
        markets, cells = np.arange(len(reports)), CELLS if self.nodes <= 2 else CELLS // 2
        coarse = self._of(markets)._areas(reports, first, last, cells)
        while len(markets):
            cells *= 2
            if cells > MOST_CELLS:
                raise NotConvergedError(
                    f"pivotal prices must integrate to the same on grids of up to {MOST_CELLS} "
                    f"cells, and those of trader {self.trader} do not {self._place(markets[0])}"
                )
            part = self._of(markets)
            fine = part._areas(reports[markets], first[markets], last[markets], cells)
            result[markets] = fine.area
            differs = np.abs(fine.area - coarse.area).max(axis=1) > AGREES * fine.scale
            coarse = _Areas(fine.area[differs], fine.scale[differs])
            markets = markets[differs]
        return result

    def at(self, markets: NDArray[np.intp], reports: Floats) -> Floats:
        """Return all quantities (L, N) in some markets, each at a report (L,)."""
        types = self.types[markets]
        types[:, self.trader] = reports
        return self.allocate(types, self._names[markets]) if len(types) else types

    def _of(self, markets: NDArray[np.intp]) -> "OwnQuantity":
        return replace(self, types=self.types[markets], markets=self._names[markets])

    @property
    def _names(self) -> NDArray[np.intp]:
        """What errors call the markets, shape (B,)."""
        return np.arange(len(self.types)) if self.markets is None else self.markets

    def _place(self, market: int) -> str:
        return MarketLabels(self.types, self.markets).of(int(market))

    def _span(self, reports: Floats, step: Floats) -> tuple[Floats, Floats]:
        """Return a range of reports that holds the given ones and the pivotal type s_i(0)."""
        first = self._reach(reports.min(axis=1), -step, self.low)
        return first, self._reach(reports.max(axis=1), step, self.high)

    def _reach(self, start: Floats, step: Floats, end: float) -> Floats:
        """Return reports moved outward until the quantity is not on the wrong side of 0."""
        side = np.sign(step)
        report, distance = start.copy(), step.copy()
        markets, before = np.arange(len(start)), None
        for _ in range(DOUBLINGS):
            quantities = self.at(markets, report[markets])
            quantity = quantities[:, self.trader]
            if before is not None:
                after, allowed = (report[markets], quantity), FALLS * np.abs(quantities).max(axis=1)
                self._check_moves(side[markets], markets, before, after, allowed)
            # At an end of the set the pivotal type stops (3.11).
            stays = (side[markets] * quantity < 0) & (report[markets] != end)
            markets = markets[stays]
            if not len(markets):
                return report
            before = report[markets], quantity[stays]
            moved = start[markets] + distance[markets]
            report[markets] = np.where(
                side[markets] * (moved - end) > 0, end, moved
            )  # never beyond the set
            distance[markets] *= 2
        raise NotConvergedError(
            f"some report of trader {self.trader} must get nothing, and none was found "
            f"{self._place(markets[0])}, up to {report[markets[0]]:.6g}; the own type must "
            "matter (assumption A3)"
        )

    def _check_moves(
        self,
        side: Floats,
        markets: NDArray[np.intp],
        before: tuple[Floats, Floats],
        after: tuple[Floats, Floats],
        allowed: Floats,
    ) -> None:
        """Refuse quantities that fall between two reports; each pair is (reports, quantities)."""
        falls = side * (before[1] - after[1]) > allowed
        if falls.any():
            place = int(np.flatnonzero(falls)[0])
            points = [(values[0][place], values[1][place]) for values in (before, after)]
            self._refuse(int(markets[place]), *sorted(points))

    def _refuse(self, market: int, low: tuple[float, float], high: tuple[float, float]) -> NoReturn:
        """Refuse a quantity that falls between two reports; points are (report, quantity)."""
        types = self.types[market].copy()
        types[self.trader] = low[0]
        why = self.why_it_falls()
        raise RefusedError(
            "transfers make reports truthful only where quantities increase in the own type, and "
            f"trader {self.trader}'s falls from {low[1]:.6g} to {high[1]:.6g} as its type rises to "
            f"{high[0]:.6g} from types {np.round(types, 6).tolist()} in market "
            f"{int(self._names[market])}{f' ({why})' if why else ''}; weaken the interdependence "
            "of values"
        )

    def _areas(self, reports: Floats, first: Floats, last: Floats, cells: int) -> "_Areas":
        grid = first[:, None] + (last - first)[:, None] * np.linspace(0.0, 1.0, cells + 1)
        grid[:, -1] = last
        points = np.concatenate([grid, self._breaks(grid), reports], axis=1)
        order = np.argsort(points, axis=1, kind="stable")
        pieces = self._pieces(np.take_along_axis(points, order, axis=1))
        total = np.cumsum(np.pad(pieces, ((0, 0), (1, 0))), axis=1)
        place = np.argsort(order, axis=1, kind="stable")[:, -reports.shape[1] :]
        # The integral from the left falls up to s_i(0) and rises from there.
        area = np.take_along_axis(total, place, axis=1) - total.min(axis=1, keepdims=True)
        return _Areas(area, np.abs(total).max(axis=1))

    def _breaks(self, grid: Floats) -> Floats:
        """Return where the regime changes, shape (B, K), filled up with ends of the grid."""
        batch, points = grid.shape
        markets = np.repeat(np.arange(batch), points)
        labels = self._labels(markets, grid.ravel()).reshape(batch, points, -1)
        market, cell = np.nonzero((labels[:, 1:] != labels[:, :-1]).any(axis=2))
        left, right = grid[market, cell], grid[market, cell + 1]
        on_left, on_right = labels[market, cell], labels[market, cell + 1]
        for _ in range(HALVINGS[self.jumps]):
            middle = left + 0.5 * (right - left)
            between = self._labels(market, middle)
            halves = (on_left != between).any(axis=1), (between != on_right).any(axis=1)
            market = _joined(halves, market, market)
            left, right = _joined(halves, left, middle), _joined(halves, middle, right)
            on_left, on_right = (
                _joined(halves, on_left, between),
                _joined(halves, between, on_right),
            )
        return _rows(market, left, grid[:, -1])

    def _labels(self, markets: NDArray[np.intp], reports: Floats) -> NDArray[Any]:
        return self.regime(self.at(markets, reports), self.trader)

    def _pieces(self, points: Floats) -> Floats:
        """Return the integral of the quantity between successive points, shape (B, P - 1)."""
        market, piece = np.nonzero(np.diff(points, axis=1) > 0)
        left, right = points[market, piece], points[market, piece + 1]
        node, weight = np.polynomial.legendre.leggauss(self.nodes)
        report = left[:, None] + 0.5 * (right - left)[:, None] * (1 + node)
        places = np.repeat(market, self.nodes)
        quantity = self.at(places, report.ravel())[:, self.trader]
        spans = np.ptp(points, axis=1)
        self._check_increases(places, report.ravel(), quantity, spans)
        integral = np.zeros((len(points), points.shape[1] - 1))
        average = quantity.reshape(-1, self.nodes) @ (0.5 * weight)
        integral[market, piece] = average * (right - left)
        return integral

    def _check_increases(
        self, markets: NDArray[np.intp], reports: Floats, quantity: Floats, spans: Floats
    ) -> None:
        largest = np.zeros(len(self.types))
        np.maximum.at(largest, markets, np.abs(quantity))
        falls = quantity[:-1] - quantity[1:] > FALLS * largest[markets[1:]]
        falls &= np.diff(reports) > FLICKERS * spans[markets[1:]]
        falls &= markets[1:] == markets[:-1]
        if falls.any():
            place = int(np.flatnonzero(falls)[0])
            low, high = ((float(reports[i]), float(quantity[i])) for i in (place, place + 1))
            self._refuse(int(markets[place]), low, high)


class _Areas(NamedTuple):
    """Integrals up to the reports, and how large integrals in the market are."""

    area: Floats  # (B, M)
    scale: Floats  # (B,)


def _joined(halves: tuple[Bools, Bools], left: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
    """Return the entries of the halves in which the regime changes."""
    return np.concatenate([left[halves[0]], right[halves[1]]])


def _rows(market: NDArray[np.intp], values: Floats, filling: Floats) -> Floats:
    """Return values (L,) as one row per market, (B, K), filled up where a market has fewer."""
    counts = np.bincount(market, minlength=len(filling))
    rows = np.repeat(filling[:, None], counts.max(initial=0), axis=1)
    order = np.argsort(market, kind="stable")
    start = np.cumsum(counts) - counts
    rows[market[order], np.arange(len(market)) - start[market[order]]] = values[order]
    return rows
