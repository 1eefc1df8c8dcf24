"""Auctions of linear conditional inverse demands, which differ in what traders pay."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

from numpy.typing import ArrayLike
from typing_extensions import override

from .base import ResidualLineMechanism
from .clearing import Clearing, ConditionalClearing, FactoredClearing
from .languages import BidLanguage, ConditionalLanguage, FactoredLanguage
from .statistics import PublicStatistics


class ConditionalAuction(ResidualLineMechanism):
    """Conditional bids, Definition 3's clearing.

    Attributes
    ----------
    statistics : PublicStatistics or None
        Statistics S of the allocation that bids condition on (Lemma 2): bids are `FactoredBids`
        then. None where they condition on all quantities, as `LinearBids`.
    """

    statistics: ArrayLike | PublicStatistics | None
    language: ClassVar[BidLanguage] = ConditionalLanguage()
    clearing: ClassVar[Clearing] = ConditionalClearing()

    def _publish(self) -> None:
        """Settle what bids condition on; members call this when they are built."""
        if self.statistics is None:
            return
        given: Any = self.statistics
        statistics = given if isinstance(given, PublicStatistics) else PublicStatistics(given)
        for name, value in (
            ("statistics", statistics),
            ("language", FactoredLanguage(statistics)),
            ("clearing", FactoredClearing(statistics)),
        ):
            object.__setattr__(self, name, value)

    @override
    def relabelled(self, order: Sequence[int]) -> Self:
        if not isinstance(self.statistics, PublicStatistics):
            return self
        renumbered: Self = replace(self, statistics=self.statistics.relabelled(order))  # type: ignore[type-var]
        return renumbered
