"""Clearing of reported types: the taxed Walrasian allocation of the reports (Definition 1)."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, final

import numpy as np
from typing_extensions import override

from deviator.arrays import Array, is_foreign, kept_beside, like, namespace, to_numpy
from deviator.economies import (
    Economy,
    QuadraticEconomy,
    WalrasianResponse,
    walrasian_allocation,
    walrasian_response,
)
from deviator.errors import InvalidInputError, RefusedError
from deviator.numerics.rational import Rationals
from deviator.validation import Floats, freeze, non_negative

from ..exact import RationalBids, RationalEconomy, RationalSolution
from ..languages import Reports
from .base import Clearing, DeviationSolution, MarketSolution


@final
@dataclass(frozen=True, eq=False)
class ReportedClearing(Clearing):
    """Clearing by a designer who knows the utilities and receives reports of the types.

    Parameters
    ----------
    economy : QuadraticEconomy
        The economy that the designer has in mind.
    sigma : float
        Slope of the quadratic tax; 0 is efficient.

    Raises
    ------
    InvalidInputError
        If sigma is negative or not finite.
    RefusedError
        If a trader's quantity does not increase in their own type.
    """

    economy: QuadraticEconomy
    sigma: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.economy, QuadraticEconomy):
            raise InvalidInputError(
                "economy must be a linear-quadratic economy, got "
                f"{type(self.economy).__name__}; build one with deviator.economies"
            )
        freeze(self, sigma=non_negative("sigma", self.sigma))
        own = self.response.own_effect
        if (own <= 0).any():
            trader = int(own.argmin())
            raise RefusedError(
                "a direct mechanism needs quantities that increase in the own type "
                f"(dq_i/ds_i > 0, implied by A4^N), got {own[trader]:.6g} for trader {trader}; "
                "weaken the interdependence of values"
            )

    @property
    def response(self) -> WalrasianResponse:
        """Derivatives of price and quantities with respect to the reports."""
        return walrasian_response(self.economy, self.sigma)

    @override
    def solve(self, bids: Reports) -> MarketSolution:
        check_reports(self.economy, bids.types)
        xp = namespace(bids.types)
        price, quantity = walrasian_allocation(self.economy, self.sigma, bids.types)
        slope = self._residual_slope(bids.types)
        return MarketSolution(
            price, quantity, xp.broadcast_to(slope, quantity.shape), xp.isfinite(price)
        )

    @override
    def solve_deviations(self, bids: Reports, trader: int, candidates: Floats) -> DeviationSolution:
        honest, response = self.solve(bids), self.response
        check_types(self.economy, candidates[..., 0], slice(trader, trader + 1))
        shift = candidates[..., 0] - bids.types[:, trader, None]
        price = honest.price[:, None] + response.price_effect[trader] * shift
        quantity = honest.quantity[:, trader, None] + response.own_effect[trader] * shift
        slope = np.full(price.shape, response.residual_slope[trader])
        return DeviationSolution(price, quantity, slope, np.ones(price.shape, dtype=bool))

    def _residual_slope(self, reference: Array) -> Array:
        if not is_foreign(reference):
            return self.response.residual_slope
        name = f"residual slope at sigma = {self.sigma!r}"
        return kept_beside(reference, self.economy, name, lambda: self.response.residual_slope)

    @override
    def solve_exact(self, bids: RationalBids) -> RationalSolution | None:
        check_types(self.economy, bids.levels.astype(np.float64))
        economy = RationalEconomy.of(self.economy)
        steepness = 1 / (economy.slope + Fraction(self.sigma))
        value = economy.value(bids.levels)
        price = value @ steepness / steepness.sum()
        price_effect, own_effect = self.exact_response(economy)
        quantity = steepness * (value - price[:, None])
        return RationalSolution(price, quantity, price_effect / own_effect)

    def exact_response(self, economy: RationalEconomy) -> tuple[Rationals, Rationals]:
        """Return dp/ds_i and dq_i/ds_i, each (N,), of the economy in exact numbers."""
        steepness = 1 / (economy.slope + Fraction(self.sigma))
        price_effect: Rationals = steepness @ economy.weights / steepness.sum()
        return price_effect, steepness * (np.diagonal(economy.weights) - price_effect)


def check_reports(economy: Economy, reports: Floats, markets: Any = None) -> None:
    """Raise InvalidInputError unless reports (B, N) are types of the designer's traders.

    Errors call the markets 0, 1, ... or as `markets`, (B,), do.
    """
    if reports.shape[1] != economy.n_traders:
        raise InvalidInputError(
            f"reports must be of the designer's {economy.n_traders} traders, got {reports.shape[1]}"
        )
    check_types(economy, reports, markets=markets)


def check_types(
    economy: Economy, reports: Floats, traders: slice = slice(None), markets: Any = None
) -> None:
    """Raise InvalidInputError unless reports (B, R) of R traders, or (B, M) of one, are types."""
    if is_foreign(reports) and not economy.has_bounded_types:
        return
    low, high = (like(reports, ends[traders]) for ends in economy.type_set)
    outside = (reports < low) | (reports > high)
    if not bool(namespace(reports).any(outside)):
        return
    row, column = (int(index) for index in np.argwhere(to_numpy(outside))[0])
    ends = economy.type_set
    trader = column if len(ends[0][traders]) > 1 else traders.start
    raise InvalidInputError(
        f"reports of trader {trader} must be in its set of types [{ends[0][trader]:.6g}, "
        f"{ends[1][trader]:.6g}], got {float(reports[row, column]):.6g} in market "
        f"{row if markets is None else int(markets[row])}"
    )
