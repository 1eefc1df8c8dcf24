"""One price for all units, between the highest losing and the lowest winning bid.

Honest bids are not best: a bid for a further unit that loses, or that wins last, sets the price of
all units that its trader gets, so buyers who bid less for further units pay less for the others
(demand reduction). With Z units and the others' bids c_1 >= c_2 >= ..., whoever ends with h units
can have bought each of them for c_(Z-h+1), or sold each for c_(Z-h), and no bid does better.
"""

from dataclasses import dataclass, field
from typing import ClassVar, final

import numpy as np
from typing_extensions import override

from deviator.economies import ranked
from deviator.errors import InvalidInputError
from deviator.units import EACH_TRADER
from deviator.validation import Floats, freeze, non_negative

from ..base import Claim
from .multi_unit_mechanism import Endowments, Ints, MultiUnitMechanism


@final
@dataclass(frozen=True)
class UniformPriceMultiUnit(MultiUnitMechanism):
    """Units to the highest bids, all at the price k lowest winning + (1 - k) highest losing bid.

    Honest bids give the efficient allocation and nobody loses. They are not best [1]_ [2]_ [3]_.

    Parameters
    ----------
    offered, numbers, endowments, unit
        As in `MultiUnitMechanism`.
    k : float
        Weight of the lowest winning bid, from 0 (the highest losing bid is the price) to 1.

    Raises
    ------
    InvalidInputError
        If a setting is out of range.

    References
    ----------
    .. [1] Ausubel, Cramton, Pycia, Rostek and Weretka (2014), Demand reduction and inefficiency in
       multi-unit auctions, Review of Economic Studies 81, 1366-1400.
    .. [2] Krishna (2010), Auction Theory, 2nd edition, Section 13.4.
    .. [3] Noussair (1995), Equilibria in a multi-object uniform price sealed bid auction with
       multi-unit demands, Economic Theory 5, 337-351.

    Examples
    --------
    >>> from deviator.mechanisms import UnitBids
    >>> bids = UnitBids(np.array([[[10.0, 8.0], [9.0, 7.0], [6.0, 1.0]]]))
    >>> outcome = UniformPriceMultiUnit(offered=3, numbers=2).clear(bids)
    >>> outcome.price, outcome.quantity, outcome.transfer
    (array([7.]), array([[2., 1., 0.]]), array([[14.,  7.,  0.]]))
    """

    offered: int = 2
    numbers: int = 2
    endowments: Endowments = field(default=None, metadata=EACH_TRADER)
    unit: float = 1.0
    k: float = 0.0
    name: ClassVar[str] = "uniform-price-multi-unit"
    claims = frozenset[Claim]({"individually_rational", "budget_surplus", "efficient"})

    def __post_init__(self) -> None:
        super().__post_init__()
        freeze(self, k=non_negative("k", self.k))
        if self.k > 1:
            raise InvalidInputError(f"k must be at most 1, got {self.k}")

    @override
    def payments(self, bids: Floats, won: Ints) -> tuple[Floats, Floats]:
        order = ranked(bids)
        losing, winning = order[:, self.total], order[:, self.total - 1]
        price = losing + self.k * (winning - losing)
        return price, (won - self.owned(bids.shape[1])) * price[:, None]

    @override
    def least_payments(self, others: Floats, owned: int) -> Floats:
        return self.edges(others, owned) * (np.arange(self.total + 1) - owned)
