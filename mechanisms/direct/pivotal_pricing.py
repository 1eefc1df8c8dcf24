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

A rent is a sum over cells between s_i(0) and the report. Their edges follow from the others' types
alone, and each cell is integrated by itself: what else is asked, and what the trader bids at
present, changes no rent.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, NoReturn, final

import numpy as np
from numpy.typing import NDArray

from deviator.errors import NotConvergedError, RefusedError
from deviator.validation import Bools, Floats

from .cells import FALLS, HALVINGS, Cells, Integral
from .own_line import OwnLine

CELLS = 2
MOST_CELLS = 2048
"""Parts of a cell, 1 where it has more than two nodes: doubled until two answers agree."""

DOUBLINGS = 60
"""Doublings of the distance at which a report that gets nothing is searched."""

MOST_KINKS = 4096
"""Kinks and jumps of the own quantity that are walked through at most."""

PAST_A_KINK = 1e-9
"""How far past a kink, of the usual distance of reports, one looks for the next."""

Allocate = Callable[[Floats, NDArray[np.intp], Floats], Floats]
"""Values (L, N), their markets (L,) and own reports (L,) to quantities (L, N), each by itself."""

UntilKink = Callable[[Floats, Floats], Floats]
"""Values (L, N) and how a report that moves moves them (L, N), to how far it may move, (L,)."""


class Fall(NamedTuple):
    """A quantity that falls in the own type of its owner, so that no transfers are truthful."""

    market: int
    trader: int
    types: Floats  # (N,), where the quantity is the larger one
    higher: float  # the own type at which it is the smaller one
    quantity: float
    lower_quantity: float


@final
@dataclass(frozen=True, eq=False)
class OwnQuantity:
    """One trader's quantity as a function of the report, others' types fixed, in B markets."""

    line: OwnLine
    allocate: Allocate
    # Gauss-Legendre nodes per piece: 2 are exact where the quantity is piecewise linear, and show
    # whether it falls on a piece.
    nodes: int = 2
    jumps: bool = False  # whether the quantity may jump between pieces
    until_kink: UntilKink | None = None  # where the next kink is known; None where it is searched
    why_it_falls: Callable[[], str] = str  # which assumptions fail that would keep it from falling

    def areas(self, offsets: Floats) -> Floats:
        """Return the integral of the quantity from the pivotal type to reports (B, M), never < 0.

        RefusedError if the quantity falls somewhere, so that no transfers are incentive compatible;
        NotConvergedError if two answers never agree, or no report leads to a quantity of 0 or
        beyond.
        """
        if not offsets.size:
            return np.zeros_like(offsets)
        zero = self.zero()
        away = offsets - zero[:, None]
        side, far = (away > 0).astype(np.intp), np.abs(away)
        farthest = np.stack([np.where(side == each, far, 0.0).max(axis=1) for each in (0, 1)], 1)
        edges = self._edges(zero, farthest)
        rows = np.arange(len(zero))[:, None]
        cell = (edges[rows, side, 1:] <= far[..., None]).sum(axis=2)
        start = zero[:, None] + (2 * side - 1) * edges[rows, side, cell]
        markets = np.broadcast_to(rows, cell.shape).ravel()
        rest = self._integrals(markets, start.ravel(), offsets.ravel())
        whole, before = self._up_to_edges(zero, edges, side, cell)
        signs = 2 * side.ravel() - 1
        self._check_rises(markets, signs, before[rows, side, cell].reshape(-1, 2), rest)
        return np.asarray(whole[rows, side, cell] + rest.area.reshape(cell.shape))

    def zero(self) -> Floats:
        """Return the report that is pivotal for the first unit, s_i(0), as an offset, (B,)."""
        markets = np.arange(len(self.line.step))
        here = np.zeros(len(markets))
        all_quantities = self.at(markets, here)
        side = np.sign(all_quantities[:, self.line.trader])
        there, crossed = self._beyond_zero(side, all_quantities)
        moving = np.flatnonzero(crossed)
        here, there = here[moving], there[moving]
        for _ in range(HALVINGS[self.jumps]):
            middle = here + 0.5 * (there - here)
            holds = side[moving] * self._own(moving, middle) > 0
            here, there = np.where(holds, middle, here), np.where(holds, there, middle)
        zero = np.where(side == 0, 0.0, self._end(side))
        zero[moving] = there
        return zero

    def at(self, markets: NDArray[np.intp], offsets: Floats) -> Floats:
        """Return all quantities (L, N) in some markets, each at a report (L,)."""
        values = self.line.values(markets, offsets)
        if not len(values):
            return values
        return self.allocate(values, markets, self.line.report[markets] + offsets)

    def _own(self, markets: NDArray[np.intp], offsets: Floats) -> Floats:
        return self.at(markets, offsets)[:, self.line.trader]

    def _end(self, side: Floats) -> Floats:
        """Return the end of the set of types at which a quantity of a side is nearest to 0."""
        return np.where(side > 0, self.line.low, self.line.high)

    def _beyond_zero(self, side: Floats, quantities: Floats) -> tuple[Floats, Bools]:
        """Return reports moved until the quantity leaves its side of 0, and where it does.

        Elsewhere the set of types ends first.
        """
        trader, end = self.line.trader, self._end(side)
        report, distance = np.zeros(len(side)), self.line.step.copy()
        crossed = np.zeros(len(side), dtype=bool)
        markets = np.flatnonzero((side != 0) & (end != 0))
        before = report[markets], quantities[markets, trader]
        for _ in range(DOUBLINGS):
            if not len(markets):
                return report, crossed
            moved = -side[markets] * distance[markets]
            past = side[markets] * (moved - end[markets]) < 0
            report[markets] = np.where(past, end[markets], moved)
            reached = self.at(markets, report[markets])
            after = report[markets], reached[:, trader]
            self.check_moves(side[markets], markets, before, after, np.abs(reached).max(axis=1))
            holds = side[markets] * after[1] > 0
            crossed[markets] = ~holds
            stays = holds & (report[markets] != end[markets])
            markets, before = markets[stays], (after[0][stays], after[1][stays])
            distance[markets] *= 2
        raise NotConvergedError(
            f"some report of trader {trader} must get nothing, and none was found "
            f"{self.line.place(markets[0])}, up to "
            f"{self.line.report[markets[0]] + report[markets[0]]:.6g}; the own type must matter "
            "(assumption A3)"
        )

    def check_moves(
        self,
        side: Floats,
        markets: NDArray[np.intp],
        before: tuple[Floats, Floats],
        after: tuple[Floats, Floats],
        largest: Floats,
    ) -> None:
        """Refuse quantities that fall between two reports; each pair is (offsets, quantities)."""
        falls = side * (after[1] - before[1]) > FALLS * largest
        if falls.any():
            place = int(np.flatnonzero(falls)[0])
            points = [(values[0][place], values[1][place]) for values in (before, after)]
            self.refuse(int(markets[place]), *sorted(points))

    def refuse(self, market: int, low: tuple[float, float], high: tuple[float, float]) -> NoReturn:
        """Refuse a quantity that falls between two reports; points are (offset, quantity)."""
        own = self.line.report[market]
        types = self.line.profile(market, low[0])
        called = int(self.line.markets[market])
        fall = Fall(called, self.line.trader, types, float(own + high[0]), low[1], high[1])
        raise RefusedError(refusal(fall, f" in market {called}", self.why_it_falls()))

    def _edges(self, zero: Floats, farthest: Floats) -> Floats:
        """Return distances from s_i(0) at which cells end, below and above it, (B, 2, E + 1)."""
        if self.until_kink is not None:
            return self._kinks(zero, farthest)
        step = self.line.step[:, None]
        octaves = int(np.ceil(np.log2(max(2.0, (farthest / step).max()))))
        shares = np.append([0.0, 0.5], 2.0 ** np.arange(min(octaves, DOUBLINGS) + 1))
        return np.repeat((step * shares)[:, None], 2, axis=1)

    def _kinks(self, zero: Floats, farthest: Floats) -> Floats:
        """Return the distances of all kinks up to the farthest report of each side."""
        batch = len(zero)
        markets, side = np.repeat(np.arange(batch), 2), np.tile([-1.0, 1.0], batch)
        reached, most = np.zeros(2 * batch), farthest.ravel()
        edges, walking = [reached.copy()], np.flatnonzero(most > 0)
        while len(walking):
            if len(edges) > MOST_KINKS:
                raise NotConvergedError(
                    f"a quantity must have at most {MOST_KINKS} kinks, that of trader "
                    f"{self.line.trader} has more {self.line.place(markets[walking[0]])}"
                )
            reached[walking] = self._next_kink(
                markets[walking], zero[markets[walking]], side[walking], reached[walking]
            )
            beyond = np.full(2 * batch, np.inf)
            beyond[walking] = reached[walking]
            edges.append(beyond)
            walking = walking[reached[walking] < most[walking]]
        return np.stack(edges, axis=1).reshape(batch, 2, -1)

    def _next_kink(
        self, markets: NDArray[np.intp], zero: Floats, side: Floats, reached: Floats
    ) -> Floats:
        assert self.until_kink is not None
        past = reached + PAST_A_KINK * self.line.step[markets]
        values = self.line.values(markets, zero + side * past)
        further = self.until_kink(values, side[:, None] * self.line.effects)
        return np.asarray(past + np.maximum(further, 0.0))

    def _up_to_edges(
        self, zero: Floats, edges: Floats, side: NDArray[np.intp], cell: NDArray[np.intp]
    ) -> tuple[Floats, Floats]:
        """Return integrals from s_i(0) to the edges that reports lie beyond, (B, 2, E + 1).

        And the last report and quantity before each edge, (B, 2, E + 1, 2).
        """
        beyond = np.zeros(edges.shape[:2], dtype=np.intp)
        rows = np.broadcast_to(np.arange(len(cell))[:, None], cell.shape)
        np.maximum.at(beyond, (rows, side), cell)
        market, half, place = np.nonzero(np.arange(edges.shape[2] - 1) < beyond[..., None])
        start, end = (
            zero[market] + (2 * half - 1) * edges[market, half, each] for each in (place, place + 1)
        )
        # s_i(0) is known up to halvings only: the quantity there is not compared.
        total, before = np.zeros(edges.shape), np.full((*edges.shape, 2), np.nan)
        parts = self._integrals(market, start, end)
        total[market, half, place + 1] = parts.area
        before[market, half, place + 1] = parts.last
        self._check_rises(market, 2 * half - 1, before[market, half, place], parts)
        return np.cumsum(total, axis=2), before

    def _check_rises(
        self, markets: NDArray[np.intp], side: NDArray[np.intp], before: Floats, parts: Integral
    ) -> None:
        """Refuse quantities that are nearer to 0 than in the part before, which ends there."""
        nearer, further = ((each[:, 0], each[:, 1]) for each in (before, parts.first))
        self.check_moves(-side.astype(np.float64), markets, nearer, further, parts.largest)

    def _integrals(self, markets: NDArray[np.intp], start: Floats, end: Floats) -> Integral:
        """Return the integrals of the quantity between two reports each, L of them.

        The first and last reports that were tried are those next to the start and to the end.
        """
        left, right = np.minimum(start, end), np.maximum(start, end)
        # Of a range without width no quantity is tried.
        here = np.stack([start, np.full(len(start), np.nan)], axis=1)
        nothing = np.zeros(len(start))
        result = Integral(nothing, nothing.copy(), nothing.copy(), here, here.copy())
        moving = np.flatnonzero(right > left)
        cells = 1 if self.until_kink is not None or self.nodes > 2 else CELLS
        coarse: Integral | None = None
        while len(moving):
            if cells > MOST_CELLS:
                raise NotConvergedError(
                    f"pivotal prices must integrate to the same on grids of up to {MOST_CELLS} "
                    f"cells, and those of trader {self.line.trader} do not "
                    f"{self.line.place(markets[moving[0]])}"
                )
            fine = self._of(markets, left, right, moving).integral(cells)
            for values, new in zip(result, fine, strict=True):
                values[moving] = new
            differs = np.full(len(moving), self.until_kink is None)
            if coarse is not None:
                differs &= np.abs(fine.area - coarse.area) > fine.allowed
            coarse, moving, cells = fine.of(differs), moving[differs], 2 * cells
        back = end < start
        return result._replace(
            area=np.where(back, -result.area, result.area),
            first=np.where(back[:, None], result.last, result.first),
            last=np.where(back[:, None], result.first, result.last),
        )

    def _of(
        self, markets: NDArray[np.intp], left: Floats, right: Floats, places: NDArray[np.intp]
    ) -> "Cells":
        return Cells(self, markets[places], left[places], right[places])


def refusal(fall: Fall, where: str, why: str) -> str:
    """Return in one sentence why a market with a falling quantity has no truthful transfers."""
    return (
        "transfers make reports truthful only where quantities increase in the own type, and "
        f"trader {fall.trader}'s falls from {fall.quantity:.6g} to {fall.lower_quantity:.6g} as "
        f"its type rises to {fall.higher:.6g} from types {np.round(fall.types, 6).tolist()}{where}"
        f"{f' ({why})' if why else ''}; weaken the interdependence of values"
    )
