"""What one trader's bids do to a cleared market of linear conditional bids: rank-one updates.

Only their row of M changes, so the market moves along their column of P = M^-1, and the new inverse
is the old one less an outer product. Nothing is inverted, and whether the new market is regular is
decided from the old inverse as a fresh clearing would decide it (`deviated`).

A cheap bound shows most markets to be regular; only the others are looked at closely. Candidates
that differ from the present bid in the level only leave M as it is, and need no update at all.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from deviator.validation import Bools, Floats

from ...chunking import in_chunks
from ..autarky import (
    Deviated,
    PresentInverse,
    RowSquares,
    constant_rows,
    divisor,
    fresh_price_scale,
    regular_after,
    row_lengths,
    tolerance,
)
from ..base import DeviationSolution

ENTRIES = 2**17
"""Numbers in a chunk's array of candidates: fewer cost more in Python than the cache saves."""

MOSTLY_IDLE = 1e-3
"""Rows with a smaller square beside that of their idle part are freed of it: it is rounding's."""

Moved = tuple[Floats, Floats, Floats, Bools, Bools]
"""Price, quantity, residual slope, whether the market is regular, and whether updates decide."""


class Present(NamedTuple):
    """Markets before the deviation; S is 1 where all of them share bids but for levels."""

    inverse: Floats  # (S, N + 1, N + 1), of the scaled M
    price_scale: Floats  # (S,)
    row_length: Floats  # (S, N)
    weight_squares: Floats  # (S, N), squared lengths of rows without their part along 1'
    price_squares: Floats  # (S, N)
    own_row: Floats  # (S, N + 1), the trader's [A_i1..A_iN, b_i] as submitted

    def only(self, markets: Bools) -> "Present":
        """Return some of the markets."""
        return self if len(self.inverse) == 1 else Present(*(field[markets] for field in self))


class _Candidates(NamedTuple):
    """Candidate rows of one trader against the present markets."""

    effect: Floats  # (B, M, N + 1), row times present inverse
    squares: RowSquares  # of shape (B, M)
    own: Floats  # (B, M), the effect on the trader's own equation, NaN for 0
    length: Floats  # (B, M), of the rows under the present price scale

    def only(self, markets: Bools) -> "_Candidates":
        squares = RowSquares(self.squares.weights[markets], self.squares.price[markets])
        return _Candidates(self.effect[markets], squares, self.own[markets], self.length[markets])


def solve_rank_one(
    present: Present, level: Floats, trader: int, candidates: Floats
) -> tuple[DeviationSolution, Bools]:
    """Move each market along the trader's column until their candidate bid is met, (B, M, N + 2).

    Returns besides, (B, M), where that is not mostly rounding: elsewhere clear the market afresh.
    """
    size = max(1, candidates.shape[1] * candidates.shape[2])

    def kernel(level: Floats, candidates: Floats, *fields: Floats) -> Moved:
        return _move(Present(*fields), level, trader, candidates)

    chunk = max(1, ENTRIES // size)
    parts = in_chunks(kernel, level, candidates, *present, chunk=chunk)
    *moved, decided = (np.concatenate(field) for field in zip(*parts, strict=True))
    return DeviationSolution(*moved), decided


def times(rows: Floats, matrices: Floats) -> Floats:
    """Return row b of `rows` (B, M, n) times matrix b, or times the one shared matrix."""
    if len(matrices) != 1:
        product: Floats = rows @ matrices
        return product
    # One large product takes half the time of many small ones.
    shared: Floats = rows.reshape(-1, rows.shape[-1]) @ matrices[0]
    return shared.reshape(rows.shape)


def _move(present: Present, level: Floats, trader: int, candidates: Floats) -> Moved:
    """Return price, quantity, residual slope, regularity and what updates decide, each (B, M)."""
    n, shape = level.shape[1], candidates.shape[:2]
    scaled = level / present.row_length
    step = np.empty(shape)
    regular, decided = np.ones(shape, dtype=bool), np.ones(shape, dtype=bool)
    for columns, parallel in _runs(_parallel(present, candidates)):
        some = candidates[:, columns]
        if parallel:
            step[:, columns] = (some[..., -1] - level[:, [trader]]) / present.row_length[
                :, [trader]
            ]
            continue
        new = _candidates(present, trader, some)
        missing = some[..., -1] - np.einsum("bmj,bj->bm", new.effect[..., :n], scaled)
        step[:, columns] = missing / new.own
        regular[:, columns], decided[:, columns] = _regular(present, new, trader)
    column = present.inverse[:, None, :, trader]  # (S, 1, N + 1)
    scale = present.price_scale[:, None]
    quantity = _product(scaled, present.inverse[:, trader, :n]) + column[..., trader] * step
    price = scale * (_product(scaled, present.inverse[:, n, :n]) + column[..., n] * step)
    slope = scale * column[..., n] / divisor(column[..., trader])
    return price, quantity, np.broadcast_to(slope, shape), regular, decided


def _parallel(present: Present, candidates: Floats) -> Bools:
    """Return which of the M candidates differ from the present bid in the level only."""
    rows = candidates[..., :-1]
    if rows.size == 0:
        return np.zeros(rows.shape[1], dtype=bool)
    parallel: Bools = (rows[0] == present.own_row[0]).all(axis=-1)
    for column in np.flatnonzero(parallel):
        parallel[column] = np.array_equal(
            rows[:, column], np.broadcast_to(present.own_row, rows[:, column].shape)
        )
    return parallel


def _runs(marks: Bools) -> Iterator[tuple[slice, bool]]:
    """Return the stretches of equal marks."""
    ends = np.flatnonzero(np.diff(marks)) + 1
    for start, stop in pairwise([0, *ends.tolist(), len(marks)]):
        if start < stop:
            yield slice(start, stop), bool(marks[start])


def _product(rows: Floats, vectors: Floats) -> Floats:
    """Return row b of (B, n) times vector b, or times the one shared vector; shape (B, 1)."""
    if len(vectors) == 1:
        shared: Floats = rows @ vectors[0][:, None]
        return shared
    own: Floats = np.einsum("bj,bj->b", rows, vectors)[:, None]
    return own


def _candidates(present: Present, trader: int, candidates: Floats) -> _Candidates:
    """Multiply candidate rows by the inverse; a part along 1' is idle, and does not count."""
    n = present.row_length.shape[1]
    scale, price = present.price_scale[:, None], candidates[..., n]
    row, squares = _rows(candidates[..., : n + 1])
    priced = present.inverse.copy()
    priced[:, n] *= scale
    effect = times(row, priced)
    effect[..., n] = 0.0  # The last column of P is [1' / sqrt(N), 0], orthogonal to free rows.
    sizes = RowSquares(squares, price**2)
    return _Candidates(effect, sizes, divisor(effect[..., trader]), row_lengths(sizes, scale))


def _rows(rows: Floats) -> tuple[Floats, Floats]:
    """Return rows [A_i, b_i] and |A_i|^2 without their part along 1', where that is not small."""
    weights = rows[..., :-1]
    n = weights.shape[-1]
    idle = np.einsum("bmj->bm", weights) ** 2 / n
    squares = np.einsum("bmj,bmj->bm", weights, weights) - idle
    mostly_idle = squares <= MOSTLY_IDLE * idle
    if mostly_idle.any():
        rows = rows.copy()
        rows[mostly_idle, :-1], squares[mostly_idle] = _without_idle(weights[mostly_idle])
    return rows, squares


def _without_idle(weights: Floats) -> tuple[Floats, Floats]:
    """Return rows (R, N) without their part along 1', and their squared lengths."""
    left = weights - weights.mean(axis=1, keepdims=True)
    squares = np.einsum("rj,rj->r", left, left)
    left[constant_rows(squares, np.abs(weights).max(axis=1))] = 0.0
    return left, np.einsum("rj,rj->r", left, left)


def _regular(present: Present, new: _Candidates, trader: int) -> tuple[Bools, Bools]:
    """Decide autarky of the deviated markets: by a bound, and closely where that fails.

    Returns whether they are regular, and whether the update decides it.
    """
    regular = _surely_regular(present, new, trader)
    decided, doubtful = np.ones_like(regular), np.asarray(~regular.all(axis=1))
    if doubtful.any():
        regular[doubtful], decided[doubtful] = _regular_after(
            present.only(doubtful), new.only(doubtful), trader
        )
    return regular, decided


def _surely_regular(present: Present, new: _Candidates, trader: int) -> Bools:
    """Return where markets are regular by a wide margin.

    Column j of the new inverse is P_j - ratio_j P_i, no longer than |P_j| + |ratio_j| |P_i|, and
    column i is P_i / pivot. Where no diagonal entry moves by more than half of it, all stay far
    from 0. A change of the price scale by a factor stretches columns and rows by no more than it.
    """
    n = present.row_length.shape[1]
    lengths = np.einsum("skj,skj->sj", present.inverse, present.inverse)
    own = lengths[:, None, trader]
    others = lengths.sum(axis=-1)[:, None] - own
    diagonal = np.einsum("sjj->sj", present.inverse)[:, :n] ** 2
    weights, floor = _sway_weights(present, diagonal, trader)
    each = np.broadcast_to(weights, (len(new.effect), n + 1))
    sway = np.einsum("bmj,bmj,bj->bm", new.effect, new.effect, each) / new.own**2
    pivot_square = (new.own / new.length) ** 2
    rows = RowSquares(present.weight_squares, present.price_squares)
    stretch = (fresh_price_scale(rows, new.squares, trader) / present.price_scale[:, None]) ** 2
    most = 2 * (others + sway / floor * own) + own / pivot_square
    most *= np.maximum(stretch, 1 / stretch)
    least = np.minimum(
        0.25 * np.delete(diagonal, trader, axis=1).min(axis=1)[:, None],
        diagonal[:, [trader]] / pivot_square,
    )
    bound = tolerance(n) ** 2
    surely: Bools = (sway <= 0.25) & (most < 0.25 / bound) & (least > 4 * bound * most)
    return surely


def _sway_weights(present: Present, diagonal: Floats, trader: int) -> tuple[Floats, Floats]:
    """Return weights by which squared ratios bound what moves, (S, N + 1), and the least, (S, 1).

    Weight j is (P_ji / P_jj)^2, but no less than a millionth of the largest, so that the weighted
    sum of ratio_j^2 bounds the plain one as well; ratio_i is left out.
    """
    n = diagonal.shape[1]
    weights = np.zeros((len(diagonal), n + 1))
    weights[:, :n] = present.inverse[:, :n, trader] ** 2 / divisor(diagonal)
    weights[:, trader] = 0.0
    floor = 1e-6 * divisor(weights.max(axis=1, keepdims=True))
    weights = np.maximum(weights, floor)
    weights[:, trader] = 0.0
    return weights, floor


def _regular_after(present: Present, new: _Candidates, trader: int) -> tuple[Bools, Bools]:
    """Decide autarky of the deviated markets as a fresh clearing would, from the old inverse."""
    n = present.row_length.shape[1]
    quantities = present.inverse[:, :n, :n]
    column = quantities[..., trader]
    before = PresentInverse(
        RowSquares(present.weight_squares, present.price_squares),
        present.price_scale,
        present.row_length,
        np.einsum("sjj->sj", quantities),
        present.inverse[:, n, :n],
        np.einsum("skj,skj->sj", quantities, quantities),
        column,
        np.einsum("skj,sk->sj", quantities, column),
    )
    ratio = new.effect[..., :n] / new.own[..., None]
    pivot = new.own / new.length
    return regular_after(before, Deviated(ratio, pivot, new.squares, new.length, trader))
