"""Who holds the units in a market for single units: the traders of the highest values.

Every seller owns one unit, every trader wants one at most. Of N values, with S sellers, the S
highest hold a unit after trade: buyers among them buy, sellers not among them sell. With buyers'
values b_(1) >= b_(2) >= ... and sellers' s_(1) <= s_(2) <= ..., these are the m pairs for which
b_(m) > s_(m), and the prices at which the market clears are those between the (S + 1)-th highest
value, max(s_(m), b_(m+1)), and the S-th highest, min(b_(m), s_(m+1)) [1]_.

References
----------
.. [1] Satterthwaite and Williams (1989), Bilateral trade with the sealed bid k-double auction,
   Journal of Economic Theory 48, 107-133.
"""

from typing import NamedTuple

import numpy as np

from deviator.validation import Bools, Floats


class UnitMatch(NamedTuple):
    """Who trades, and the interval of market-clearing prices.

    Attributes
    ----------
    quantity : ndarray of float, shape (B, N)
        1 for buyers who buy, -1 for sellers who sell, else 0.
    rank : ndarray of int, shape (B, N)
        Place in the order of values, highest first, from 0; the first S hold a unit.
    lower, upper : ndarray of float, shape (B,)
        Ends of the interval, in the units of the values.
    pairs : ndarray of int, shape (B,)
        m, how many pairs trade.
    """

    quantity: Floats
    rank: np.ndarray[tuple[int, ...], np.dtype[np.intp]]
    lower: Floats
    upper: Floats
    pairs: np.ndarray[tuple[int, ...], np.dtype[np.intp]]


def match_units(values: Floats, buyers: Bools) -> UnitMatch:
    """Return who trades at given values.

    Of equal values, sellers' count as higher than buyers', so that a pair without gains does not
    trade, and then those of lower indices do. That rule decides who trades, never at what prices.

    Parameters
    ----------
    values : ndarray of float, shape (B, N)
        Infinite values keep a trader out: minus infinity a buyer, infinity a seller.
    buyers : ndarray of bool, shape (N,)
        Who buys; at least one trader, and not all.

    Examples
    --------
    Buyers value the unit 9 and 4, the sellers 3 and 6: one pair trades, at a price from 4 to 6.

    >>> match = match_units(np.array([[9.0, 4.0, 3.0, 6.0]]), np.array([True, True, False, False]))
    >>> match.quantity, match.lower, match.upper
    (array([[ 1.,  0., -1.,  0.]]), array([4.]), array([6.]))
    """
    sellers = int((~buyers).sum())
    places = np.argsort(buyers, kind="stable")
    order = places[np.argsort(-values[:, places], axis=1, kind="stable")]
    rank = np.argsort(order, axis=1)
    quantity = (rank < sellers) - 1.0 * ~buyers
    ranked = np.take_along_axis(values, order, axis=1)
    pairs = (quantity > 0).sum(axis=1)
    return UnitMatch(quantity, rank, ranked[:, sellers], ranked[:, sellers - 1], pairs)


def holding_threshold(values: Floats, buyers: Bools, trader: int) -> Floats:
    """Return the value that a trader must pass to hold a unit after trade, shape (B,).

    It is the S-th highest value of the others, whatever side the trader is on.

    Examples
    --------
    >>> values = np.array([[9.0, 4.0, 3.0, 6.0]])
    >>> holding_threshold(values, np.array([True, True, False, False]), trader=0)
    array([4.])
    """
    others = np.delete(values, trader, axis=1)
    place = others.shape[1] - int((~buyers).sum())
    return np.partition(others, place, axis=1)[:, place]
