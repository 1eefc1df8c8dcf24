"""When a market of linear conditional bids trades, free of units and of how bids are written.

Each row of A is freed of its component along 1' (which sum q = 0 makes idle) and scaled to length
one, the price column is scaled to match the quantity block, and the market is regular when the
Frobenius condition number of the resulting M is below a bound and no P[q_i, i] vanishes beside
its column of P = M^-1.
"""

import numpy as np

from deviator.validation import Bools, Floats


def tolerance(n_traders: int) -> float:
    """Return the reciprocal of the largest condition number of a regular market."""
    return 16 * n_traders * float(np.finfo(np.float64).eps)


def price_shares(weight_squares: Floats, price_squares: Floats) -> Floats:
    """Return b_i^2 / |A_i|^2, 0 for rows without weights: free of how a bid is written."""
    weighted = weight_squares > 0
    shares: Floats = np.where(weighted, price_squares, 0.0) / np.where(
        weighted, weight_squares, 1.0
    )
    return shares


def price_scale(total_share: Floats, n_traders: int) -> Floats:
    """Return sqrt(N) / ||b|| for rows with |A_i| = 1, given ||b||^2; 1 where b = 0.

    Price weights that are rounding errors of 0 do not count beside true ones.
    """
    priced = total_share > 0
    return np.where(priced, np.sqrt(n_traders / np.where(priced, total_share, 1.0)), 1.0)


def row_lengths(weight_squares: Floats, price_squares: Floats, scale: Floats) -> Floats:
    """Return the lengths of rows whose price weights are multiplied by a scale; 1 for empty ones.

    Parameters
    ----------
    weight_squares, price_squares : ndarray of float, shape (..., N)
    scale : ndarray of float, shape (...)
    """
    length = np.sqrt(weight_squares + scale[..., None] ** 2 * price_squares)
    return np.where(length > 0, length, 1.0)


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
        parts = [inverses(matrix[market : market + 1]) for market in range(len(matrix))]
        return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])
