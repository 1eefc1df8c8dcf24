"""When a market of linear conditional bids trades, free of units and of how bids are written.

Each row of A is freed of its component along 1' (which sum q = 0 makes idle) and scaled to length
one, the price column is scaled to match the quantity block, and the market is regular when the
Frobenius condition number of the resulting M is below a bound and no P[q_i, i] vanishes beside
its column of P = M^-1.

Squares of weights must not over- or underflow: markets with weights that are further than about
1e+-150 from 1 count as irregular. Bids in other units (`Bids.rescaled`) are the way out.

All of it uses the array API standard only and writes nothing in place, so that it serves every
kernel and libraries can follow gradients through it.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from array_api_compat import device

from deviator.arrays import Array, like, namespace
from deviator.errors import RefusedError
from deviator.validation import Bools, Floats

EPS = float(np.finfo(np.float64).eps)
"""Machine precision of double precision."""

CONDITION_ROUNDINGS = 16
"""Roundings for each trader that the smallest singular value of a regular market exceeds. A solver
loses about N of them, so that numbers of regular markets keep at least one digit."""

IDLE_ROUNDINGS = 8
"""Roundings of its largest weight up to which what is left of a row without its mean is rounding:
the mean and the difference each cost a few."""

BLURRED = 2.0**16
"""Numbers below so many times what bounds their rounding (`amplified`) may be 0. Bounds of first
order miss by small factors only; 2^16 leaves a third of the digits as margin."""

CANCELS = 1e-6
"""Updates that leave less than this share of what they add and take away are mostly rounding, in
double precision; in others the share is larger (`cancellation_share`)."""

CONDITION_ROOM = 10.0
"""By how much honest bids may be worse conditioned than the best possible ones, at least."""


class RowSquares(NamedTuple):
    """Squared lengths of bids' weights on quantities, and on the price."""

    weights: Array  # (..., N)
    price: Array  # (..., N)


def precision(array: Array) -> float:
    """Return the machine precision of the array's dtype."""
    return float(namespace(array).finfo(array.dtype).eps)


def tolerance(n_traders: int, eps: float = EPS) -> float:
    """Return the reciprocal of the largest condition number of a regular market."""
    return CONDITION_ROUNDINGS * n_traders * eps


def cancellation_share(eps: float) -> float:
    """Return `CANCELS` for a machine precision: as its power 0.4, between half and a third."""
    return float(CANCELS * (eps / EPS) ** 0.4)


def require_precision(array: Array, n_traders: int) -> None:
    """Refuse dtypes in which the best of markets, of condition sqrt(N), would count as singular."""
    if CONDITION_ROOM * n_traders**0.5 * tolerance(n_traders, precision(array)) > 1:
        raise RefusedError(
            f"bids in {array.dtype} can be distinguished from singular ones in small markets only, "
            f"got {n_traders} traders; convert the bids to float64"
        )


def constant_rows(squares: Array, largest: Array) -> Array:
    """Return which rows are constant up to rounding: idle, however large the constant.

    Given are the squared length of what is left without the mean, and the largest weight, of each.
    """
    return squares <= (IDLE_ROUNDINGS * precision(squares) * largest) ** 2


def price_shares(squares: RowSquares) -> Array:
    """Return b_i^2 / |A_i|^2, 0 for rows without weights: free of how a bid is written."""
    xp, weighted = namespace(squares.weights), squares.weights > 0
    return xp.where(weighted, squares.price, 0.0) / xp.where(weighted, squares.weights, 1.0)


def price_scale(total_share: Array, n_traders: int) -> Array:
    """Return sqrt(N) / ||b|| for rows with |A_i| = 1, given ||b||^2; 1 where b = 0.

    Price weights that are rounding errors of 0 do not count beside true ones.
    """
    xp, priced = namespace(total_share), total_share > 0
    return xp.where(priced, xp.sqrt(n_traders / xp.where(priced, total_share, 1.0)), 1.0)


def row_lengths(squares: RowSquares, scale: Array) -> Array:
    """Return the lengths of rows whose price weights are scaled; 1 for empty ones."""
    xp = namespace(squares.weights)
    length = squares.weights + scale**2 * squares.price
    return xp.sqrt(xp.where(length > 0, length, 1.0))


def well_conditioned(condition_squared: Array, diagonal: Array, lengths: Array) -> Array:
    """Return whether markets are regular, given squared norms of their scaled inverses.

    The condition number squared is the sum over j of |row_j of M|^2 |column_j of P|^2; `diagonal`
    has P[q_i, i], and `lengths` the squared length of the column that holds it, each (..., N).
    """
    bound = tolerance(diagonal.shape[-1], precision(diagonal))
    responsive = namespace(diagonal).all(diagonal**2 > bound**2 * lengths, axis=-1)
    return responsive & (condition_squared < 1 / bound**2)


def clear_of_rounding(diagonal: Array, lengths: Array, rounding: Callable[[], Array]) -> Array:
    """Return which markets have no P[q_i, i] that may be 0 but for rounding, shape (S,).

    Those that are not what is left of numbers that all but cancel, of squared `lengths` (S, N), are
    plainly not 0; `rounding` returns what, times the machine precision, bounds their rounding. It
    costs more, and is asked only where some are.
    """
    xp, eps = namespace(diagonal), precision(diagonal)
    plain = diagonal**2 > cancellation_share(eps) ** 2 * lengths
    if not bool(xp.all(plain)):
        plain = plain | (xp.abs(diagonal) > BLURRED * eps * rounding())
    return xp.all(plain, axis=-1)


def amplified(core: Array, inverse: Array, lengths: Array) -> Array:
    """Return |core^-1| |core| |core^-1|: eps times it bounds how rounding moves the inverse.

    Parameters
    ----------
    core, inverse : array, shape (..., K, K)
    lengths : array, shape (..., H + 1)
        The first entries of `core` are sums over traders, which may cancel: they count by the
        lengths of what is added up. To all but the last of them the identity is added.
    """
    xp, size = namespace(core), lengths.shape[-1]
    absolute = lengths[..., None, :] + but_the_last(core, size)
    if core.shape[-1] > size:
        rest = xp.abs(core)
        top = xp.concat([absolute, rest[..., :size, size:]], axis=-1)
        absolute = xp.concat([top, rest[..., size:, :]], axis=-2)
    inverse = xp.abs(inverse)
    return xp.matmul(xp.matmul(inverse, absolute), inverse)


def but_the_last(reference: Array, size: int) -> Array:
    """Return the identity, (size, size), with 0 for the last, which is the price's."""
    identity = np.eye(size)
    identity[-1, -1] = 0.0
    return like(reference, identity)


def divisor(values: Array) -> Array:
    """Return the values with NaN for 0: a quotient that means nothing, in an irregular market."""
    xp = namespace(values)
    return xp.where(values == 0, xp.nan, values)


def inverses(matrix: Array) -> tuple[Array, Array]:
    """Return inverses and whether each exists; one singular market does not spoil the others."""
    xp, batch = namespace(matrix), matrix.shape[0]
    if hasattr(xp.linalg, "inv_ex"):  # torch's way not to raise, which no standard has
        inverse, failures = xp.linalg.inv_ex(matrix)
        return inverse, failures == 0
    try:
        return xp.linalg.inv(matrix), xp.ones((batch,), dtype=xp.bool, device=device(matrix))
    except np.linalg.LinAlgError:
        if batch == 1:
            nowhere = xp.zeros((1,), dtype=xp.bool, device=device(matrix))
            return xp.zeros_like(matrix), nowhere
    middle = batch // 2
    parts = [inverses(matrix[:middle, ...]), inverses(matrix[middle:, ...])]
    return xp.concat([part[0] for part in parts]), xp.concat([part[1] for part in parts])


def times(matrices: Array, vectors: Array) -> Array:
    """Return matrix b (B, m, n), or the one shared matrix (1, m, n), times vector b (B, n)."""
    xp = namespace(matrices)
    if matrices.shape[0] == 1:  # one product of matrices takes a fraction of the time of many
        return xp.matmul(vectors, xp.matrix_transpose(matrices[0, ...]))
    return xp.matmul(matrices, vectors[..., None])[..., 0]


def kind(array: Array) -> dict[str, Any]:
    """Return dtype and device, for new arrays beside this one."""
    return {"dtype": array.dtype, "device": device(array)}


class Deviated(NamedTuple):
    """What a trader's candidate bids do to the inverses of markets: column by column of P.

    Column j of the new inverse is P_j - ratio_j P_i, column i is P_i / pivot.
    """

    ratio: Floats  # (B, M, N)
    pivot: Floats  # (B, M)
    squares: RowSquares  # of the candidates, shape (B, M)
    length: Floats  # (B, M), of their rows under the present price scale
    trader: int


class PresentInverse(NamedTuple):
    """What of the present inverses P decides on autarky after one trader's deviation."""

    rows: RowSquares  # shape (S, N)
    price_scale: Floats  # (S,)
    row_length: Floats  # (S, N)
    diagonal: Floats  # (S, N), P[q_j, j]
    price: Floats  # (S, N), P[p, j]
    squares: Floats  # (S, N), squared lengths of the columns' quantities
    column: Floats  # (S, N), P[q_j, i] of the trader i who deviates
    overlap: Floats  # (S, N), inner products of the columns' quantities with column i's


def regular_after(present: PresentInverse, new: Deviated) -> tuple[Bools, Bools]:
    """Decide autarky of the deviated markets as a fresh clearing would, from the old inverse.

    Returns whether they are regular, and whether the update decides it, each (B, M): where the
    pivot or a P[q_j, j] all but cancels, rounding would decide, and a fresh clearing has to.
    """
    i, ratio, pivot = new.trader, new.ratio, new.pivot
    own_squares, price = present.squares[:, None, i], present.price[:, None]
    quantity_part = present.squares[:, None] - 2 * ratio * present.overlap[:, None]
    quantity_part += ratio**2 * own_squares[..., None]
    price_part = (price - ratio * price[..., i, None]) ** 2
    before, change = present.diagonal[:, None], ratio * present.column[:, None]
    diagonal = before - change
    decided = np.abs(diagonal) > CANCELS * np.maximum(np.abs(before), np.abs(change))
    decided[..., i] = np.abs(pivot) > CANCELS * np.sqrt(own_squares + price[..., i] ** 2)
    quantity_part[..., i] = own_squares / pivot**2
    price_part[..., i] = (price[..., i] / pivot) ** 2
    diagonal[..., i] = present.diagonal[:, None, i] / pivot
    rescale, row_squares = _rescaled_rows(present, new)
    lengths = np.maximum(quantity_part, 0.0) + price_part * rescale[..., None] ** 2
    # The column of the equation sum q = 0 has length one, whatever the bids.
    condition = 1 + (lengths * row_squares).sum(axis=-1)
    regular: Bools = np.isfinite(pivot) & well_conditioned(condition, diagonal, lengths)
    return regular, np.asarray(decided.all(axis=-1))


def fresh_price_scale(rows: RowSquares, new: RowSquares, trader: int) -> Floats:
    """Return the price scale (B, M) of markets with one trader's candidates (B, M) in them."""
    shares = price_shares(rows)
    others = np.delete(shares, trader, axis=-1).sum(axis=-1)[:, None]
    return np.asarray(price_scale(others + price_shares(new), shares.shape[-1]))


def _rescaled_rows(present: PresentInverse, new: Deviated) -> tuple[Floats, Floats]:
    """Return what candidates do to the scaling of the markets, of shapes (B, M) and (B, M, N).

    Present over new price scale; squared row lengths under the new scale, for rows that have length
    one under the present one. A candidate takes part in the price scale, as it does when the market
    is cleared afresh.
    """
    rows, fresh = present.rows, fresh_price_scale(present.rows, new.squares, new.trader)
    scaled = rows.weights[:, None] + fresh[..., None] ** 2 * rows.price[:, None]
    squares = scaled / present.row_length[:, None] ** 2
    squares[..., new.trader] = (new.squares.weights + fresh**2 * new.squares.price) / new.length**2
    return present.price_scale[:, None] / fresh, squares
