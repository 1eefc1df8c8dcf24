"""Clearing of linear conditional bids, Definition 3: M [q; p] = [r; 0], M = [[A, b], [1', 0]].

Column i of P = M^-1 is the direction in which the market moves when only trader i's bid
shifts, so one inverse holds all N residual demand curves: k_i = P[p, i] / P[q_i, i]. For the
same reason a deviation of trader i moves the market along column i: a rank-one update.

Autarky is decided on a scaled M, so that it depends on the market only and not on the units of
money or quantity nor on how a bid is written. Each row is freed of its component along 1'
(which sum q = 0 makes idle) and scaled to length one, the price column is scaled to match the
quantity block, and the market is regular when the Frobenius condition number of the result is
below a bound and no P[q_i, i] vanishes beside its column.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np
from typing_extensions import override

from deviator.validation import Bools, Floats

from ..bids import LinearBids
from ..chunking import in_chunks
from ..exact import RationalBids, RationalSolution, rational, rational_inverse
from .base import Clearing, DeviationSolution, MarketSolution, solve_by_tiling


class _Rows(NamedTuple):
    """Bids as rows without their idle component along 1'."""

    weights: Floats  # (S, N, N)
    price_weights: Floats  # (S, N)
    weight_squares: Floats  # (S, N), squared lengths of the weights
    price_squares: Floats  # (S, N)


class _Market(NamedTuple):
    """The inverse of the scaled market matrix; S is 1 where all markets share it."""

    inverse: Floats  # (S, N + 1, N + 1)
    price_scale: Floats  # (S,), price = price_scale * scaled price
    row_length: Floats  # (S, N)
    regular: Bools  # (S,)


@final
@dataclass(frozen=True)
class ConditionalClearing(Clearing):
    """Clearing of `LinearBids`."""

    @override
    def solve(self, bids: LinearBids) -> MarketSolution:
        parts = in_chunks(_solve, bids.quantity_weights, bids.price_weights, bids.level)
        return MarketSolution(*(np.concatenate(field) for field in zip(*parts, strict=True)))

    @override
    def solve_deviations(
        self, bids: LinearBids, trader: int, candidates: Floats
    ) -> DeviationSolution:
        rows = _rows(bids.quantity_weights, bids.price_weights)
        market = _invert(rows)
        price, quantity, slope, regular = _move(rows, market, bids.level, trader, candidates)
        solution = DeviationSolution(price, quantity, slope, regular)
        if market.regular.all():
            return solution
        return _mend(self, bids, trader, candidates, solution, market.regular)

    @override
    def solve_exact(self, bids: RationalBids) -> RationalSolution | None:
        n = len(bids.coefficients)
        bottom = rational([[1] * n + [0]])
        inverse = rational_inverse(np.concatenate([bids.coefficients, bottom]))
        if inverse is None or any(inverse[i, i] == 0 for i in range(n)):
            return None
        solution = bids.levels @ inverse[:, :n].T
        slope = inverse[n, :n] / np.diagonal(inverse)[:n]
        return RationalSolution(solution[:, n], solution[:, :n], slope)


def _tolerance(n_traders: int) -> float:
    return 16 * n_traders * float(np.finfo(np.float64).eps)


def _rows(quantity_weights: Floats, price_weights: Floats) -> _Rows:
    mean = quantity_weights.mean(axis=-1, keepdims=True)
    weights = quantity_weights - mean
    squares = np.einsum("...j,...j->...", weights, weights)
    # A row that is constant up to rounding has no component left, however large the constant.
    largest = np.abs(quantity_weights).max(axis=-1)
    constant = squares <= (8 * np.finfo(np.float64).eps * largest) ** 2
    weights = np.where(constant[..., None], 0.0, weights)
    return _Rows(weights, price_weights, np.where(constant, 0.0, squares), price_weights**2)


def _price_shares(rows: _Rows) -> Floats:
    """Return b_i^2 / |A_i|^2, 0 for rows without weights: free of how a bid is written."""
    weighted = rows.weight_squares > 0
    shares: Floats = np.where(weighted, rows.price_squares, 0.0) / np.where(
        weighted, rows.weight_squares, 1.0
    )
    return shares


def _price_scale(total_share: Floats, n_traders: int) -> Floats:
    """Return sqrt(N) / ||b|| for rows with |A_i| = 1, given ||b||^2; 1 where b = 0.

    Price weights that are rounding errors of 0 do not count beside true ones.
    """
    priced = total_share > 0
    return np.where(priced, np.sqrt(n_traders / np.where(priced, total_share, 1.0)), 1.0)


def _invert(rows: _Rows) -> _Market:
    n = rows.weights.shape[-1]
    scale = _price_scale(_price_shares(rows).sum(axis=-1), n)
    length = np.sqrt(rows.weight_squares + scale[:, None] ** 2 * rows.price_squares)
    length = np.where(length > 0, length, 1.0)
    matrix = np.zeros((len(scale), n + 1, n + 1))
    matrix[:, :n, :n] = rows.weights / length[..., None]
    matrix[:, :n, n] = scale[:, None] * rows.price_weights / length
    matrix[:, n, :n] = 1 / np.sqrt(n)
    inverse, invertible = _inverse(matrix)
    lengths = np.einsum("sij,sij->sj", inverse, inverse)
    regular = invertible & _well_conditioned(
        lengths.sum(axis=-1), np.einsum("sii->si", inverse)[:, :n], lengths[:, :n]
    )
    return _Market(inverse, scale, length, regular)


def _inverse(matrix: Floats) -> tuple[Floats, Bools]:
    """Return inverses and whether each exists; one singular market does not spoil the others."""
    try:
        inverse = np.asarray(np.linalg.inv(matrix), dtype=np.float64)
        return inverse, np.ones(len(matrix), dtype=bool)
    except np.linalg.LinAlgError:
        if len(matrix) == 1:
            return np.zeros_like(matrix), np.zeros(1, dtype=bool)
        parts = [_inverse(matrix[market : market + 1]) for market in range(len(matrix))]
        return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def _well_conditioned(condition_squared: Floats, diagonal: Floats, lengths: Floats) -> Bools:
    """Return whether a market is regular, given squared norms of its scaled inverse."""
    tolerance = _tolerance(diagonal.shape[-1])
    responsive = (diagonal**2 > tolerance**2 * lengths).all(axis=-1)
    regular: Bools = responsive & (condition_squared < 1 / tolerance**2)
    return regular


def _scaled_solution(market: _Market, level: Floats) -> Floats:
    """Return [q; p / price_scale] of every market, shape (B, N + 1)."""
    n = level.shape[1]
    return _rows_times(level / market.row_length, market.inverse[:, :, :n].swapaxes(1, 2))


def _rows_times(rows: Floats, matrices: Floats) -> Floats:
    """Return row b of `rows` (B, ..., n) times matrix b, or times the one shared matrix."""
    if len(matrices) == 1:
        shared: Floats = rows @ matrices[0]
        return shared
    product: Floats = (rows.reshape(len(rows), -1, rows.shape[-1]) @ matrices).reshape(
        (*rows.shape[:-1], matrices.shape[-1])
    )
    return product


def _divisor(values: Floats) -> Floats:
    """Return the values with NaN for 0: a quotient that means nothing, in an irregular market."""
    return np.where(values == 0, np.nan, values)


def _solve(
    quantity_weights: Floats, price_weights: Floats, level: Floats
) -> tuple[Floats, Floats, Floats, Bools]:
    batch, n = level.shape
    market = _invert(_rows(quantity_weights, price_weights))
    solution = _scaled_solution(market, level)
    price = market.price_scale * solution[:, n]
    diagonal = np.einsum("sii->si", market.inverse)[:, :n]
    slope = market.price_scale[:, None] * market.inverse[:, n, :n] / _divisor(diagonal)
    regular = np.broadcast_to(market.regular, (batch,))
    return price, solution[:, :n], np.broadcast_to(slope, (batch, n)), regular


def _move(
    rows: _Rows, market: _Market, level: Floats, trader: int, candidates: Floats
) -> tuple[Floats, Floats, Floats, Bools]:
    """Move each market along the trader's column until his candidate bid is met."""
    n = level.shape[1]
    new = _rows(candidates[..., :n], candidates[..., n])
    scale = market.price_scale[:, None]
    length = np.sqrt(new.weight_squares + scale**2 * new.price_squares)
    length = np.where(length > 0, length, 1.0)
    row = (
        np.concatenate([new.weights, (scale * new.price_weights)[..., None]], axis=-1)
        / length[..., None]
    )
    solution = _scaled_solution(market, level)
    effect = _rows_times(row, market.inverse)  # (B, M, N + 1)
    pivot = _divisor(effect[..., trader])
    step = (candidates[..., -1] / length - np.einsum("bmk,bk->bm", row, solution)) / pivot
    column = market.inverse[:, :, trader]  # (S, N + 1)
    quantity = solution[:, trader, None] + column[:, trader, None] * step
    price = scale * (solution[:, n, None] + column[:, n, None] * step)
    slope = np.broadcast_to(
        scale * column[:, n, None] / _divisor(column[:, trader, None]), price.shape
    )
    regular = _regular_after(rows, market, new, length, effect / pivot[..., None], pivot, trader)
    return price, quantity, slope, regular


def _regular_after(
    rows: _Rows,
    market: _Market,
    new: _Rows,
    length: Floats,
    ratio: Floats,
    pivot: Floats,
    trader: int,
) -> Bools:
    """Decide autarky of the deviated markets as a fresh clearing would, from the old inverse.

    Column j of the new inverse is P_j - ratio_j P_i, column i is P_i / pivot.
    """
    n = rows.weights.shape[-1]
    inverse = market.inverse
    column = inverse[:, None, :, trader]
    overlap = np.einsum("skj,sk->sj", inverse[:, :n], inverse[:, :n, trader])[:, None]
    squares = np.einsum("skj,skj->sj", inverse[:, :n], inverse[:, :n])[:, None]
    quantity_part = squares - 2 * ratio * overlap + ratio**2 * overlap[..., trader, None]
    price_part = (inverse[:, None, n] - ratio * column[..., n, None]) ** 2
    diagonal = np.einsum("sjj->sj", inverse)[:, None, :n] - ratio[..., :n] * column[..., :n]
    quantity_part[..., trader] = squares[..., trader] / pivot**2
    price_part[..., trader] = (column[..., n] / pivot) ** 2
    diagonal[..., trader] = column[..., trader] / pivot
    rescale, row_squares = _rescaled_rows(rows, market, new, length, trader)
    lengths = np.maximum(quantity_part, 0.0) + price_part * rescale[..., None] ** 2
    condition = (lengths[..., :n] * row_squares).sum(axis=-1) + lengths[..., n]
    return np.isfinite(pivot) & _well_conditioned(condition, diagonal, lengths[..., :n])


def _rescaled_rows(
    rows: _Rows, market: _Market, new: _Rows, length: Floats, trader: int
) -> tuple[Floats, Floats]:
    """Return old over new price scale, and squared row lengths under the new scale.

    The candidate takes part in the price scale, as it does when the market is cleared afresh.
    """
    shares = _price_shares(rows)
    others = np.delete(shares, trader, axis=-1).sum(axis=-1)[:, None]
    scale = _price_scale(others + _price_shares(new), shares.shape[-1])  # (B, M)
    squares = (
        rows.weight_squares[:, None] + scale[..., None] ** 2 * rows.price_squares[:, None]
    ) / market.row_length[:, None] ** 2
    squares[..., trader] = (new.weight_squares + scale**2 * new.price_squares) / length**2
    return market.price_scale[:, None] / scale, squares


def _mend(
    clearing: Clearing,
    bids: LinearBids,
    trader: int,
    candidates: Floats,
    solution: DeviationSolution,
    known: Bools,
) -> DeviationSolution:
    """Clear afresh where the honest market has no inverse to update."""
    batch = len(candidates)
    lost = ~np.broadcast_to(known, (batch,))
    array = bids.as_array()[lost]
    fresh: Any = solve_by_tiling(clearing, LinearBids.from_array(array), trader, candidates[lost])
    fields = ("price", "quantity", "residual_slope", "regular")
    mended = {name: np.array(getattr(solution, name)) for name in fields}
    for name in fields:
        mended[name][lost] = getattr(fresh, name)
    return DeviationSolution(**mended)
