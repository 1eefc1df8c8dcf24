"""Markets of factored bids in parts: the records and sums that all of their kernels share.

The `batch` kernel reads rows of all traders at once. In `passes` a market
a_i q_i + C_i . (S q) + b_i p = r_i is cleared in two passes over its traders, in chunks that fit
the cache or in shards that lie elsewhere: the first adds up what crosses traders (`sums`), a small
system of equations is solved, and the second computes each trader's outcome (`outcomes`). See
`batch` for the equations; the notation is the same.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deviator.arrays import Array, like, namespace
from deviator.validation import Floats

from ...statistics import PublicStatistics
from ..autarky import RowSquares, constant_rows, kind

FEW = 8
"""Vectors up to this number are faster treated one by one than as a matrix."""


class BasisRows(NamedTuple):
    """Bids on the basis of the centered statistics, without their idle component along 1'."""

    own: Array  # (..., N), a
    basis: Array  # (..., H, N), D
    price: Array  # (..., N), b
    squares: RowSquares  # (..., N)

    def on_w(self, scale: Array) -> Array:
        """Return the weights on w = [Q q; scaled p], shape (..., H + 1, N)."""
        price = (scale * self.price)[..., None, :]
        return namespace(price).concat([self.basis, price], axis=-2)


def rows_on_basis(
    statistics: PublicStatistics,
    own: Array,
    statistic: Array,
    price: Array,
    trader: int | None = None,
) -> BasisRows:
    """Return the rows of all traders, or M rows (..., M) of one."""
    xp = namespace(own)
    these = slice(None) if trader is None else slice(trader, trader + 1)
    basis = xp.matmul(like(own, statistics.coordinates.T), xp.matrix_transpose(statistic))
    on_basis = basis + own[..., None, :] * like(own, statistics.basis[:, these])
    squares = xp.sum(on_basis**2, axis=-2) + own**2 * like(own, statistics.own_residual[these])
    sizes = xp.matmul(xp.abs(statistic), like(own, statistics.largest[:, None]))[..., 0]
    constant = constant_rows(squares, xp.abs(own) + sizes)
    if bool(xp.any(constant)):
        own, squares = xp.where(constant, 0.0, own), xp.where(constant, 0.0, squares)
        basis = xp.where(constant[..., None, :], 0.0, basis)
    return BasisRows(own, basis, price, RowSquares(squares, price**2))


def smallest(sizes: Array, count: int) -> Array:
    """Return where the smallest numbers of each row (S, N) are, shape (S, m, N) with m <= N.

    One by one: they are few, and sorting all traders would take longer.
    """
    xp, n = namespace(sizes), sizes.shape[-1]
    traders, places = xp.arange(n, device=kind(sizes)["device"]), []
    for _ in range(min(count, n)):
        places.append(xp.argmin(sizes, axis=-1, keepdims=True) == traders)
        sizes = xp.where(places[-1], xp.inf, sizes)
    return xp.stack(places, axis=1)


class Reading(NamedTuple):
    """How statistics are read in a basis of them: what all traders of a market share."""

    n_traders: int  # N
    coordinates: Floats  # (G, H), centered S = coordinates Q
    largest: Floats  # (G,), largest |S_gi|

    @classmethod
    def of(cls, statistics: PublicStatistics) -> "Reading":
        """Return how statistics are read in their basis."""
        return cls(statistics.n_traders, statistics.coordinates, statistics.largest)

    @property
    def size(self) -> int:
        """H + 1, how many numbers cross traders: Q q and the price."""
        return int(self.coordinates.shape[1]) + 1

    @property
    def tie(self) -> Floats:
        """What takes [Q_i; 1] to X_i, shape (H + 1,)."""
        return np.append(np.ones(self.size - 1), 1 / np.sqrt(self.n_traders))

    def to_w(self, scale: float) -> Floats:
        """Return what takes weights [C, b] to scaled Y, shape (G + 1, H + 1)."""
        to_w = np.zeros((len(self.coordinates) + 1, self.size))
        to_w[:-1, :-1], to_w[-1, -1] = self.coordinates, scale
        return to_w


class TraderRows(NamedTuple):
    """Bids of n traders, and their columns of the statistics' basis."""

    own: Floats  # (n,), a
    statistic: Floats  # (n, G), C
    price: Floats  # (n,), b
    level: Floats  # (B, n), r in B markets that share all other weights
    basis: Floats  # (H, n), columns of Q
    unspanned: Floats  # (n,), squared distance of q_i from the span of statistics and sum q

    def at(self, traders: NDArray[np.int_] | slice) -> "TraderRows":
        """Return some of the traders; a slice of them is not copied."""
        return TraderRows(
            self.own[traders],
            self.statistic[traders],
            self.price[traders],
            self.level[:, traders],
            self.basis[:, traders],
            self.unspanned[traders],
        )


class Scratch(NamedTuple):
    """Arrays for intermediate results, used again by one chunk of traders after the other."""

    statistic: Floats  # (G, n)
    basis: Floats  # (H, n)
    bid: Floats  # (G + 1, n)
    own: Floats  # (4, n)

    @classmethod
    def of(cls, reading: Reading, count: int) -> "Scratch":
        """Make arrays for `count` traders."""
        g, h = reading.coordinates.shape
        return cls(*(np.empty((rows, count)) for rows in (g, h, g + 1, 4)))

    def first(self, count: int) -> "Scratch":
        """Return the arrays for the first `count` traders."""
        return Scratch(*(array[:, :count] for array in self))


class Solution(NamedTuple):
    """What outcomes follow from, in B markets that share all weights but levels."""

    price: Floats  # (B,)
    statistic: Floats  # (B, G), what multiplies C_i: the statistics S q up to their idle part
    kept: NDArray[np.int_]  # (m,), the kept traders
    kept_quantity: Floats  # (B, m)
    kept_slope: Floats  # (m,)
    effect: Floats  # (G + 1, H + 1), d [statistics, price] / d r_i = effect [Q_i; 1] / a_i
    column: Floats  # (H + 1, H + 1), X_i . column X_i / a_i^2: |column i of P|^2 without own q
    rounding: Floats  # (G + 1, H + 1), |[C_i, b_i] / a_i| . rounding |[Q_i; 1]| bounds, times eps,
    # what rounding adds to a_i P[q_i, i]
    scale: float  # price = scale * scaled price
    condition: float  # of the squared condition number: what the kept traders and the sum add
    lengths: float  # sum of |scaled row i|^2 / a_i^2 over all others
    longest_tie: float  # at least the largest |X_i|^2
    possible: bool  # whether the market can be regular


def columns(statistic: Floats, scratch: Scratch) -> Floats:
    """Return weights on statistics (n, G) as a contiguous array (G, n)."""
    if statistic.T.flags.c_contiguous:
        return statistic.T
    np.copyto(scratch.statistic, statistic.T)
    return scratch.statistic


def moments(
    rows: TraderRows, statistic: Floats, inverse: Floats, reading: Reading, scratch: Scratch
) -> list[Floats]:
    """Return sums over traders, with X_i = [Q_i; 1 / sqrt(N)] and `inverse` for 1 / a_i.

    X_i r_i / a_i, shape (H + 1, B); X_i [C_i, b_i] / a_i, shape (H + 1, G + 1); the inner products
    of [C_i, b_i] / a_i, shape (G + 1, G + 1).
    """
    weights = [*statistic, rows.price]
    ties = [*np.multiply(rows.basis, inverse, out=scratch.basis), inverse]
    on_levels, on_bids = products(ties, rows.level), products(ties, weights)
    on_levels[-1] /= np.sqrt(reading.n_traders)
    on_bids[-1] /= np.sqrt(reading.n_traders)
    for row, weight in zip(scratch.bid, weights, strict=True):
        np.multiply(weight, inverse, out=row)
    return [on_levels, on_bids, products(scratch.bid, scratch.bid)]


def flat(arrays: Sequence[Floats]) -> Floats:
    """Return arrays as one vector."""
    return np.concatenate([array.ravel() for array in arrays])


def unflattened(vector: Floats, batch: int, reading: Reading) -> list[Floats]:
    """Return the arrays of `moments` for B levels, and the rest of the vector."""
    size, bid, start, arrays = reading.size, len(reading.coordinates) + 1, 0, []
    for rows, row in ((size, batch), (size, bid), (bid, bid)):
        arrays.append(vector[start : start + rows * row].reshape(rows, row))
        start += rows * row
    return [*arrays, vector[start:]]


def summed(vectors: Sequence[Floats]) -> Floats:
    """Add vectors up; errors do not grow with their number. NaN if a number is not finite."""
    table = np.array(vectors)
    if not np.isfinite(table).all():
        return np.full(table.shape[1], np.nan)
    return np.array([math.fsum(column) for column in table.T])


def products(rows: Sequence[Floats] | Floats, others: Sequence[Floats] | Floats) -> Floats:
    """Return inner products of rows with other rows; a few are faster one by one."""
    if len(rows) * len(others) > FEW**2:
        return np.asarray(np.asarray(rows) @ np.asarray(others).T)
    return np.array([[row @ other for other in others] for row in rows])
