"""Whether markets are regular after one trader's deviation, from the inverse before it.

Only one row of the market matrix M changes, so that the new inverse is the old P less an outer
product: column j becomes P_j - ratio_j P_i, column i becomes P_i / pivot.
"""

from typing import NamedTuple

import numpy as np

from deviator.validation import Bools, Floats

from .autarky import CANCELS, RowSquares, price_scale, price_shares, well_conditioned


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

    Where the pivot or a P[q_j, j] all but cancels, rounding would decide, and a fresh clearing has
    to.

    Returns
    -------
    Whether markets are regular, and whether the update decides it, each of shape (B, M).
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
