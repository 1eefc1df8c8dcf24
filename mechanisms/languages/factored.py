"""Conditional bids that read public statistics: a_i q_i + C_i . (S q) + b_i p = r_i.

Honest ones are the hyperplanes of `conditional`, read off the statistics S that the mechanism
publishes.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import ClassVar, Self, final

import numpy as np
from typing_extensions import override

from deviator.economies import Economy, Factored, public_statistics
from deviator.errors import InvalidInputError
from deviator.numerics.rational import Rationals
from deviator.units import PER_PRICE, PER_QUANTITY
from deviator.validation import Floats, numbers_of_record, trader_count

from ..exact import RationalBids, RationalEconomy
from ..statistics import PublicStatistics, check_spanned, check_traders
from .base import ArrayBids, check_shared, require_quadratic
from .conditional import AllocationLanguage, exact_inverse_weights, inverse_weights


@final
@dataclass(frozen=True, eq=False)
class FactoredBids(ArrayBids):
    """Conditional bids that read public statistics: a_i q_i + C_i . (S q) + b_i p = r_i.

    The statistics S are the mechanism's. The coefficients may be shared by all markets, as in
    `LinearBids`: a leading axis of length 1 says so.

    Parameters
    ----------
    own_weights : ndarray of float, shape (B, N) or (1, N)
        a; weights on the own quantities.
    statistic_weights : ndarray of float, shape (B, N, G) or (1, N, G)
        C; weights on the statistics.
    price_weights : ndarray of float, shape (B, N) or (1, N)
        b.
    level : ndarray of float, shape (B, N)
        r.
    """

    meant_for: ClassVar[str] = (
        "conditional auctions with public statistics, such as SigmaDCDA(sigma, statistics)"
    )

    own_weights: Floats = field(metadata=PER_QUANTITY)
    statistic_weights: Floats = field(metadata=PER_QUANTITY)
    price_weights: Floats = field(metadata=PER_PRICE)
    level: Floats

    @override
    def _checked(self) -> dict[str, Floats]:
        level = numbers_of_record("level", self.level, (None, None))
        batch, n = level.shape[0], trader_count(level.shape[1])
        own = numbers_of_record("own_weights", self.own_weights, (None, n))
        shape = (own.shape[0], n, None)
        statistic = numbers_of_record("statistic_weights", self.statistic_weights, shape)
        price = numbers_of_record("price_weights", self.price_weights, (own.shape[0], n))
        check_shared("own_weights", own, batch)
        return {
            "own_weights": own,
            "statistic_weights": statistic,
            "price_weights": price,
            "level": level,
        }

    @property
    def n_statistics(self) -> int:
        """Number of statistics G."""
        return int(self.statistic_weights.shape[2])

    @classmethod
    @override
    def from_array(cls, array: Floats) -> Self:
        checked = numbers_of_record("factored bids", array, (None, None, None))
        if checked.shape[2] < 3:
            raise InvalidInputError(
                f"factored bids must have at least 3 numbers each, got {checked.shape[2]}"
            )
        return cls(checked[..., 0], checked[..., 1:-2], checked[..., -2], checked[..., -1])


@final
@dataclass(frozen=True)
class FactoredLanguage(AllocationLanguage):
    """A bid is a hyperplane a_i q_i + C_i . (S q) + b_i p = r_i on public statistics S (Lemma 2).

    Parameters
    ----------
    statistics : PublicStatistics
    """

    statistics: PublicStatistics
    name = "conditional inverse demands on public statistics"
    record = FactoredBids

    @override
    def size(self, n_traders: int) -> int:
        return len(self.statistics) + 3

    def honest_bids(self, economy: Economy, types: Floats, tax_slope: float) -> FactoredBids:
        """Return the revelation strategy of Example 7, with coefficients shared by all markets.

        Raises
        ------
        RefusedError
            If the statistics do not span what honest bids condition on, W is singular (INJ
            fails), or utilities are not linear-quadratic.
        """
        market = require_quadratic(economy)
        check_traders(self.statistics, market.n_traders)
        if isinstance(market, Factored):
            own, statistic = self._woodbury(market, tax_slope)
        else:
            rows = inverse_weights(market) * (market.slope + tax_slope)
            own, statistic = self.statistics.read(rows, np.arange(market.n_traders))
        price = market.types_behind(np.ones(market.n_traders))
        level = types + market.types_behind(market.intercept)
        return FactoredBids(own[None], statistic[None], price[None], level)

    def _woodbury(self, economy: Factored, tax_slope: float) -> tuple[Floats, Floats]:
        """Return a and C of W^-1 diag(mu + sigma), W^-1 = D^-1 - R V D^-1."""
        reading = economy.reading_loadings()
        wanted = public_statistics(economy, tax_slope)
        check_spanned(wanted, self.statistics.residual(wanted))
        own = (economy.slope + tax_slope) / economy.own
        return own, -reading @ self.statistics.coefficients(wanted)

    def exact_honest_bids(
        self, economy: RationalEconomy, types: Rationals, tax_slope: Fraction
    ) -> RationalBids:
        """Return the revelation strategy of Example 7.

        Exact statistics make it exact; statistics in floats make it so up to their rounding.
        """
        check_traders(self.statistics, economy.n_traders)
        inverse = exact_inverse_weights(economy)
        bend = economy.slope + tax_slope
        factored = economy.own is not None and bool((economy.own != 0).all())
        own, statistic = self.statistics.read_exactly(
            inverse * bend, bend / economy.own if factored else None
        )
        coefficients = np.column_stack([own, statistic, inverse.sum(axis=1)])
        return RationalBids(coefficients, types + inverse @ economy.intercept)

    def coordinate_ranges(
        self, level_range: float, price: float, quantity: Floats, bid: Floats
    ) -> Floats:
        """Return the level's range over what each weight multiplies.

        The own quantity counts as large as quantities are on average, a statistic as large as
        that of independent quantities.
        """
        usual = float(np.sqrt((quantity**2).mean()))
        size = np.sqrt((self.statistics.coordinates @ self.statistics.basis) ** 2 @ quantity**2)
        # A statistic that sum q = 0 fixes is idle, whatever weight it has.
        sizes = np.where(size > 0, size, usual)
        return np.concatenate(
            [[level_range / usual], level_range / sizes, [level_range / price, level_range]]
        )

    @override
    def own_place(self, trader: int) -> int:
        return 0

    @override
    def combined(self, bids: FactoredBids, weights: Floats, trader: int) -> Floats:
        rows = bids.own_weights * weights
        own, statistic = self.statistics.read(rows, np.full(len(rows), trader))
        row = np.empty((len(bids.level), bids.shape[2]))
        row[:, 0] = own
        row[:, 1:-2] = statistic + np.einsum("j,sjg->sg", weights, bids.statistic_weights)
        row[:, -2] = bids.price_weights @ weights
        row[:, -1] = bids.level @ weights
        return row
