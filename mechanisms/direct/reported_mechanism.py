"""Direct mechanisms on straight residual curves: Walrasian clearing of the reports."""

from dataclasses import replace
from typing import Any

import numpy as np
from typing_extensions import override

from deviator.arrays import like
from deviator.economies import QuadraticEconomy
from deviator.validation import Floats, trader_index

from ..clearing import ReportedClearing
from ..menu import LineMenu
from ..residual_line import ResidualLineMechanism
from .direct_mechanism import DirectMechanism


class ReportedMechanism(DirectMechanism, ResidualLineMechanism):
    """A direct mechanism that clears as the Walrasian market of the reports, with a tax or not.

    Attributes
    ----------
    economy : QuadraticEconomy
        The utilities that the designer knows.
    """

    economy: QuadraticEconomy

    @property
    @override
    def clearing(self) -> ReportedClearing:
        return ReportedClearing(self.economy, self.tax_slope)

    @override
    def menu(self, bids: Any, trader: int) -> LineMenu:
        menu = super().menu(bids, trader)
        if not self.economy.has_bounded_types:
            return menu
        index = trader_index(trader, bids.shape[1])
        low, high = self.reach(bids)
        return replace(menu, low=low[:, index], high=high[:, index])

    @override
    def menu_bid(self, bids: Any, trader: int, quantity: Floats) -> Floats:
        limits = self.bid_limits(trader)
        if limits is None:
            return super().menu_bid(bids, trader, quantity)
        present = self.clearing.solve(bids).quantity[:, trader]
        shift = (quantity - present) / self.clearing.response.own_effect[trader]
        return np.asarray(np.clip(bids.of_trader(trader) + shift[:, None], *limits))

    def reach(self, bids: Any) -> tuple[Floats, Floats]:
        """Return the least and largest quantity that each trader's reports lead to, (B, N)."""
        clearing = self.clearing
        quantity, own = clearing.solve(bids).quantity, clearing.response.own_effect
        low, high = self.economy.type_set
        own, low, high = (like(quantity, given) for given in (own, low, high))
        return quantity + own * (low - bids.types), quantity + own * (high - bids.types)
