"""Rules that need to know the traders' utilities; traders report their types."""

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from typing_extensions import override

from deviator.arrays import like
from deviator.economies import Economy, QuadraticEconomy
from deviator.errors import InvalidInputError
from deviator.validation import Floats, trader_index

from ..base import Mechanism
from ..clearing.reported import ReportedClearing, check_reports
from ..languages import BidLanguage, ReportLanguage, Reports, check_record
from ..menu import LineMenu
from ..portable import require_numpy
from ..residual_line import ResidualLineMechanism


class DirectMechanism(Mechanism):
    """A rule that knows the traders' utilities; bids are reports of types.

    Members are frozen dataclasses that hold the economy, which is renumbered and restated with
    them. A market whose traders have other utilities is a study of misspecification.

    Attributes
    ----------
    economy : Economy
        The utilities that the designer knows. Reports stay in its set of types.
    """

    economy: Economy
    language: ClassVar[BidLanguage] = ReportLanguage()

    @override
    def bid_limits(self, trader: int) -> tuple[Floats, Floats] | None:
        if not self.economy.has_bounded_types:
            return None
        low, high = self.economy.type_set
        return low[[trader]], high[[trader]]

    def check_traders(self, economy: Economy, name: str) -> None:
        """Check that an economy has as many traders as the designer's.

        Parameters
        ----------
        economy : Economy
            Where the rule is to be used.
        name : str
            What the error calls the rule.

        Raises
        ------
        InvalidInputError
            If it has not.
        """
        if self.economy.n_traders != economy.n_traders:
            raise InvalidInputError(
                f"mechanism and economy must have the same traders, {name} is of "
                f"{self.economy.n_traders} traders, the economy of {economy.n_traders}; build "
                f"{name} on an economy of {economy.n_traders}"
            )

    def reported_types(self, bids: Any) -> Floats:
        """Return the reported types, checked, shape (B, N).

        Raises
        ------
        InvalidInputError
            If bids are not reports of types of the designer's traders.
        RefusedError
            If they are in arrays of another library than NumPy.
        """
        check_record(self.name, Reports, bids)
        require_numpy(f"outcomes of {self.name}", bids)
        types: Floats = bids.types
        check_reports(self.economy, types)
        return types


class ReportedMechanism(DirectMechanism, ResidualLineMechanism):
    """A direct mechanism that clears as the Walrasian market of the reports, with a tax or not."""

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
