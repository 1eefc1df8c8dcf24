"""Auctions of conditional inverse demands, linear or general, which differ in what traders pay."""

from collections.abc import Callable
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike
from typing_extensions import override

from deviator.economies import Economy, Factored
from deviator.errors import InvalidInputError, RefusedError
from deviator.validation import freeze

from .clearing import Clearing, ConditionalClearing, FactoredClearing
from .clearing.surfaces.clearing import check_converged, solve_surfaces
from .languages import (
    BidLanguage,
    ConditionalLanguage,
    FactoredLanguage,
    SurfaceBids,
    refuse_numbers,
)
from .outcome import Outcome
from .residual_line import ResidualLineMechanism
from .statistics import PublicStatistics

Payment = Callable[[Any, Any, Any, Any], Any]
"""Price, quantity, residual slope and tax slope to transfers."""

WEAK = 0.3
"""Interdependence of the example economy, as a share of what own types do."""


class ConditionalAuction(ResidualLineMechanism):
    """Conditional bids, Definition 3's clearing.

    Bids are `LinearBids`, or `SurfaceBids` where some are not hyperplanes.

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
        language, clearing = FactoredLanguage(statistics), FactoredClearing(statistics)
        freeze(self, statistics=statistics, language=language, clearing=clearing)

    @override
    def clear(self, bids: Any, *, unsolved: Literal["raise", "report"] = "raise") -> Outcome:
        """Clear every market of a batch; those without a unique clearing pair are in autarky.

        Parameters
        ----------
        bids : LinearBids, FactoredBids or SurfaceBids
        unsolved : {"raise", "report"}
            Whether a market of surfaces that is not solved is an error, or is marked as not
            converged and has NaN for numbers.

        Raises
        ------
        NotConvergedError
            If a market of surfaces could not be solved.
        """
        if not isinstance(bids, SurfaceBids):
            return super().clear(bids)
        if self.statistics is not None:
            raise RefusedError(
                f"{self.name} with public statistics takes bids that read these only, got "
                "surfaces, which read everything; leave statistics out"
            )
        if unsolved not in ("raise", "report"):
            raise InvalidInputError(f"unsolved must be 'raise' or 'report', got {unsolved!r}")
        return cleared_surfaces(self, bids, self.payment, unsolved)

    @override
    def _check_record(self, bids: Any) -> None:
        if isinstance(bids, SurfaceBids):
            refuse_numbers()
        super()._check_record(bids)

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


def cleared_surfaces(
    rule: ConditionalAuction, bids: SurfaceBids, payment: Payment, unsolved: str = "raise"
) -> Outcome:
    """Clear markets of surfaces, and let traders pay by a payment rule.

    A residual curve costs what the straight one of the same area would.
    """
    solution = solve_surfaces(bids)
    if unsolved == "raise":
        check_converged(rule.name, rule.tax_slope, solution)
    traded, solved = solution.regular[:, None], solution.converged[:, None]
    quantity = np.where(traded, solution.quantity, 0.0)
    price = np.where(solution.regular, solution.price, np.nan)
    slope = np.where(traded, solution.residual_slope, np.nan)
    at_one_price = price[:, None] * quantity
    units = np.where(quantity == 0, 1.0, quantity)
    mean_slope = np.where(quantity == 0, slope, 2 * (at_one_price - solution.area) / units**2)
    transfer = payment(price[:, None], quantity, mean_slope, rule.tax_slope)
    return Outcome(
        price,
        np.where(solved, quantity, np.nan),
        np.where(solved, np.where(traded, transfer, 0.0), np.nan),
        solution.regular,
        solution.converged,
        slope,
    )
