"""A market of linear conditional bids, scaled as autarky is decided, and its inverse.

As sum q = 0, the last trader's quantity is put into the others' bids: with D_ij = A_ij - A_iN, bids
are [D, b] [q_1 .. q_{N-1}; p] = r, N equations instead of the N + 1 of M, and free of what is idle
in A. Rows and the price column are scaled; column j of the inverse is how the market moves when
only trader j's scaled bid shifts by one.
"""

from typing import NamedTuple

import numpy as np

from deviator.validation import Bools, Floats

from ..autarky import (
    RowSquares,
    inverses,
    price_scale,
    price_shares,
    row_lengths,
    well_conditioned,
)

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


def scaled_market(quantity_weights: Floats, price_weights: Floats) -> ScaledMarket:
    """Scale and invert markets of bids A (S, N, N), b (S, N)."""
    n = price_weights.shape[1]
    matrix = _room(len(price_weights), n)
    rows = matrix[:, :n, :n]
    np.subtract(quantity_weights, quantity_weights[:, :, -1:], out=rows)
    squares = RowSquares(_weight_squares(rows, quantity_weights[:, :, -1]), price_weights**2)
    scale = price_scale(price_shares(squares).sum(axis=-1), n)
    length = row_lengths(squares, scale[:, None])
    rows *= (1 / length)[:, :, None]
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

    A row that is constant up to rounding has no component left, however large the constant.
    """
    n = rows.shape[-1]
    squares: Floats = np.einsum("sij,sij->si", rows, rows) - (rows @ np.ones(n)) ** 2 / n
    constant = squares <= (8 * np.finfo(np.float64).eps * last) ** 2
    if constant.any():
        rows[constant] = 0.0
        squares[constant] = 0.0
    return squares
