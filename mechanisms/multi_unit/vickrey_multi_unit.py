"""Vickrey's auction of several units: each unit costs what it would have been worth to the others.

With Z units and the others' bids c_1 >= c_2 >= ..., a trader who owns e units and ends with h pays
c_(Z-h+1) + ... + c_(Z-e) where h > e, and receives c_(Z-e+1) + ... + c_(Z-h) where h < e: what the
others would have bid for the units that they lose, or did bid for those that they gain. No own bid
is among these.
"""

from dataclasses import dataclass, field
from typing import ClassVar, final

import numpy as np
from typing_extensions import override

from deviator.economies import ranked_others
from deviator.units import EACH_TRADER
from deviator.validation import Floats

from ..base import Claim
from .multi_unit_mechanism import Endowments, Ints, MultiUnitMechanism


@final
@dataclass(frozen=True)
class VickreyMultiUnit(MultiUnitMechanism):
    """Units to the highest bids; a winner of k units pays the k highest losing bids of the others.

    Honest bids are a dominant strategy, the allocation is efficient and nobody loses. Where units
    are offered from outside, traders pay and never receive. Where traders own them it is the
    pivotal rule of an exchange, and runs a deficit: sellers receive more than buyers pay.

    Parameters
    ----------
    offered, numbers, endowments, unit
        As in `MultiUnitMechanism`.

    Raises
    ------
    InvalidInputError
        If a setting is out of range.

    References
    ----------
    Vickrey (1961), Counterspeculation, auctions, and competitive sealed tenders, Journal of Finance
    16, 8-37; Krishna (2010), Auction Theory, 2nd edition, Section 12.1.

    Examples
    --------
    Three units and the bids 10, 9, 8, 7, 6, 1. Trader 0 wins two units and pays 7 + 6, the highest
    losing bids of the others; trader 1 wins one and pays 6, since 7 is not theirs but 6 and 7 lose.

    >>> from deviator.mechanisms import UnitBids
    >>> bids = UnitBids(np.array([[[10.0, 8.0], [9.0, 7.0], [6.0, 1.0]]]))
    >>> outcome = VickreyMultiUnit(offered=3, numbers=2).clear(bids)
    >>> outcome.quantity, outcome.transfer
    (array([[2., 1., 0.]]), array([[13.,  6.,  0.]]))
    """

    offered: int = 2
    numbers: int = 2
    endowments: Endowments = field(default=None, metadata=EACH_TRADER)
    unit: float = 1.0
    name: ClassVar[str] = "vickrey-multi-unit"

    @property
    @override
    def claims(self) -> frozenset[Claim]:  # type: ignore[override]
        always = frozenset[Claim]({"truthful", "individually_rational", "efficient"})
        return always | frozenset[Claim]({"budget_surplus"}) if self.is_auction else always

    @override
    def payments(self, bids: Floats, won: Ints) -> tuple[Floats, Floats]:
        owned = self.owned(bids.shape[1])
        units, paid, price = won - owned, np.empty(won.shape), np.empty(won.shape)
        for trader, own in enumerate(owned):
            others, held = ranked_others(bids, trader), won[:, [trader]]
            table = self.least_payments(others, int(own))
            paid[:, trader] = np.take_along_axis(table, held, axis=1)[:, 0]
            # Whoever trades nothing meets the bid to pass for one unit more.
            place = np.maximum(self.total - held - 1, 0)
            price[:, trader] = np.take_along_axis(others, place, axis=1)[:, 0]
        return np.divide(paid, units, out=price, where=units != 0), paid

    @override
    def least_payments(self, others: Floats, owned: int) -> Floats:
        """Return what ends with each number of units cost, whatever the own bid."""
        edges = self.edges(others, owned)
        sold = -np.cumsum(edges[:, :owned][:, ::-1], axis=1)[:, ::-1]
        return np.concatenate([sold, np.cumsum(edges[:, owned:], axis=1)], axis=1)
