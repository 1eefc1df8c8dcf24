"""Clearing of linear conditional bids, Definition 3: M [q; p] = [r; 0], M = [[A, b], [1', 0]].

Column i of P = M^-1 is the direction in which the market moves when only trader i's bid
shifts, so one inverse holds all N residual demand curves: k_i = P[p, i] / P[q_i, i]. For the
same reason a deviation of trader i moves the market along column i: a rank-one update.

Autarky is decided on a scaled M (`autarky`), so that it depends on the market only and not on the
units of money or quantity nor on how a bid is written.
"""

from dataclasses import dataclass
from typing import NamedTuple, final

import numpy as np
from typing_extensions import override

from deviator.validation import Bools, Floats

from ..bids import LinearBids
from ..chunking import in_chunks
from ..exact import RationalBids, Rationals, RationalSolution, rational, rational_inverse
from .autarky import (
    RowSquares,
    divisor,
    inverses,
    price_scale,
    price_shares,
    row_lengths,
    well_conditioned,
)
from .base import Clearing, DeviationSolution, MarketSolution, mend
from .rank_one import Present, solve_rank_one


class _Rows(NamedTuple):
    """Bids as rows without their idle component along 1'."""

    weights: Floats  # (S, N, N)
    price_weights: Floats  # (S, N)
    squares: RowSquares


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
        own = np.append(bids.quantity_weights[:, trader], bids.price_weights[:, [trader]], axis=1)
        present = Present(market.inverse, market.price_scale, market.row_length, *rows.squares, own)
        solution = solve_rank_one(present, bids.level, trader, candidates)
        if market.regular.all():
            return solution
        return mend(self, bids, trader, candidates, solution, market.regular)

    @override
    def solve_exact(self, bids: RationalBids) -> RationalSolution | None:
        return solve_hyperplanes(bids.coefficients, bids.levels)


def solve_hyperplanes(hyperplanes: Rationals, levels: Rationals) -> RationalSolution | None:
    """Clear M markets of hyperplanes [A, b], shape (N, N + 1), exactly; None in autarky."""
    n = len(hyperplanes)
    bottom = rational([[1] * n + [0]])
    inverse = rational_inverse(np.concatenate([hyperplanes, bottom]))
    if inverse is None or any(inverse[i, i] == 0 for i in range(n)):
        return None
    solution = levels @ inverse[:, :n].T
    slope = inverse[n, :n] / np.diagonal(inverse)[:n]
    return RationalSolution(solution[:, n], solution[:, :n], slope)


def _rows(quantity_weights: Floats, price_weights: Floats) -> _Rows:
    mean = quantity_weights.mean(axis=-1, keepdims=True)
    weights = quantity_weights - mean
    squares = np.einsum("...j,...j->...", weights, weights)
    # A row that is constant up to rounding has no component left, however large the constant.
    largest = np.abs(quantity_weights).max(axis=-1)
    constant = squares <= (8 * np.finfo(np.float64).eps * largest) ** 2
    weights = np.where(constant[..., None], 0.0, weights)
    sizes = RowSquares(np.where(constant, 0.0, squares), price_weights**2)
    return _Rows(weights, price_weights, sizes)


def _invert(rows: _Rows) -> _Market:
    n = rows.weights.shape[-1]
    scale = price_scale(price_shares(rows.squares).sum(axis=-1), n)
    length = row_lengths(rows.squares, scale[:, None])
    matrix = np.zeros((len(scale), n + 1, n + 1))
    matrix[:, :n, :n] = rows.weights / length[..., None]
    matrix[:, :n, n] = scale[:, None] * rows.price_weights / length
    matrix[:, n, :n] = 1 / np.sqrt(n)
    inverse, invertible = inverses(matrix)
    lengths = np.einsum("sij,sij->sj", inverse, inverse)
    regular = invertible & well_conditioned(
        lengths.sum(axis=-1), np.einsum("sii->si", inverse)[:, :n], lengths[:, :n]
    )
    return _Market(inverse, scale, length, regular)


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


def _solve(
    quantity_weights: Floats, price_weights: Floats, level: Floats
) -> tuple[Floats, Floats, Floats, Bools]:
    batch, n = level.shape
    market = _invert(_rows(quantity_weights, price_weights))
    solution = _scaled_solution(market, level)
    price = market.price_scale * solution[:, n]
    diagonal = np.einsum("sii->si", market.inverse)[:, :n]
    slope = market.price_scale[:, None] * market.inverse[:, n, :n] / divisor(diagonal)
    regular = np.broadcast_to(market.regular, (batch,))
    return price, solution[:, :n], np.broadcast_to(slope, (batch, n)), regular
