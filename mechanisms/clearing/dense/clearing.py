"""Clearing of linear conditional bids, Definition 3: M [q; p] = [r; 0], M = [[A, b], [1', 0]].

Column i of P = M^-1 is the direction in which the market moves when only trader i's bid
shifts, so one inverse holds all N residual demand curves: k_i = P[p, i] / P[q_i, i]. For the
same reason a deviation of trader i moves the market along column i: a rank-one update.

Autarky is decided on a scaled M (`autarky`), so that it depends on the market only and not on the
units of money or quantity nor on how a bid is written.

What is inverted has N equations instead of the N + 1 of M: as sum q = 0, the last trader's quantity
is put into the others' bids, [D, b] [q_1 .. q_{N-1}; p] = r with D_ij = A_ij - A_iN, which is free
of what is idle in A.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, final

import numpy as np
from typing_extensions import override

from deviator.memory import require_memory
from deviator.numerics.rational import Rationals, rational, rational_inverse, rational_product
from deviator.validation import Bools, Floats

from ...chunking import in_chunks, markets_per_chunk, pieces
from ...exact import RationalBids, RationalSolution
from ...languages import LinearBids
from ..autarky import (
    RowSquares,
    constant_rows,
    divisor,
    inverses,
    price_scale,
    price_shares,
    row_lengths,
    well_conditioned,
)
from ..base import Clearing, DeviationSolution, MarketSolution, joined, mend
from . import portable as portable_conditional
from .rank_one import Present, solve_rank_one

COPIES = 6
"""Matrices that are held at once while a market is inverted, LAPACK's own among them."""


ALIASED = 128
"""Rows of a multiple of so many numbers fall on the same places of the cache."""


class ScaledMarket(NamedTuple):
    """Inverses of scaled markets; S is 1 where all markets share one."""

    columns: Floats  # (S, N, N), columns[j] = [q_1 .. q_{N-1}, p] as trader j's bid shifts
    last: Floats  # (S, N), q_N as trader j's bid shifts
    price_scale: Floats  # (S,), price = price_scale * scaled price
    row_length: Floats  # (S, N)
    squares: RowSquares  # (S, N), of rows before scaling
    regular: Bools  # (S,)

    @property
    def price_effect(self) -> Floats:
        """P[p, i], of the scaled price, shape (S, N)."""
        effect: Floats = self.columns[:, :, -1]
        return effect

    def own_effect(self) -> Floats:
        """Return P[q_i, i], shape (S, N)."""
        effect: Floats = np.einsum("sjj->sj", self.columns).copy()
        effect[:, -1] = self.last[:, -1]
        return effect

    def inverse(self) -> Floats:
        """Return P = M^-1 of the scaled M with last row 1' / sqrt(N), shape (S, N + 1, N + 1)."""
        size, n, _ = self.columns.shape
        inverse = np.empty((size, n + 1, n + 1))
        inverse[:, : n - 1, :n] = self.columns[:, :, : n - 1].swapaxes(1, 2)
        inverse[:, n - 1, :n] = self.last
        inverse[:, n, :n] = self.price_effect
        inverse[:, :n, n] = 1 / np.sqrt(n)
        inverse[:, n, n] = 0.0
        return inverse


@final
@dataclass(frozen=True)
class ConditionalClearing(Clearing):
    """Clearing of `LinearBids`.

    Raises
    ------
    RefusedError
        If inverting a market needs more memory than there is.
    """

    @override
    def solve(self, bids: LinearBids) -> MarketSolution:
        if not bids.is_numpy:
            return portable_conditional.solve(bids)
        return joined(bids.level.shape, self.piece_by_piece(bids))

    @override
    def piece_by_piece(self, bids: LinearBids) -> Iterator[tuple[slice, MarketSolution]]:
        # Not a generator itself: there has to be memory for all before anything is made.
        batch, n = bids.level.shape
        _check_memory(batch, n, shared=len(bids.quantity_weights) == 1)
        return _solutions(bids)

    @override
    def solve_deviations(
        self, bids: LinearBids, trader: int, candidates: Floats
    ) -> DeviationSolution:
        present, known = _present(bids, trader)
        solution, decided = solve_rank_one(present, bids.level, trader, candidates)
        decided &= known[:, None]
        if decided.all():
            return solution
        return mend(self, bids, trader, candidates, solution, decided)

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
    solution = rational_product(levels, inverse[:, :n].T)
    slope = inverse[n, :n] / np.diagonal(inverse)[:n]
    return RationalSolution(solution[:, n], solution[:, :n], slope)


def _solutions(bids: LinearBids) -> Iterator[tuple[slice, MarketSolution]]:
    """Clear pieces of the batch; a market that all share is inverted once."""
    batch, n = bids.level.shape
    weights, price_weights = bids.quantity_weights, bids.price_weights
    shared = len(weights) == 1
    market = scaled_market(weights, price_weights) if shared else None
    for markets in pieces(batch, n if shared else n * n):
        here = market or scaled_market(weights[markets], price_weights[markets])
        yield markets, _solution(here, bids.level[markets])


def _present(bids: LinearBids, trader: int) -> tuple[Present, Bools]:
    """Return the markets that a trader deviates from, and which of them are regular."""

    def kernel(weights: Floats, price_weights: Floats) -> tuple[Floats | Bools, ...]:
        market = scaled_market(weights, price_weights)
        scaling = (market.price_scale, market.row_length, *market.squares)
        return (market.inverse(), *scaling, market.regular)

    weights, price_weights = bids.quantity_weights, bids.price_weights
    markets, n, _ = weights.shape
    # All inverses are held, and once more while their chunks are joined.
    require_memory(
        16.0 * markets * (n + 1) ** 2,
        f"deviating in {markets} markets of {n} traders who condition on all quantities",
        "deviate in fewer markets at a time",
    )
    chunk = markets_per_chunk(n**2)
    parts = in_chunks(kernel, weights, price_weights, chunk=chunk)
    *fields, regular = (np.concatenate(field) for field in zip(*parts, strict=True))
    own = np.append(weights[:, trader], price_weights[:, [trader]], axis=1)
    return Present(*(*fields, own)), regular


def _check_memory(batch: int, n: int, shared: bool) -> None:
    piece = 1 if shared else min(batch, markets_per_chunk(n * n))
    numbers = COPIES * piece * n**2 + 4 * batch * n
    require_memory(
        8 * numbers,
        f"clearing {batch} markets of {n} traders who condition on all quantities",
        "let bids condition on public statistics, or clear fewer markets at a time",
    )


def _solution(market: ScaledMarket, level: Floats) -> MarketSolution:
    """Clear markets at levels (B, N) of their bids."""
    batch, n = level.shape
    scaled = level / market.row_length
    if len(market.columns) == 1:
        moved = scaled @ market.columns[0]
    else:
        moved = (scaled[:, None] @ market.columns)[:, 0]
    price = market.price_scale * moved[:, -1]
    moved[:, -1] = 0.0
    moved[:, -1] = -np.einsum("bj->b", moved)
    slope = market.price_scale[:, None] * market.price_effect / divisor(market.own_effect())
    regular = np.broadcast_to(market.regular, (batch,))
    return MarketSolution(price, moved, np.broadcast_to(slope, (batch, n)), regular)


def scaled_market(quantity_weights: Floats, price_weights: Floats) -> ScaledMarket:
    """Scale and invert markets of bids A (S, N, N), b (S, N)."""
    n = price_weights.shape[1]
    matrix = _room(len(price_weights), n)
    rows = matrix[:, :n, :n]
    last_weights = np.repeat(quantity_weights[:, :, -1], n).reshape(-1, n, n)
    np.subtract(quantity_weights, last_weights, out=rows)
    squares = RowSquares(_weight_squares(rows, quantity_weights[:, :, -1]), price_weights**2)
    scale = price_scale(price_shares(squares).sum(axis=-1), n)
    length = row_lengths(squares, scale[:, None])
    rows *= np.repeat(1 / length, n).reshape(-1, n, n)  # faster than by short rows
    rows[:, :, -1] = scale[:, None] * price_weights / length
    # LAPACK copies each matrix into Fortran's order, so that a transposed one costs no more.
    inverse, invertible = inverses(matrix.swapaxes(1, 2))
    columns = inverse[:, :n, :n]
    last = columns @ np.append(np.full(n - 1, -1.0), 0.0)
    lengths = np.einsum("sjk,sjk->sj", columns, columns) + last**2
    market = ScaledMarket(columns, last, scale, length, squares, invertible)
    # The column of the equation sum q = 0 has length one, as its row has.
    condition = lengths.sum(axis=-1) + 1.0
    regular = invertible & well_conditioned(condition, market.own_effect(), lengths)
    return market._replace(regular=regular)


def _room(size: int, n: int) -> Floats:
    """Return room for matrices (S, N, N), bordered by the identity where N would be `ALIASED`."""
    if n % ALIASED:
        return np.empty((size, n, n))
    bordered = np.zeros((size, n + 1, n + 1))
    bordered[:, n, n] = 1.0
    return bordered


def _weight_squares(rows: Floats, last: Floats) -> Floats:
    """Return squared lengths of rows D without their part along 1'; rows that have none become 0.

    D is freed of A_iN already, so that a row that is constant up to rounding is small beside it.
    """
    n = rows.shape[-1]
    squares: Floats = np.einsum("sij,sij->si", rows, rows) - (rows @ np.ones(n)) ** 2 / n
    constant = constant_rows(squares, last)
    if constant.any():
        rows[constant] = 0.0
        squares[constant] = 0.0
    return squares
