"""Who gets units when bids are ranked: the highest win, and equal ones by index.

Of equal bids that of the trader of the lower index comes first, and of one trader's that for the
earlier unit. This decides who holds units, never at what prices.
"""

import numpy as np

from deviator.validation import Floats

Ints = np.ndarray[tuple[int, ...], np.dtype[np.intp]]


def units_won(bids: Floats, total: int) -> Ints:
    """Return how many of the highest bids are each trader's, shape (B, N).

    Parameters
    ----------
    bids : ndarray of float, shape (B, N, K)
    total : int
        How many units there are, at most N K.

    Examples
    --------
    >>> units_won(np.array([[[9.0, 5.0], [7.0, 5.0], [6.0, 1.0]]]), total=4)
    array([[2, 1, 1]])
    """
    batch, n, numbers = bids.shape
    order = np.argsort(-bids.reshape(batch, -1), axis=1, kind="stable")
    winners = order[:, :total] // numbers
    return np.asarray((winners[:, :, None] == np.arange(n)).sum(axis=1))


def ranked(bids: Floats) -> Floats:
    """Return all bids of each market, highest first, shape (B, N K).

    Examples
    --------
    >>> ranked(np.array([[[9.0, 5.0], [7.0, 4.0]]]))
    array([[9., 7., 5., 4.]])
    """
    return np.asarray(-np.sort(-bids.reshape(len(bids), -1), axis=1))


def ranked_others(bids: Floats, trader: int) -> Floats:
    """Return the bids of all but one trader, highest first, shape (B, (N - 1) K).

    Examples
    --------
    >>> ranked_others(np.array([[[9.0, 5.0], [7.0, 4.0]]]), trader=0)
    array([[7., 4.]])
    """
    return ranked(np.delete(bids, trader, axis=1))
