"""Clearing of linear conditional bids in arrays of any library.

Nothing is written in place, so that libraries can follow gradients through it. It inverts the whole
M; NumPy has a kernel of its own (`clearing`), which writes in place and takes half the time.
"""

from typing import NamedTuple

from deviator.arrays import Array, namespace

from ...languages import LinearBids
from ..autarky import (
    RowSquares,
    constant_rows,
    inverses,
    kind,
    precision,
    price_scale,
    price_shares,
    require_precision,
    row_lengths,
    times,
    well_conditioned,
)
from ..base import MarketSolution

DIAGONAL_ROUNDINGS = 64
"""Roundings up to which a P[q_i, i] may be 0. Few dtypes have digits to spare for `BLURRED`."""


class _Market(NamedTuple):
    """The inverse P of the scaled market matrix; S is 1 where all markets share it."""

    inverse: Array  # (S, N + 1, N + 1)
    price_scale: Array  # (S,)
    row_length: Array  # (S, N)
    regular: Array  # (S,)


def solve(bids: LinearBids) -> MarketSolution:
    """Clear every market of the batch."""
    xp, (batch, n) = namespace(bids.level), bids.level.shape
    require_precision(bids.level, n)
    market = _invert(bids.quantity_weights, bids.price_weights)
    regular = market.regular
    if not bool(xp.all(regular)):
        market = _invert(*_plain_where(~regular, bids))
    solution = times(market.inverse[:, :, :n], bids.level / market.row_length)
    diagonal = xp.linalg.diagonal(market.inverse)[:, :n]
    slope = market.price_scale[:, None] * market.inverse[:, n, :n] / diagonal
    return MarketSolution(
        market.price_scale * solution[:, n],
        solution[:, :n],
        xp.broadcast_to(slope, (batch, n)),
        xp.broadcast_to(regular, (batch,)),
    )


def _plain_where(irregular: Array, bids: LinearBids) -> tuple[Array, Array]:
    """Return weights on quantities and prices, those of q_i + p = r_i in irregular markets."""
    xp = namespace(bids.level)
    one = xp.eye(bids.shape[1], **kind(bids.level))
    weights = xp.where(irregular[:, None, None], one, bids.quantity_weights)
    return weights, xp.where(irregular[:, None], 1.0, bids.price_weights)


def _invert(quantity_weights: Array, price_weights: Array) -> _Market:
    xp, n = namespace(quantity_weights), quantity_weights.shape[-1]
    weights, squares = _rows(quantity_weights, price_weights)
    scale = price_scale(xp.sum(price_shares(squares), axis=-1), n)
    length = row_lengths(squares, scale[:, None])
    top = xp.concat(
        [weights / length[..., None], (scale[:, None] * price_weights / length)[..., None]],
        axis=-1,
    )
    matrix = xp.concat([top, _adding_up(top)], axis=1)
    inverse, invertible = inverses(matrix)
    lengths, diagonal = xp.sum(inverse**2, axis=1), xp.linalg.diagonal(inverse)[:, :n]
    # Rows of the matrix have length one, so that its rounding moves P[q_i, i] by no more.
    rounding = precision(matrix) * xp.sum(xp.abs(inverse[:, :n, :]), axis=-1)
    apart = xp.all(diagonal**2 > (DIAGONAL_ROUNDINGS * rounding) ** 2 * lengths[:, :n], axis=-1)
    conditioned = well_conditioned(xp.sum(lengths, axis=-1), diagonal, lengths[:, :n])
    regular = invertible & conditioned & apart
    return _Market(inverse, scale, length, regular)


def _rows(quantity_weights: Array, price_weights: Array) -> tuple[Array, RowSquares]:
    """Return rows of A without their idle component along 1', and squared lengths."""
    xp = namespace(quantity_weights)
    weights = quantity_weights - xp.mean(quantity_weights, axis=-1, keepdims=True)
    squares = xp.sum(weights**2, axis=-1)
    constant = constant_rows(squares, xp.max(xp.abs(quantity_weights), axis=-1))
    weights = xp.where(constant[..., None], 0.0, weights)
    return weights, RowSquares(xp.where(constant, 0.0, squares), price_weights**2)


def _adding_up(top: Array) -> Array:
    """Return the last row of the scaled market matrix, [1' / sqrt(N), 0], shape (S, 1, N + 1)."""
    xp, (batch, n, _) = namespace(top), top.shape
    row = xp.concat([xp.full((n,), n**-0.5, **kind(top)), xp.zeros((1,), **kind(top))])
    return xp.broadcast_to(row, (batch, 1, n + 1))
