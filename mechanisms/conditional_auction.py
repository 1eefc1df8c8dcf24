"""Auctions of linear conditional inverse demands, which differ in what traders pay."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from typing_extensions import override

from deviator.economies import Economy, Factored

from .base import ResidualLineMechanism
from .clearing import Clearing, ConditionalClearing, FactoredClearing
from .languages import BidLanguage, ConditionalLanguage, FactoredLanguage
from .statistics import PublicStatistics

WEAK = 0.3
"""Interdependence of the example economy, as a share of what own types do."""


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
    def example_economies(self) -> tuple[Economy, ...]:
        """Where bids condition on statistics: an economy whose honest bids need just these."""
        if not isinstance(self.statistics, PublicStatistics):
            return ()
        weights, n = self.statistics.weights, self.statistics.n_traders
        largest = np.abs(weights).max(axis=1)
        loadings = np.where(largest > 0, WEAK / n / np.where(largest > 0, largest, 1.0), 0.0)
        own = np.ones(n)
        return (Factored(own, np.tile(loadings, (n, 1)), weights, own, np.zeros(n)),)

    @override
    def relabelled(self, order: Sequence[int]) -> Self:
        if not isinstance(self.statistics, PublicStatistics):
            return self
        renumbered: Self = replace(self, statistics=self.statistics.relabelled(order))  # type: ignore[type-var]
        return renumbered
