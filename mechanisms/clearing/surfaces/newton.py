"""Clearing pairs of surfaces: damped Newton's method, each market of a batch on its own.

A Newton step clears the tangent hyperplanes, which is the clearing of linear bids: linear surfaces
clear in one step, to the numbers that linear bids clear to, and are judged regular as they are.
"""

from collections.abc import Hashable
from typing import Any, NamedTuple

import numpy as np

from deviator.validation import Bools, Floats

from ...languages import LinearBids, SurfaceBids, Tangents
from ...surfaces import Points
from ..autarky import RowSquares, price_scale, price_shares
from ..dense.clearing import ConditionalClearing

Hints = dict[Hashable, Floats]
"""What surfaces left at the last points, row by row."""

STEPS = 60
HALVINGS = 30

SMALL = 1e-11
"""A full step this short, of the point's length, is the last: its square is below rounding."""

STALLED = 1e-7
"""Steps this short that no longer shrink meet rounding."""


class Located(NamedTuple):
    """R points with their tangents: rows of markets on their way."""

    point: Floats  # (R, N + 1), quantities and the price
    market: Any  # (R,) of int
    tangents: Tangents
    hints: Hints

    def of(self, rows: Any) -> "Located":
        """Return some of the rows."""
        hints = {key: left[rows] for key, left in self.hints.items()}
        tangents = Tangents(*(part[rows] for part in self.tangents))
        return Located(self.point[rows], self.market[rows], tangents, hints)

    def put(self, rows: Any, other: "Located") -> None:
        """Overwrite some of the rows."""
        self.point[rows] = other.point
        for own, new in zip(self.tangents, other.tangents, strict=True):
            own[rows] = new
        for key, left in other.hints.items():
            self.hints[key][rows] = left


def located(bids: SurfaceBids, point: Floats, market: Any, hints: Hints | None = None) -> Located:
    """Return points with the tangents of all surfaces there."""
    points = Points(point[:, -1], point[:, :-1], market, hints)
    tangents = bids.at(points)
    return Located(point, market, tangents, points.left)


def price_units(tangents: Tangents) -> Floats:
    """Return the price that weighs as much as a unit of the good, (R,), as in `autarky`."""
    rows = tangents.by_quantity
    squares = (rows**2).sum(axis=2) - rows.sum(axis=2) ** 2 / rows.shape[2]
    shares = price_shares(RowSquares(squares, tangents.by_price**2))
    return np.asarray(price_scale(shares.sum(axis=1), rows.shape[2]))


def length(change: Floats, unit: Floats) -> Floats:
    """Return lengths of changes (R, N + 1) of points, in units of the good."""
    squares = (change[:, :-1] ** 2).sum(axis=1) + (change[:, -1] / unit) ** 2
    return np.asarray(np.sqrt(squares))


def tangent_bids(here: Located) -> LinearBids:
    """Return the tangent hyperplanes at points as linear bids."""
    value, by_price, by_quantity = here.tangents
    quantity, price = here.point[:, :-1], here.point[:, -1:]
    level = np.einsum("rij,rj->ri", by_quantity, quantity) + by_price * price - value
    return LinearBids(by_quantity, by_price, level)


def tangent_matrix(tangents: Tangents) -> Floats:
    """Return [[A, b], [1', 0]] of the tangent hyperplanes, shape (R, N + 1, N + 1)."""
    rows, n = tangents.value.shape
    matrix = np.zeros((rows, n + 1, n + 1))
    matrix[:, :n, :n], matrix[:, :n, n] = tangents.by_quantity, tangents.by_price
    matrix[:, n, :n] = 1.0
    return matrix


def solved_or_nan(matrix: Floats, right: Floats) -> Floats:
    """Return solutions of linear systems, NaN where a matrix is singular."""
    try:
        return np.asarray(np.linalg.solve(matrix, right))
    except np.linalg.LinAlgError:
        if len(matrix) == 1:
            return np.full_like(right, np.nan)
        half = len(matrix) // 2
        parts = (slice(None, half), slice(half, None))
        return np.concatenate([solved_or_nan(matrix[part], right[part]) for part in parts])


def newton_step(here: Located) -> tuple[Floats, Bools]:
    """Return the way to where the tangent hyperplanes clear, and whether they do, regularly."""
    solution = ConditionalClearing().solve(tangent_bids(here))
    target = np.concatenate([solution.quantity, solution.price[:, None]], axis=1)
    return target - here.point, solution.regular


def clearing_pairs(bids: SurfaceBids, start: Located) -> tuple[Located, Bools]:
    """Move rows to pairs (p, q) at which all F_i and sum q are 0.

    Returns where each row ends, and whether it has converged.
    """
    here = start.of(slice(None))
    here = here._replace(
        point=here.point.copy(),
        tangents=Tangents(*(part.copy() for part in here.tangents)),
        hints={key: left.copy() for key, left in here.hints.items()},
    )
    rows, converged = np.arange(len(start.point)), np.zeros(len(start.point), dtype=bool)
    before = np.full(len(rows), np.inf)
    for _ in range(STEPS):
        if not len(rows):
            break
        there, step, size, ends = _moved(bids, here.of(rows))
        here.put(rows, there)
        stalled = (step <= STALLED * size) & (step > before / 2)
        done = ends & ((step <= SMALL * size) | stalled)
        converged[rows] = done
        going = ends & ~done
        rows, before = rows[going], step[going]
    return here, converged


def _moved(bids: SurfaceBids, here: Located) -> tuple[Located, Floats, Floats, Bools]:
    """Take one damped step.

    Returns the new points; the steps' full lengths and the points' sizes; whether a step could be
    taken.
    """
    change, regular = newton_step(here)
    unit = price_units(here.tangents)
    step = length(change, unit)
    size = np.maximum(length(here.point, unit), length(here.point + change, unit))
    regular = regular & np.isfinite(step)
    change = np.where(regular[:, None], change, 0.0)
    merit = _merit(here.tangents.value, here.tangents, unit)
    share = np.ones(len(step))
    there = located(bids, here.point + change, here.market, here.hints)
    # Close to the solution rounding decides whether the merit falls, and a full step is right.
    close = step <= STALLED * size
    rows = np.flatnonzero(_too_long(there, here, unit, merit, share) & regular & ~close)
    for _ in range(HALVINGS):
        if not len(rows):
            break
        share[rows] /= 2
        some = here.of(rows)
        point = some.point + share[rows, None] * change[rows]
        nearer = located(bids, point, some.market, some.hints)
        there.put(rows, nearer)
        rows = rows[_too_long(nearer, some, unit[rows], merit[rows], share[rows])]
    regular[rows] = False
    return there, step, size, regular


def _merit(value: Floats, tangents: Tangents, unit: Floats) -> Floats:
    """Return how far points are from the surfaces, in units of the good, by these tangents."""
    slope = (tangents.by_quantity**2).sum(axis=2) + (unit[:, None] * tangents.by_price) ** 2
    return np.asarray(
        np.sqrt((value**2 / np.where(slope > 0, slope, 1.0)).sum(axis=1)), dtype=np.float64
    )


def _too_long(there: Located, here: Located, unit: Floats, merit: Floats, share: Floats) -> Bools:
    reached = _merit(there.tangents.value, here.tangents, unit)
    return np.asarray(~(reached <= (1 - share / 4) * merit))
