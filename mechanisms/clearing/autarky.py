"""When a market of linear conditional bids trades, free of units and of how bids are written.

Each row of A is freed of its component along 1' (which sum q = 0 makes idle) and scaled to length
one, the price column is scaled to match the quantity block, and the market is regular when the
Frobenius condition number of the resulting M is below a bound and no P[q_i, i] vanishes beside
its column of P = M^-1.

Squares of weights must not over- or underflow: markets with weights that are further than about
1e+-150 from 1 count as irregular. Bids in other units (`Bids.rescaled`) are the way out.
"""

from typing import NamedTuple

import numpy as np

from deviator.validation import Bools, Floats


def tolerance(n_traders: int) -> float:
    """Return the reciprocal of the largest condition number of a regular market."""
    return 16 * n_traders * float(np.finfo(np.float64).eps)


BLURRED = 2.0**16 * float(np.finfo(np.float64).eps)
"""Numbers below this share of what their rounding is bounded by (`amplified`) may be 0."""

CANCELS = 1e-6
"""Updates that leave less than this share of what they add and take away are mostly rounding."""


class RowSquares(NamedTuple):
    """Squared lengths of bids' weights on quantities, and on the price."""

    weights: Floats  # (..., N)
    price: Floats  # (..., N)


def price_shares(squares: RowSquares) -> Floats:
    """Return b_i^2 / |A_i|^2, 0 for rows without weights: free of how a bid is written."""
    weighted = squares.weights > 0
    shares: Floats = np.where(weighted, squares.price, 0.0) / np.where(
        weighted, squares.weights, 1.0
    )
    return shares


def price_scale(total_share: Floats, n_traders: int) -> Floats:
    """Return sqrt(N) / ||b|| for rows with |A_i| = 1, given ||b||^2; 1 where b = 0.

    Price weights that are rounding errors of 0 do not count beside true ones.
    """
    priced = total_share > 0
    return np.where(priced, np.sqrt(n_traders / np.where(priced, total_share, 1.0)), 1.0)


def row_lengths(squares: RowSquares, scale: Floats) -> Floats:
    """Return the lengths of rows whose price weights are scaled; 1 for empty ones."""
    length = np.sqrt(squares.weights + scale**2 * squares.price)
    return np.where(length > 0, length, 1.0)


def rescaled_rows(
    rows: RowSquares,
    scale: Floats,
    length: Floats,
    new: RowSquares,
    new_length: Floats,
    trader: int,
) -> tuple[Floats, Floats]:
    """Return what one trader's candidate bids do to the scaling of markets that he is in.

    A candidate takes part in the price scale, as it does when the market is cleared afresh.

    Parameters
    ----------
    rows : RowSquares
        Of the present bids, shape (S, N).
    scale : ndarray of float, shape (S,)
        Present price scale.
    length : ndarray of float, shape (S, N)
        Present row lengths.
    new : RowSquares
        Of the candidates, shape (B, M).
    new_length : ndarray of float, shape (B, M)
        Their lengths under the present scale.
    trader : int

    Returns
    -------
    tuple of ndarray of float, of shapes (B, M) and (B, M, N)
        Present over new price scale; squared row lengths under the new scale, for rows that have
        length one under the present one.
    """
    shares = price_shares(rows)
    others = np.delete(shares, trader, axis=-1).sum(axis=-1)[:, None]
    fresh = price_scale(others + price_shares(new), shares.shape[-1])  # (B, M)
    squares = (rows.weights[:, None] + fresh[..., None] ** 2 * rows.price[:, None]) / length[
        :, None
    ] ** 2
    squares[..., trader] = (new.weights + fresh**2 * new.price) / new_length**2
    return scale[:, None] / fresh, squares


def well_conditioned(condition_squared: Floats, diagonal: Floats, lengths: Floats) -> Bools:
    """Return whether markets are regular, given squared norms of their scaled inverses.

    Parameters
    ----------
    condition_squared : ndarray of float, shape (...)
        Sum over j of |row_j of M|^2 |column_j of P|^2.
    diagonal, lengths : ndarray of float, shape (..., N)
        P[q_i, i], and the squared length of the column that holds it.
    """
    bound = tolerance(diagonal.shape[-1])
    responsive = (diagonal**2 > bound**2 * lengths).all(axis=-1)
    regular: Bools = responsive & (condition_squared < 1 / bound**2)
    return regular


def amplified(core: Floats, inverse: Floats, lengths: Floats) -> Floats:
    """Return |core^-1| |core| |core^-1|: eps times it bounds how rounding moves the inverse.

    Parameters
    ----------
    core, inverse : ndarray of float, shape (..., K, K)
    lengths : ndarray of float, shape (..., H + 1)
        The first entries of `core` are sums over traders, which may cancel: they count by the
        lengths of what is added up. To all but the last of them the identity is added.
    """
    size, absolute = lengths.shape[-1], np.abs(core)
    absolute[..., :size, :size] = lengths[..., None, :] + np.diag(np.arange(size) < size - 1)
    return np.asarray(np.abs(inverse) @ absolute @ np.abs(inverse))


def divisor(values: Floats) -> Floats:
    """Return the values with NaN for 0: a quotient that means nothing, in an irregular market."""
    return np.where(values == 0, np.nan, values)


def inverses(matrix: Floats) -> tuple[Floats, Bools]:
    """Return inverses and whether each exists; one singular market does not spoil the others."""
    try:
        inverse = np.asarray(np.linalg.inv(matrix), dtype=np.float64)
        return inverse, np.ones(len(matrix), dtype=bool)
    except np.linalg.LinAlgError:
        if len(matrix) == 1:
            return np.zeros_like(matrix), np.zeros(1, dtype=bool)
        middle = len(matrix) // 2
        parts = [inverses(matrix[:middle]), inverses(matrix[middle:])]
        return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])
