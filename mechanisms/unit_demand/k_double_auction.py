"""The k-double auction: one price in the interval of market-clearing prices."""

from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np
from typing_extensions import override

from deviator.economies import holding_threshold, match_units
from deviator.errors import InvalidInputError
from deviator.validation import Floats, freeze, non_negative

from ..outcome import Outcome
from .unit_demand_mechanism import Buyers, UnitDemandMechanism


@final
@dataclass(frozen=True)
class KDoubleAuction(UnitDemandMechanism):
    """Single units at the price k upper + (1 - k) lower, for the ends of the clearing interval.

    With m trading pairs, lower = max(s_(m), b_(m+1)), upper = min(b_(m), s_(m+1)) [1]_ [2]_ [3]_.
    Honest reports give the efficient allocation and a balanced budget. They are not best: whoever
    sets an end of the interval moves the price, and can move it all the way to the other end.

    Parameters
    ----------
    k : float
        Weight of the upper end, from 0 to 1.
    buyers, unit
        As in `UnitDemandMechanism`.

    Raises
    ------
    InvalidInputError
        If a setting is out of range.

    References
    ----------
    .. [1] Chatterjee and Samuelson (1983), Bargaining under incomplete information, Operations
       Research 31, 835-851.
    .. [2] Wilson (1985), Incentive efficiency of double auctions, Econometrica 53, 1101-1115.
    .. [3] Satterthwaite and Williams (1989), Bilateral trade with the sealed bid k-double auction,
       Journal of Economic Theory 48, 107-133.

    Examples
    --------
    >>> from deviator.mechanisms import Reports
    >>> outcome = KDoubleAuction(k=0.5).clear(Reports(np.array([[9.0, 4.0, 3.0, 6.0]])))
    >>> outcome.price, outcome.transfer
    (array([5.]), array([[ 5.,  0., -5.,  0.]]))
    """

    k: float = 0.5
    buyers: Buyers = None
    unit: float = 1.0
    name: ClassVar[str] = "k-double-auction"
    claims = frozenset({"individually_rational", "budget_surplus", "efficient"})

    def __post_init__(self) -> None:
        super().__post_init__()
        freeze(self, k=non_negative("k", self.k))
        if self.k > 1:
            raise InvalidInputError(f"k must be at most 1, got {self.k}")

    @override
    def clear(self, bids: Any) -> Outcome:
        self.check_record(bids)
        match = match_units(bids.types, self.buyer_mask(bids.shape[1]))
        traded = match.pairs > 0
        price = match.lower + self.k * (match.upper - match.lower)
        quantity = self.unit * match.quantity
        transfer = quantity * price[:, None]
        return Outcome(np.where(traded, price, np.nan), quantity, transfer, traded)

    @override
    def price_to_trade(self, bids: Any, trader: int) -> Floats:
        """Return the other end of the interval, which the trader's best bid comes close to.

        A buyer who bids just above the highest value to pass makes it both ends, whatever
        k; a seller who asks just below it likewise.
        """
        return holding_threshold(bids.types, self.buyer_mask(bids.shape[1]), trader)
