"""The Vickrey double auction with a fee for everybody who trades (Example 9, unit demands).

A fee phi on each of the two traders of a pair makes their gain b - s - 2 phi. As if values were
b - phi and s + phi, the m best pairs trade, those with b_(m) - s_(m) > 2 phi. Each trader pays, or
receives, the price at which the trade would just have happened, and pays the fee.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar, final

import numpy as np
from typing_extensions import override

from deviator.economies import holding_threshold, match_units
from deviator.units import MONEY
from deviator.validation import Bools, Floats, freeze, non_negative

from ..base import Claim
from ..outcome import Outcome
from .unit_demand_mechanism import Buyers, UnitDemandMechanism, side_prices


@final
@dataclass(frozen=True)
class EntryFeeDoubleAuction(UnitDemandMechanism):
    """Single units, pivotal prices, and a fee paid by those who trade.

    With lower and upper the ends of the clearing interval at the values net of fees, buyers pay
    lower + phi and sellers receive upper - phi: honesty is a dominant strategy and nobody loses. At
    phi = 0 it is the Vickrey double auction: efficient, with a deficit of m (upper - lower). The
    budget is 2 m phi - m (upper - lower), and since upper - lower <= b_(m) - s_(m) - 2 phi, it is
    never in deficit where phi >= (highest - lowest value) / 4. That is the least such fee, but the
    rule does not know how far values may lie apart, so it does not claim a surplus: whatever the
    fee, one buyer of a high value and one seller of a low one among traders who are priced out
    leave a deficit. Where nobody trades, nothing is paid.

    Parameters
    ----------
    fee : float
        phi, paid by each trader who trades, in units of money, non-negative.
    buyers, unit
        As in `UnitDemandMechanism`.

    Raises
    ------
    InvalidInputError
        If a setting is out of range.

    References
    ----------
    Andreyanov and Sadzik (2021), Robust Mechanism Design of Exchange, Example 9, with the
    allocation of the largest total utility net of fees. Vickrey (1961), Counterspeculation,
    auctions, and competitive sealed tenders, Journal of Finance 16, 8-37, for phi = 0.

    Examples
    --------
    Values net of fees are 8, 3 and 4, 7: one pair trades, at 4 + 1 for the buyer, 7 - 1 for the
    seller.

    >>> from deviator.mechanisms import Reports
    >>> auction = EntryFeeDoubleAuction(fee=1.0)
    >>> auction.clear(Reports(np.array([[9.0, 4.0, 3.0, 6.0]]))).transfer
    array([[ 5.,  0., -6.,  0.]])
    """

    fee: float = field(default=0.1, metadata=MONEY)
    buyers: Buyers = None
    unit: float = 1.0
    name: ClassVar[str] = "entry-fee-double-auction"

    def __post_init__(self) -> None:
        super().__post_init__()
        freeze(self, fee=non_negative("fee", self.fee))

    @property
    @override
    def claims(self) -> frozenset[Claim]:  # type: ignore[override]
        safe = frozenset[Claim]({"truthful", "individually_rational"})
        return safe | frozenset[Claim]({"efficient"}) if self.fee == 0 else safe

    @override
    def clear(self, bids: Any) -> Outcome:
        self.check_record(bids)
        buyers = self.buyer_mask(bids.shape[1])
        match = match_units(bids.types - self._fee_per_unit(buyers), buyers)
        fee = self.fee / self.unit
        price = side_prices(buyers, match.lower + fee, match.upper - fee, match.pairs)
        traded = match.pairs > 0
        transfer = np.where(match.quantity == 0, 0.0, self.unit * match.quantity * price)
        return Outcome(price, self.unit * match.quantity, transfer, traded)

    @override
    def price_to_trade(self, bids: Any, trader: int) -> Floats:
        """Return the value that the trader must pass; no trading bid moves the price."""
        buyers = self.buyer_mask(bids.shape[1])
        fees = self._fee_per_unit(buyers)
        edge = holding_threshold(bids.types - fees, buyers, trader)
        return np.asarray(edge + fees[trader])

    @override
    def bid_to_hold(self, bids: Any, trader: int, holds: Bools) -> Floats:
        """Return bids to each side of the threshold, far enough that rounding does not matter."""
        edge = self.price_to_trade(bids, trader)
        span = np.ptp(bids.types, axis=1) + np.abs(edge) + self.fee / self.unit
        hair = np.where(span > 0, span, 1.0)
        return np.asarray(np.where(holds, edge + hair, edge - hair)[:, None])

    def _fee_per_unit(self, buyers: Bools) -> Floats:
        """Return what fees take off a buyer's value, and add to a seller's, shape (N,)."""
        fee = self.fee / self.unit
        return np.where(buyers, fee, -fee)
