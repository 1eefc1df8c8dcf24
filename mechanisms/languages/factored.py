"""Conditional bids that read public statistics: a_i q_i + C_i . (S q) + b_i p = r_i.

Honest ones are the hyperplanes of `conditional`, read off the statistics S that the mechanism
publishes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Self, final

import numpy as np
from typing_extensions import override

from deviator.arrays import Array, check_one_kind, is_foreign, like, to_numpy
from deviator.economies import Economy, Factored, public_statistics
from deviator.errors import InvalidInputError
from deviator.numerics.rational import Rationals
from deviator.validation import Floats, finite_numbers, trader_count, trader_index

from ..exact import RationalBids, RationalEconomy
from ..statistics import PublicStatistics, check_said, check_traders
from .base import Bids, of_markets_or_shared, renumbered, require_quadratic, side_by_side
from .hyperplanes import AllocationLanguage, exact_inverse_weights, inverse_weights


@final
@dataclass(frozen=True, eq=False)
class FactoredBids(Bids):
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

    own_weights: Floats
    statistic_weights: Floats
    price_weights: Floats
    level: Floats

    def __post_init__(self) -> None:
        check_one_kind(
            own_weights=self.own_weights,
            statistic_weights=self.statistic_weights,
            price_weights=self.price_weights,
            level=self.level,
        )
        level = finite_numbers("level", self.level, (None, None))
        batch, n = level.shape[0], trader_count(level.shape[1])
        own = finite_numbers("own_weights", self.own_weights, (None, n))
        shape = (own.shape[0], n, None)
        statistic = finite_numbers("statistic_weights", self.statistic_weights, shape)
        price = finite_numbers("price_weights", self.price_weights, (own.shape[0], n))
        if own.shape[0] not in (1, batch):
            raise InvalidInputError(
                f"own_weights must have leading length 1 or {batch}, got {own.shape[0]}"
            )
        object.__setattr__(self, "own_weights", own)
        object.__setattr__(self, "statistic_weights", statistic)
        object.__setattr__(self, "price_weights", price)
        object.__setattr__(self, "level", level)

    @property
    @override
    def is_numpy(self) -> bool:
        return not is_foreign(self.level)

    @property
    def n_statistics(self) -> int:
        """Number of statistics G."""
        return int(self.statistic_weights.shape[2])

    @property
    def shape(self) -> tuple[int, int, int]:
        """(B, N, G + 3)."""
        return (*self.level.shape, self.n_statistics + 3)

    def as_array(self) -> Floats:
        """Return [a_i, C_i1..C_iG, b_i, r_i], shape (B, N, G + 3)."""
        own, price = self.own_weights[..., None], self.price_weights[..., None]
        parts = (own, self.statistic_weights, price, self.level[..., None])
        return side_by_side(self.shape[:2], *parts)

    @classmethod
    def from_array(cls, array: Floats) -> Self:
        """Build from an array, shape (B, N, G + 3)."""
        checked = finite_numbers("factored bids", array, (None, None, None))
        if checked.shape[2] < 3:
            raise InvalidInputError(
                f"factored bids must have at least 3 numbers each, got {checked.shape[2]}"
            )
        return cls(checked[..., 0], checked[..., 1:-2], checked[..., -2], checked[..., -1])

    @override
    def of_markets(self, markets: slice) -> Self:
        return type(self)(*(of_markets_or_shared(array, markets) for array in self._arrays()))

    @override
    def converted(self, reference: Array) -> Self:
        return type(self)(*(like(reference, to_numpy(array)) for array in self._arrays()))

    def _arrays(self) -> tuple[Array, ...]:
        return self.own_weights, self.statistic_weights, self.price_weights, self.level

    def relabelled(self, order: Sequence[int]) -> Self:
        """Return the bids of renumbered traders, on statistics renumbered with them."""
        return type(self)(
            renumbered(self.own_weights, order),
            renumbered(self.statistic_weights, order),
            renumbered(self.price_weights, order),
            renumbered(self.level, order),
        )

    def rescaled(self, price: float, quantity: float) -> Self:
        """Return the same hyperplanes in other units, with the same levels and statistics."""
        return type(self)(
            self.own_weights / quantity,
            self.statistic_weights / quantity,
            self.price_weights / price,
            self.level,
        )

    def of_trader(self, trader: int) -> Floats:
        """Return one trader's [a_i, C_i1..C_iG, b_i, r_i], shape (B, G + 3)."""
        index = trader_index(trader, self.shape[1])
        own, price = self.own_weights[:, index, None], self.price_weights[:, index, None]
        parts = (own, self.statistic_weights[:, index, ...], price, self.level[:, index, None])
        return side_by_side((self.shape[0],), *parts)


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

    def size(self, n_traders: int) -> int:
        """Return G + 3."""
        del n_traders
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
        check_said(wanted, self.statistics.missed(wanted))
        own = (economy.slope + tax_slope) / economy.own
        return own, -reading @ self.statistics.said(wanted)

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
        del bid
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
