"""Clearing of linear conditional bids in arrays of any library.

Nothing is written in place, so that libraries can follow gradients through it. As in `clearing` for
NumPy, which writes in place, N equations are inverted: [D, b] [q_1 .. q_{N-1}; p] = r with
D_ij = A_ij - A_iN. Prices are scaled after that, which changes no digit of the quantities.
"""

from typing import NamedTuple

from deviator.arrays import Array, is_on_cpu, namespace

from ...chunking import pieces
from ...languages import LinearBids
from ..autarky import (
    RowSquares,
    cancellation_share,
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
    """The inverse of market matrices with rows of length one; S is 1 where all markets share it."""

    inverse: Array  # (S, N, N), [q_1 .. q_{N-1}; p] as traders' bids shift
    row_length: Array  # (S, N)
    last: Array  # (S, N), q_N as traders' bids shift
    diagonal: Array  # (S, N), P[q_i, i]
    lengths: Array  # (S, N), squared lengths of the columns of P
    regular: Array  # (S,), as far as the condition says
    exact: Array  # (S,), whether no P[q_i, i] is what is left of numbers that all but cancel


def solve(bids: LinearBids) -> MarketSolution:
    """Clear every market of the batch; on a CPU in pieces that fit the cache."""
    batch, n = bids.level.shape
    require_precision(bids.level, n)
    weights, prices = bids.quantity_weights, bids.price_weights
    if weights.shape[0] != batch or not is_on_cpu(bids.level):
        return _solve(weights, prices, bids.level)
    arrays = weights, prices, bids.level
    whole = list(pieces(max(batch, 1), n * n))
    return _joined([_solve(*(array[piece, ...] for array in arrays)) for piece in whole])


def _solve(quantity_weights: Array, price_weights: Array, level: Array) -> MarketSolution:
    xp, (batch, n) = namespace(level), level.shape
    market = _invert(quantity_weights, price_weights)
    regular, all_regular = market.regular, bool(xp.all(market.regular & market.exact))
    if not all_regular:
        regular = regular & (market.exact | _apart(market))
        market = _invert(*_plain_where(~regular, quantity_weights, price_weights))
    solution = times(market.inverse, level / market.row_length)
    quantity, price = solution[:, : n - 1], solution[:, n - 1]
    slope = market.inverse[:, n - 1, :] / market.diagonal
    return MarketSolution(
        price,
        xp.concat([quantity, -xp.sum(quantity, axis=-1, keepdims=True)], axis=-1),
        xp.broadcast_to(slope, (batch, n)),
        xp.broadcast_to(regular, (batch,)),
        all_regular,
    )


def _joined(parts: list[MarketSolution]) -> MarketSolution:
    if len(parts) == 1:
        return parts[0]
    xp = namespace(parts[0].price)
    price, quantity, slope, regular = (
        xp.concat([getattr(part, name) for part in parts])
        for name in ("price", "quantity", "residual_slope", "regular")
    )
    all_regular = all(part.all_regular for part in parts)
    return MarketSolution(price, quantity, slope, regular, all_regular)


def _plain_where(
    irregular: Array, quantity_weights: Array, price_weights: Array
) -> tuple[Array, Array]:
    """Return weights on quantities and prices, those of q_i + p = r_i in irregular markets."""
    xp = namespace(price_weights)
    one = xp.eye(price_weights.shape[1], **kind(price_weights))
    weights = xp.where(irregular[:, None, None], one, quantity_weights)
    return weights, xp.where(irregular[:, None], 1.0, price_weights)


def _invert(quantity_weights: Array, price_weights: Array) -> _Market:
    xp, n = namespace(quantity_weights), quantity_weights.shape[-1]
    idle = quantity_weights[:, :, n - 1 :]
    rows = quantity_weights[:, :, : n - 1] - idle
    squares, kept = _squares(rows, idle[..., 0], price_weights)
    scale = price_scale(xp.sum(price_shares(squares), axis=-1), n)
    length = row_lengths(squares, scale[:, None])
    scaled = rows * (kept / length)[..., None], (price_weights / length)[..., None]
    inverse, invertible = inverses(xp.concat(scaled, axis=-1))
    others, price = inverse[:, : n - 1, :], inverse[:, n - 1, :] / scale[:, None]
    last = -xp.sum(others, axis=1)
    diagonal = xp.concat([xp.linalg.diagonal(others), last[:, n - 1 :]], axis=-1)
    lengths = xp.linalg.vector_norm(others, axis=1) ** 2 + last**2 + price**2
    # The column of the equation sum q = 0 has length one, as its row has.
    conditioned = well_conditioned(1 + xp.sum(lengths, axis=-1), diagonal, lengths)
    share = cancellation_share(precision(diagonal))
    exact = xp.all(diagonal**2 > share**2 * lengths, axis=-1)
    return _Market(inverse, length, last, diagonal, lengths, invertible & conditioned, exact)


def _squares(rows: Array, idle: Array, price: Array) -> tuple[RowSquares, Array]:
    """Return squared lengths of rows of A without their part along 1', and 0 for rows without more.

    Given are A_ij - A_iN: a row that is constant up to rounding is small beside A_iN.
    """
    xp, n = namespace(rows), rows.shape[-2]
    # A norm reads numbers once, and writes no squares of them.
    squares = xp.linalg.vector_norm(rows, axis=-1) ** 2 - xp.sum(rows, axis=-1) ** 2 / n
    constant = constant_rows(squares, idle)
    kept = xp.astype(~constant, rows.dtype)
    return RowSquares(xp.where(constant, 0.0, squares), price**2), kept


def _apart(market: _Market) -> Array:
    """Return where no P[q_i, i] may be 0 but for rounding, shape (S,)."""
    xp, n = namespace(market.diagonal), market.diagonal.shape[-1]
    quantities = xp.concat([market.inverse[:, : n - 1, :], market.last[:, None, :]], axis=1)
    # Rows of the matrix have length one, so that its rounding moves P[q_i, i] by no more.
    rounding = precision(quantities) * xp.sum(xp.abs(quantities), axis=-1)
    bound = (DIAGONAL_ROUNDINGS * rounding) ** 2 * market.lengths
    return xp.all(market.diagonal**2 > bound, axis=-1)
