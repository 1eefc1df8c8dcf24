"""What the kernels for arrays of any library share: when a market trades, as in `autarky`.

They use the array API standard only and write nothing in place, so that libraries can follow
gradients through them. An irregular market is exchanged for a plain one before its numbers are
used: a NaN that is masked in the end would still make gradients NaN.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from array_api_compat import device

from deviator.arrays import Array, namespace
from deviator.errors import RefusedError

ROOM = 10.0
"""By how much honest bids may be worse conditioned than the best possible ones, at least."""


BLURRED = 2.0**16
"""As in `autarky`, in units of the machine precision."""

CANCELS = 0.4
"""As in `autarky`, as a power of the machine precision."""


class RowSquares(NamedTuple):
    """Squared lengths of bids' weights on quantities, and on the price, each (S, N)."""

    weights: Array
    price: Array


class Scaling(NamedTuple):
    """How a market is scaled before autarky is decided."""

    price: Array  # (S,), price = scale * scaled price
    rows: Array  # (S, N)


def precision(array: Array) -> float:
    """Return the machine precision of the array's dtype."""
    return float(namespace(array).finfo(array.dtype).eps)


def tolerance(array: Array, n_traders: int) -> float:
    """Return the reciprocal of the largest condition number of a regular market.

    Raises
    ------
    RefusedError
        If in this dtype that leaves no room above the condition number of the best of markets, of
        about sqrt(N).
    """
    bound = 16 * n_traders * precision(array)
    if ROOM * n_traders**0.5 * bound > 1:
        raise RefusedError(
            f"bids in {array.dtype} are told from singular ones in small markets only, got "
            f"{n_traders} traders; convert the bids to float64"
        )
    return bound


def constant_rows(squares: Array, largest: Array) -> Array:
    """Return which rows have no component beside 1' left, up to rounding."""
    return squares <= (8 * precision(squares) * largest) ** 2


def scaling(squares: RowSquares) -> Scaling:
    """Return sqrt(N) / ||b|| for rows with |A_i| = 1, and the lengths of rows that it leaves."""
    xp, n = namespace(squares.weights), squares.weights.shape[-1]
    weighted = squares.weights > 0
    shares = xp.where(weighted, squares.price, 0.0) / xp.where(weighted, squares.weights, 1.0)
    total = xp.sum(shares, axis=-1)
    priced = total > 0
    price = xp.where(priced, xp.sqrt(n / xp.where(priced, total, 1.0)), 1.0)
    length = squares.weights + price[:, None] ** 2 * squares.price
    return Scaling(price, xp.sqrt(xp.where(length > 0, length, 1.0)))


def well_conditioned(condition_squared: Array, diagonal: Array, lengths: Array) -> Array:
    """Return whether markets are regular, given squared norms of their scaled inverses (S, N)."""
    bound = tolerance(diagonal, diagonal.shape[-1])
    responsive = namespace(diagonal).all(diagonal**2 > bound**2 * lengths, axis=-1)
    return responsive & (condition_squared < 1 / bound**2)


def clear_of_rounding(diagonal: Array, lengths: Array, rounding: Callable[[], Array]) -> Array:
    """Return which markets have no P[q_i, i] that may be 0 but for rounding, shape (S,).

    Parameters
    ----------
    diagonal : array, shape (S, N)
        P[q_i, i].
    lengths : array, shape (S, N)
        Squared lengths that tell from which size on they are plainly not 0.
    rounding : callable
        Returns what, times the machine precision, bounds their rounding, shape (S, N).
    """
    xp, rest = namespace(diagonal), precision(diagonal)
    plain = diagonal**2 > rest ** (2 * CANCELS) * lengths
    if not bool(xp.all(plain)):
        plain = plain | (xp.abs(diagonal) > BLURRED * rest * rounding())
    return xp.all(plain, axis=-1)


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
            return matrix, xp.zeros((1,), dtype=xp.bool, device=device(matrix))
    parts = [inverses(matrix[market : market + 1, ...]) for market in range(batch)]
    return xp.concat([part[0] for part in parts]), xp.concat([part[1] for part in parts])


def identity(matrix: Array) -> Array:
    """Return the identity matrix of a matrix's size."""
    xp = namespace(matrix)
    return xp.eye(matrix.shape[-1], **kind(matrix))


def times(matrices: Array, vectors: Array) -> Array:
    """Return matrix b (B, m, n), or the one shared matrix (1, m, n), times vector b (B, n)."""
    xp = namespace(matrices)
    if matrices.shape[0] == 1:
        return xp.matmul(vectors, xp.matrix_transpose(matrices[0, ...]))
    return xp.matmul(matrices, vectors[..., None])[..., 0]


def kind(array: Array) -> dict[str, Any]:
    """Return dtype and device, for new arrays beside this one."""
    return {"dtype": array.dtype, "device": device(array)}
