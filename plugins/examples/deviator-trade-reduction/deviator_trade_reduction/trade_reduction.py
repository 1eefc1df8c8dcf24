"""McAfee's trade reduction (1992): the pair that sets the prices does not trade.

With buyers' values b_(1) >= b_(2) >= ..., sellers' s_(1) <= s_(2) <= ... and m pairs that can gain
from trade, the price p = (b_(m+1) + s_(m+1)) / 2 is set by traders who do not trade. If it lies
between s_(m) and b_(m), all m pairs trade at it. Otherwise, and if there is no (m+1)-th buyer or
seller, the m-th pair is left out; the others trade, buyers pay b_(m) and sellers receive s_(m).
"""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, final

import numpy as np
from typing_extensions import override

from deviator.economies import UnitMatch, match_units
from deviator.mechanisms import Buyers, Claim, Outcome, UnitDemandMechanism, side_prices
from deviator.validation import Bools, Floats


@final
@dataclass(frozen=True)
class TradeReduction(UnitDemandMechanism):
    """McAfee's double auction for single units.

    No trader's bid moves the price at which the trader trades: honesty is a dominant strategy,
    nobody loses, and the mechanism keeps b_(m) - s_(m) for each trading pair, or nothing. It gives
    up at most one pair, the one with the smallest gain. Quantities always balance.

    Parameters
    ----------
    buyers : int, tuple of int or None
        Who buys: the first `buyers` traders, the traders with these indices, or the first half.
    unit : float
        Number of units of the good that are traded as one; other than 1 after a change of units.

    Raises
    ------
    InvalidInputError
        If a setting is out of range.

    References
    ----------
    McAfee (1992), A dominant strategy double auction, Journal of Economic Theory 56, 434-450.

    Examples
    --------
    Two pairs can gain. The price (2 + 6) / 2 = 4 fits between 3 and 7, and both trade at it.

    >>> from deviator.mechanisms import Reports
    >>> values = np.array([[9.0, 7.0, 2.0, 1.0, 3.0, 6.0]])
    >>> TradeReduction().clear(Reports(values)).transfer
    array([[ 4.,  4.,  0., -4., -4.,  0.]])

    Here the price (3 + 8) / 2 does not fit between 2 and 4, and the second pair is left out.

    >>> values = np.array([[9.0, 4.0, 3.0, 1.0, 2.0, 8.0]])
    >>> TradeReduction().clear(Reports(values)).transfer
    array([[ 4.,  0.,  0., -2.,  0.,  0.]])
    """

    buyers: Buyers = None
    unit: float = 1.0
    name: ClassVar[str] = "trade-reduction"
    claims = frozenset[Claim]({"truthful", "individually_rational", "budget_surplus"})

    @override
    def clear(self, bids: Any) -> Outcome:
        self.check_record(bids)
        buyers = self.buyer_mask(bids.shape[1])
        match = match_units(bids.types, buyers)
        prices = _prices(bids.types, buyers, match)
        trades = np.where(
            prices.reduced[:, None], _without_last_pair(match, buyers), match.quantity
        )
        pairs = match.pairs - prices.reduced
        price = side_prices(buyers, prices.buy, prices.sell, pairs)
        quantity = self.unit * trades
        transfer = np.where(trades == 0, 0.0, quantity * price)
        return Outcome(price, quantity, transfer, pairs > 0)

    @override
    def price_to_trade(self, bids: Any, trader: int) -> Floats:
        """Return the price of a bid beyond all others: no trading bid moves it."""
        winning = bids.as_array().copy()
        winning[:, trader] = self._beyond(bids, trader)
        outcome = self.clear(type(bids).from_array(winning))
        return np.where(outcome.quantity[:, trader] == 0, np.nan, outcome.price[:, trader])

    @override
    def bid_to_hold(self, bids: Any, trader: int, holds: Bools) -> Floats:
        """Return bids beyond all others, where the unit is to change hands, or behind them."""
        buys = self.buyer_mask(bids.shape[1])[trader]
        behind = _extreme(bids.types, trader, above=not buys)
        trades = holds if buys else ~holds
        return np.where(trades[:, None], self._beyond(bids, trader), behind)

    def _beyond(self, bids: Any, trader: int) -> Floats:
        buys = bool(self.buyer_mask(bids.shape[1])[trader])
        return _extreme(bids.types, trader, above=buys)


class _Prices(NamedTuple):
    """Buyers' and sellers' prices, each (B,), and whether the last pair is left out."""

    buy: Floats
    sell: Floats
    reduced: Bools


def _prices(values: Floats, buyers: Bools, match: UnitMatch) -> _Prices:
    trades = match.quantity != 0
    last_buyer = np.where(trades & buyers, values, np.inf).min(axis=1)
    last_seller = np.where(trades & ~buyers, values, -np.inf).max(axis=1)
    next_buyer = np.where(~trades & buyers, values, -np.inf).max(axis=1)
    next_seller = np.where(~trades & ~buyers, values, np.inf).min(axis=1)
    exists = np.isfinite(next_buyer) & np.isfinite(next_seller)
    middle = 0.5 * (np.where(exists, next_buyer, 0.0) + np.where(exists, next_seller, 0.0))
    fits = exists & (last_seller <= middle) & (middle <= last_buyer)
    return _Prices(
        np.where(fits, middle, last_buyer),
        np.where(fits, middle, last_seller),
        ~fits & (match.pairs > 0),
    )


def _without_last_pair(match: UnitMatch, buyers: Bools) -> Floats:
    """Return the trades without those of the buyer and the seller who are closest to the margin.

    That buyer has the largest rank of the trading buyers, that seller the smallest of the sellers.
    """
    n = len(buyers)
    buys = np.where(match.quantity > 0, match.rank, -1)
    sells = np.where(match.quantity < 0, match.rank, n)
    last = (buys == buys.max(axis=1, keepdims=True)) | (sells == sells.min(axis=1, keepdims=True))
    return np.where(last, 0.0, match.quantity)


def _extreme(values: Floats, trader: int, *, above: bool) -> Floats:
    """Return bids just above, or just below, all of the others' values, shape (B, 1)."""
    others = np.delete(values, trader, axis=1)
    edge = others.max(axis=1) if above else others.min(axis=1)
    return np.asarray(np.nextafter(edge, np.inf if above else -np.inf)[:, None])
