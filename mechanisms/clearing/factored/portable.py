"""Clearing of factored bids in arrays of any library, as `factored` does it.

With X = [Q; 1' / sqrt(N)], Y = [D, b] the market is a_i q_i + Y_i . w = r_i, X q = [w_1..w_H; 0].
The H + 1 traders of the smallest |a_i| are kept as unknowns beside w = [Q q; p].
"""

from typing import NamedTuple

import numpy as np

from deviator.arrays import Array, like, namespace

from ...languages import FactoredBids
from ...statistics import ROUNDING, PublicStatistics
from ..base import MarketSolution
from ..portable import (
    RowSquares,
    clear_of_rounding,
    constant_rows,
    inverses,
    kind,
    scaling,
    times,
    tolerance,
    well_conditioned,
)


class _Rows(NamedTuple):
    """Bids on the basis of the centered statistics, without their idle component along 1'."""

    own: Array  # (S, N), a
    on_w: Array  # (S, N, H + 1), Y
    squares: RowSquares


class _Scaled(NamedTuple):
    """Scaled rows, those of kept traders set apart; m = min(H + 1, N) of them."""

    own: Array  # (S, N), 1 for kept traders
    on_w: Array  # (S, N, H + 1), 0 for kept traders
    constraints: Array  # (S, N, H + 1), X_i / a_i, 0 for kept traders
    kept: Array  # (S, m, N), 1 where a kept trader is, 0 elsewhere
    kept_own: Array  # (S, m)
    kept_on_w: Array  # (S, m, H + 1)
    kept_ties: Array  # (S, m, H + 1), X_i
    steady: Array  # (S,), whether the others' |a_i| are above rounding


class _Market(NamedTuple):
    """Scaled markets and their inverses in factors; S is 1 where all markets share them."""

    scaled: _Scaled
    price_scale: Array  # (S,)
    row_length: Array  # (S, N)
    inverse: Array  # (S, H + 1 + m, H + 1 + m)
    price_effect: Array  # (S, N), P[p, i]
    diagonal: Array  # (S, N), P[q_i, i]
    regular: Array  # (S,)


def solve(statistics: PublicStatistics, bids: FactoredBids) -> MarketSolution:
    """Clear every market of the batch."""
    xp, (batch, n) = namespace(bids.level), bids.level.shape
    market = _invert(statistics, bids.own_weights, bids.statistic_weights, bids.price_weights)
    regular = market.regular
    if not bool(xp.all(regular)):
        market = _invert(statistics, *_plain_where(~regular, bids))
    price, quantity = _cleared(market, bids.level / market.row_length)
    slope = market.price_scale[:, None] * market.price_effect / market.diagonal
    return MarketSolution(
        market.price_scale * price,
        quantity,
        xp.broadcast_to(slope, (batch, n)),
        xp.broadcast_to(regular, (batch,)),
    )


def _plain_where(irregular: Array, bids: FactoredBids) -> tuple[Array, Array, Array]:
    """Return all weights, those of q_i + p = r_i in irregular markets."""
    xp, trader = namespace(bids.level), irregular[:, None]
    return (
        xp.where(trader, 1.0, bids.own_weights),
        xp.where(trader[..., None], 0.0, bids.statistic_weights),
        xp.where(trader, 1.0, bids.price_weights),
    )


def _invert(statistics: PublicStatistics, own: Array, statistic: Array, price: Array) -> _Market:
    xp = namespace(own)
    rows = _rows(statistics, own, statistic, price)
    scale, length = scaling(rows.squares)
    scaled = _set_apart(statistics, rows, scale, length)
    core = _core(scaled)
    inverse, invertible = inverses(core)
    size = scaled.on_w.shape[-1]
    response = xp.matmul(inverse[:, :, :size], xp.matrix_transpose(scaled.constraints)) + xp.matmul(
        inverse[:, :, size:], scaled.kept
    )
    diagonal, squares = _own_and_squares(scaled, response)
    price_effect = response[:, size - 1, :]
    lengths = squares + price_effect**2
    # The last column of P is [1' / sqrt(N), 0], since rows are orthogonal to 1'.
    conditioned = well_conditioned(1 + xp.sum(lengths, axis=-1), diagonal, lengths)
    apart = clear_of_rounding(
        diagonal,
        xp.maximum(lengths, 1 / scaled.own**2),
        lambda: _rounding(scaled, core, inverse),
    )
    regular = invertible & scaled.steady & conditioned & apart
    return _Market(scaled, scale, length, inverse, price_effect, diagonal, regular)


def _rows(statistics: PublicStatistics, own: Array, statistic: Array, price: Array) -> _Rows:
    xp = namespace(own)
    basis = xp.matmul(statistic, like(own, statistics.coordinates))
    said = statistics.basis.T
    # The own quantity's distance from what the statistics and sum q = 0 say.
    unsaid = 1 - 1 / statistics.n_traders - (said**2).sum(axis=-1)
    unsaid = np.where(unsaid > ROUNDING, unsaid, 0.0)
    on_basis = basis + own[..., None] * like(own, said)
    squares = xp.sum(on_basis**2, axis=-1) + own**2 * like(own, unsaid)
    sizes = like(own, np.abs(statistics.weights).max(axis=1)[:, None])
    constant = constant_rows(squares, xp.abs(own) + xp.matmul(xp.abs(statistic), sizes)[..., 0])
    on_w = xp.concat([xp.where(constant[..., None], 0.0, basis), price[..., None]], axis=-1)
    sizes = RowSquares(xp.where(constant, 0.0, squares), price**2)
    return _Rows(xp.where(constant, 0.0, own), on_w, sizes)


def _set_apart(statistics: PublicStatistics, rows: _Rows, scale: Array, length: Array) -> _Scaled:
    """Scale the rows and set those of the smallest |a_i| apart."""
    xp, n, size = namespace(rows.own), rows.own.shape[-1], rows.on_w.shape[-1]
    own = rows.own / length
    units = xp.concat([xp.ones((scale.shape[0], size - 1), **kind(scale)), scale[:, None]], axis=-1)
    on_w = rows.on_w * units[:, None, :] / length[..., None]
    smallest = xp.argsort(xp.abs(own), axis=-1)[:, : min(size, n)]
    places = xp.arange(n, device=kind(own)["device"])
    is_place = smallest[..., None] == places
    kept, is_kept = xp.astype(is_place, own.dtype), xp.any(is_place, axis=1)
    ties = like(own, np.concatenate([statistics.basis, np.full((1, n), n**-0.5)]).T)
    left = xp.where(is_kept, 1.0, own)
    steady = xp.min(xp.abs(left), axis=-1) > tolerance(own, n)
    left = xp.where(left == 0, 1.0, left)
    return _Scaled(
        left,
        xp.where(is_kept[..., None], 0.0, on_w),
        xp.where(is_kept[..., None], 0.0, ties / left[..., None]),
        kept,
        xp.sum(kept * own[:, None, :], axis=-1),
        xp.matmul(kept, on_w),
        xp.matmul(kept, ties),
        steady,
    )


def _core(scaled: _Scaled) -> Array:
    """Return the equations for [w; q of kept traders], shape (S, H + 1 + m, H + 1 + m).

    X_R (r_R - Y_R w) / a_R + X_K q_K = [w_1..w_H; 0] and Y_K w + a_K q_K = r_K.
    """
    xp, size, m = namespace(scaled.own), scaled.on_w.shape[-1], scaled.kept_own.shape[-1]
    through = xp.matmul(xp.matrix_transpose(scaled.constraints), scaled.on_w)
    through = through + _statistics_only(scaled.own, size)
    top = xp.concat([through, -xp.matrix_transpose(scaled.kept_ties)], axis=-1)
    own = xp.eye(m, **kind(scaled.own)) * scaled.kept_own[:, None, :]
    return xp.concat([top, xp.concat([scaled.kept_on_w, own], axis=-1)], axis=1)


def _own_and_squares(scaled: _Scaled, response: Array) -> tuple[Array, Array]:
    """Return P[q_i, i] and the squared lengths of the columns' quantities, each (S, N)."""
    xp, size = namespace(response), scaled.on_w.shape[-1]
    w, kept_quantity = response[:, :size, :], response[:, size:, :]
    through_w = xp.sum(scaled.on_w * xp.matrix_transpose(w), axis=-1) / scaled.own
    on_quantity = scaled.on_w / scaled.own[..., None]
    gram = xp.matmul(xp.matrix_transpose(on_quantity), on_quantity)
    all_through_w = xp.sum(w * xp.matmul(gram, w), axis=1)
    is_kept = xp.sum(scaled.kept, axis=1) > 0
    kept_diagonal = xp.sum(kept_quantity * scaled.kept, axis=1)
    diagonal = xp.where(is_kept, kept_diagonal, 1 / scaled.own - through_w)
    others = all_through_w + xp.sum(kept_quantity**2, axis=1) - through_w**2 - kept_diagonal**2
    return diagonal, diagonal**2 + xp.where(others > 0, others, 0.0)


def _rounding(scaled: _Scaled, core: Array, inverse: Array) -> Array:
    """Return what, times the machine precision, bounds the rounding of P[q_i, i], (S, N)."""
    xp, size = namespace(core), scaled.on_w.shape[-1]
    on_w = xp.abs(scaled.on_w / scaled.own[..., None])
    # Sums over traders may cancel, and count by the lengths of what is added up.
    sums = xp.sqrt(xp.sum(on_w**2, axis=1))[:, None, :] + _statistics_only(core, size)
    top = xp.concat([sums, xp.abs(core[:, :size, size:])], axis=-1)
    absolute = xp.concat([top, xp.abs(core[:, size:, :])], axis=1)
    blown = xp.matmul(xp.matmul(xp.abs(inverse), absolute), xp.abs(inverse))
    through = xp.matmul(on_w, blown[:, :size, :size])
    others = 1 / xp.abs(scaled.own) + xp.sum(through * xp.abs(scaled.constraints), axis=-1)
    kept = xp.sum(xp.linalg.diagonal(blown)[:, size:, None] * scaled.kept, axis=1)
    bound: Array = xp.where(xp.sum(scaled.kept, axis=1) > 0, kept, others)
    return bound


def _statistics_only(reference: Array, size: int) -> Array:
    """Return the identity, (H + 1, H + 1), with 0 in the place of the price."""
    xp = namespace(reference)
    first = xp.arange(size, device=kind(reference)["device"]) < size - 1
    only: Array = xp.eye(size, **kind(reference)) * xp.astype(first, reference.dtype)
    return only


def _cleared(market: _Market, level: Array) -> tuple[Array, Array]:
    """Return scaled prices (B,) and quantities (B, N) for scaled levels."""
    xp, scaled, size = namespace(level), market.scaled, market.scaled.on_w.shape[-1]
    ties = xp.matrix_transpose(scaled.constraints)
    right = xp.concat([times(ties, level), times(scaled.kept, level)], axis=-1)
    solution = times(market.inverse, right)
    w, kept_quantity = solution[:, :size], solution[:, size:]
    of_kept = times(xp.matrix_transpose(scaled.kept), kept_quantity)
    eliminated = (level - times(scaled.on_w, w)) / scaled.own
    quantity = xp.where(xp.sum(scaled.kept, axis=1) > 0, of_kept, eliminated)
    return w[:, size - 1], quantity
