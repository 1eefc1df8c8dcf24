"""The modified Vickrey double auction (Yoon 2001): fees of entrants cover the expected deficit."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self, final

import numpy as np
from typing_extensions import override

from deviator.economies import Economy, UnitDemands, holding_threshold, match_units
from deviator.units import MONEY, PRICE
from deviator.validation import Bools, Floats, finite_array, finite_number, freeze, non_negative

from ..base import Claim
from ..languages import BidLanguage, Bids, EntryReportLanguage, EntryReports
from ..outcome import Outcome
from .entry_equilibrium import balancing_fee, equilibrium_cutoffs
from .unit_demand_mechanism import Buyers, UnitDemandMechanism, side_prices


@final
@dataclass(frozen=True)
class ModifiedVickreyDoubleAuction(UnitDemandMechanism):
    """A Vickrey double auction among those who pay to take part.

    Traders decide whether to enter, at a fee that they pay whether they trade or not. Among those
    who enter, the m best pairs trade; buyers pay the lower end of the clearing interval, max(s_(m),
    b_(m+1)), and sellers receive the upper, min(b_(m), s_(m+1)). That is dominant-strategy truthful
    and runs a deficit of m (upper - lower), which the fees cover in expectation (`balanced`).

    Honest traders report their values, and enter where those pass a cutoff: an interim equilibrium.
    Ex post, whoever entered and does not trade would rather not have, and somebody who stayed out
    may have missed a trade: with a fee the rule claims none of truthful, individually rational, or
    efficient, and a budget surplus holds on average only.

    Parameters
    ----------
    fee : float
        Paid by each trader who enters, in units of money, non-negative.
    buyer_cutoff, seller_cutoff : float or None
        Honest buyers enter at values of at least the one, sellers of at most the other. None
        stands for the equilibrium at the economy's own uniform values.
    buyers, unit
        As in `UnitDemandMechanism`.

    Raises
    ------
    InvalidInputError
        If a setting is out of range.

    References
    ----------
    Yoon (2001), The modified Vickrey double auction, Journal of Economic Theory 101, 572-584.

    Examples
    --------
    Trader 1 stays out, trader 3 pays the fee for nothing.

    >>> auction = ModifiedVickreyDoubleAuction(fee=0.5)
    >>> bids = EntryReports(np.array([[9.0, 4.0, 3.0, 6.0]]), np.array([[1.0, -1.0, 1.0, 1.0]]))
    >>> auction.clear(bids).transfer
    array([[ 3.5,  0. , -5.5,  0.5]])
    """

    fee: float = field(default=0.05, metadata=MONEY)
    buyer_cutoff: float | None = field(default=None, metadata=PRICE)
    seller_cutoff: float | None = field(default=None, metadata=PRICE)
    buyers: Buyers = None
    unit: float = 1.0
    name: ClassVar[str] = "modified-vickrey-double-auction"
    language: ClassVar[BidLanguage] = EntryReportLanguage()

    def __post_init__(self) -> None:
        super().__post_init__()
        freeze(self, fee=non_negative("fee", self.fee))
        for name in ("buyer_cutoff", "seller_cutoff"):
            if getattr(self, name) is not None:
                freeze(self, **{name: finite_number(name, getattr(self, name))})

    @classmethod
    def balanced(cls, economy: UnitDemands) -> Self:
        """Return the rule whose fee balances the expected budget in equilibrium.

        Raises
        ------
        RefusedError
            If no fee does.
        """
        buyers = tuple(np.flatnonzero(economy.buyers).tolist())
        return cls(fee=balancing_fee(economy), buyers=buyers, unit=economy.unit)

    @property
    @override
    def claims(self) -> frozenset[Claim]:  # type: ignore[override]
        if self.fee > 0 or self.buyer_cutoff is not None or self.seller_cutoff is not None:
            return frozenset()
        return frozenset[Claim]({"truthful", "individually_rational", "efficient"})

    @override
    def honest_bids(self, economy: Economy, types: Floats) -> Bids:
        market = self.check_economy(economy)
        values = finite_array("types", types, (None, market.n_traders))
        buyer, seller = self.cutoffs(market)
        enters = np.where(market.buyers, values >= buyer, values <= seller)
        return EntryReports(values, np.where(enters, 1.0, -1.0))

    def cutoffs(self, economy: UnitDemands) -> tuple[float, float]:
        """Return from which value honest buyers enter, and up to which value honest sellers do.

        Raises
        ------
        RefusedError
            If a cutoff is not set and no equilibrium with entry exists at the fee.
        """
        if self.buyer_cutoff is not None and self.seller_cutoff is not None:
            return self.buyer_cutoff, self.seller_cutoff
        known = equilibrium_cutoffs(self.fee, economy)
        return (
            known.buyer if self.buyer_cutoff is None else self.buyer_cutoff,
            known.seller if self.seller_cutoff is None else self.seller_cutoff,
        )

    @override
    def clear(self, bids: Any) -> Outcome:
        self.check_record(bids)
        buyers = self.buyer_mask(bids.shape[1])
        match = match_units(_values(bids, buyers), buyers)
        opened = bids.enters.any(axis=1)
        # Without an entrant on one side, an end of the interval is infinite, and nobody trades.
        lower = np.where(np.isfinite(match.lower), match.lower, match.upper)
        upper = np.where(np.isfinite(match.upper), match.upper, match.lower)
        price = side_prices(buyers, lower, upper, opened)
        paid = np.where(match.quantity == 0, 0.0, self.unit * match.quantity * price)
        transfer = paid + self.fee * bids.enters
        return Outcome(price, self.unit * match.quantity, transfer, opened)

    @override
    def price_to_trade(self, bids: Any, trader: int) -> Floats:
        """Return the value to pass among entrants, and the fee; NaN where no partner enters."""
        buyers = self.buyer_mask(bids.shape[1])
        edge = holding_threshold(_values(bids, buyers), buyers, trader)
        fee = self.fee / self.unit
        return np.where(np.isfinite(edge), edge + (fee if buyers[trader] else -fee), np.nan)

    @override
    def bid_to_hold(self, bids: Any, trader: int, holds: Bools) -> Floats:
        """Return bids that enter and pass the threshold where a trade is wanted, else stay out."""
        buyers = self.buyer_mask(bids.shape[1])
        trades = holds if buyers[trader] else ~holds
        edge = holding_threshold(_values(bids, buyers), buyers, trader)
        value = np.nextafter(edge, np.where(holds, np.inf, -np.inf))
        own = bids.types[:, trader]
        value = np.where(trades & np.isfinite(edge), value, own)
        return np.stack([value, np.where(trades, 1.0, -1.0)], axis=-1)


def _values(bids: EntryReports, buyers: Bools) -> Floats:
    """Return values at which those who stay out never trade, shape (B, N)."""
    return np.where(bids.enters, bids.types, np.where(buyers, -np.inf, np.inf))
