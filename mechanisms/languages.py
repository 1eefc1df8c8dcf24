"""Bid languages: what a trader may submit, and what honesty means where the language says.

Honest conditional bids are Example 7's: row i of A = W^-1 diag(mu + sigma), b = W^-1 1,
r = s + W^-1 c, which uses the own type only. Where the mechanism publishes statistics S, the same
hyperplane is written as a_i q_i + C_i . (S q) + b_i p = r_i.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, final

import numpy as np
from typing_extensions import override

from deviator.economies import (
    Economy,
    Factored,
    LinearQuadratic,
    QuadraticEconomy,
    SmoothEconomy,
    public_statistics,
)
from deviator.errors import RefusedError
from deviator.memory import require_memory
from deviator.numerics.rational import Rationals, rational_inverse
from deviator.validation import Floats

from .bids import Bids, FactoredBids, LinearBids, Reports, Schedules
from .exact import RationalBids, RationalEconomy
from .statistics import PublicStatistics, check_said, check_traders
from .surface_bids import SurfaceBids
from .surfaces import honest_surfaces


class BidLanguage(ABC):
    """What a trader may submit, as K numbers of which one, the level, moves the bid in parallel."""

    name: str
    record: type[Bids]
    level: int
    """Index of the level among a bid's numbers."""
    reads: Literal["nothing", "price", "allocation"]
    """What a bid can condition on beyond the own type, when the market clears."""

    @abstractmethod
    def size(self, n_traders: int) -> int:
        """Return K, how many numbers one bid has."""

    @abstractmethod
    def honest_bids(self, economy: Economy, types: Floats, tax_slope: float) -> Bids:
        """Return what honest traders submit under a quadratic tax of the given slope.

        Parameters
        ----------
        economy : Economy
        types : ndarray of float, shape (B, N)
        tax_slope : float

        Raises
        ------
        RefusedError
            If the language determines no honest bid for this economy.
        """

    @abstractmethod
    def exact_honest_bids(
        self, economy: RationalEconomy, types: Rationals, tax_slope: Fraction
    ) -> RationalBids:
        """Return honest bids in exact numbers for types (M, N)."""

    @abstractmethod
    def coordinate_ranges(
        self, level_range: float, price: float, quantity: Floats, bid: Floats
    ) -> Floats:
        """Return a range for each number of a bid that moves the bid as much as a level shift.

        Parameters
        ----------
        level_range : float
            Range of the level, in the level's units.
        price : float
            Typical absolute price.
        quantity : ndarray of float, shape (N,)
            Typical absolute quantities.
        bid : ndarray of float, shape (K,)
            Typical honest bid.

        Returns
        -------
        ndarray of float, shape (K,)
        """

    def admissible(self, bids: Floats, own: Floats) -> Floats:
        """Return the nearest bids that the language allows; by default everything is allowed.

        Parameters
        ----------
        bids : ndarray of float, shape (B, M, K)
            Candidates of one trader.
        own : ndarray of float, shape (B, K)
            His present, allowed bids.
        """
        del own
        return bids


@final
@dataclass(frozen=True)
class ReportLanguage(BidLanguage):
    """A bid is a reported type."""

    name = "reports"
    record = Reports
    level = 0
    reads: Literal["nothing", "price", "allocation"] = "nothing"

    def size(self, n_traders: int) -> int:
        """Return 1."""
        del n_traders
        return 1

    def honest_bids(self, economy: Economy, types: Floats, tax_slope: float) -> Reports:
        """Return the types themselves."""
        del economy, tax_slope
        return Reports(types)

    def exact_honest_bids(
        self, economy: RationalEconomy, types: Rationals, tax_slope: Fraction
    ) -> RationalBids:
        """Return the types."""
        del economy, tax_slope
        return RationalBids(np.empty((types.shape[1], 0), dtype=object), types)

    def coordinate_ranges(
        self, level_range: float, price: float, quantity: Floats, bid: Floats
    ) -> Floats:
        """Return the level's range."""
        del price, quantity, bid
        return np.array([level_range])


@final
@dataclass(frozen=True)
class ScheduleLanguage(BidLanguage):
    """A bid is a decreasing linear demand schedule q = level - steepness p."""

    name = "schedules"
    record = Schedules
    level = 0
    reads: Literal["nothing", "price", "allocation"] = "price"

    def size(self, n_traders: int) -> int:
        """Return 2."""
        del n_traders
        return 2

    def honest_bids(self, economy: Economy, types: Floats, tax_slope: float) -> Schedules:
        """Return own marginal utility as a schedule, which exists under private values only.

        Raises
        ------
        RefusedError
            If values are interdependent or utilities not linear-quadratic.
        """
        market = _quadratic(economy)
        for traders, effects in market.blocks_of_effects():
            _require_private_values(effects, traders.start)
        bend = market.slope + tax_slope
        level = market.value(types) / bend
        return Schedules(level, np.broadcast_to(1 / bend, level.shape))

    def exact_honest_bids(
        self, economy: RationalEconomy, types: Rationals, tax_slope: Fraction
    ) -> RationalBids:
        """Return own marginal utility as a schedule."""
        _require_private_values(economy.weights)
        bend = economy.slope + tax_slope
        return RationalBids((1 / bend)[:, None], economy.value(types) / bend)

    def coordinate_ranges(
        self, level_range: float, price: float, quantity: Floats, bid: Floats
    ) -> Floats:
        """Return the ranges; steepness keeps its sign."""
        del quantity
        return np.array([level_range, min(level_range / price, 0.9 * bid[1])])

    def admissible(self, bids: Floats, own: Floats) -> Floats:
        """Return schedules that decrease, at least a thousandth as steeply as the present ones."""
        allowed = bids.copy()
        allowed[..., 1] = np.maximum(allowed[..., 1], 1e-3 * own[:, None, 1])
        return allowed


class AllocationLanguage(BidLanguage):
    """A language of hyperplanes in price-quantity space: linear conditional inverse demands."""

    level = -1
    reads: Literal["nothing", "price", "allocation"] = "allocation"

    @abstractmethod
    def own_place(self, trader: int) -> int:
        """Return the index, among a bid's numbers, of the weight on the own quantity."""

    @abstractmethod
    def combined(self, bids: Any, weights: Floats, trader: int) -> Floats:
        """Return the weighted sum of all bids, written as a bid of one trader, shape (B, K).

        Parameters
        ----------
        bids : Bids
            Of this language.
        weights : ndarray of float, shape (N,)
            A weight on each trader's bid.
        trader : int

        Raises
        ------
        RefusedError
            If the language has no words for it.
        """


@final
@dataclass(frozen=True)
class ConditionalLanguage(AllocationLanguage):
    """A bid is a hyperplane A_i . q + b_i p = r_i: a linear conditional inverse demand."""

    name = "conditional inverse demands"
    record = LinearBids

    def size(self, n_traders: int) -> int:
        """Return N + 2."""
        return n_traders + 2

    def honest_bids(
        self, economy: Economy, types: Floats, tax_slope: float
    ) -> LinearBids | SurfaceBids:
        """Return the revelation strategy: that of Example 7, coefficients shared by all markets.

        In smooth economies level sets of the map from price and quantities to types, as
        `SurfaceBids`.

        Raises
        ------
        RefusedError
            If W is singular, so that types cannot be read off allocations (INJ fails), or
            utilities are neither linear-quadratic nor smooth with unbounded types.
        """
        if isinstance(economy, SmoothEconomy):
            return SurfaceBids(honest_surfaces(economy, types, tax_slope), len(types))
        market = _quadratic(economy)
        inverse = _inverse_weights(market)
        return LinearBids(
            (inverse * (market.slope + tax_slope))[None],
            inverse.sum(axis=1)[None],
            types + inverse @ market.intercept,
        )

    def exact_honest_bids(
        self, economy: RationalEconomy, types: Rationals, tax_slope: Fraction
    ) -> RationalBids:
        """Return the revelation strategy of Example 7."""
        inverse = _exact_inverse(economy)
        weights = inverse * (economy.slope + tax_slope)
        coefficients = np.column_stack([weights, inverse.sum(axis=1)])
        return RationalBids(coefficients, types + inverse @ economy.intercept)

    def coordinate_ranges(
        self, level_range: float, price: float, quantity: Floats, bid: Floats
    ) -> Floats:
        """Return the level's range over what each weight multiplies."""
        del bid
        return np.concatenate([level_range / quantity, [level_range / price, level_range]])

    @override
    def own_place(self, trader: int) -> int:
        return trader

    @override
    def combined(self, bids: LinearBids, weights: Floats, trader: int) -> Floats:
        del trader
        row = np.empty((len(bids.level), bids.shape[2]))
        row[:, :-2] = np.einsum("j,sjk->sk", weights, bids.quantity_weights)
        row[:, -2] = bids.price_weights @ weights
        row[:, -1] = bids.level @ weights
        return row


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
        market = _quadratic(economy)
        check_traders(self.statistics, market.n_traders)
        if isinstance(market, Factored):
            own, statistic = self._woodbury(market, tax_slope)
        else:
            rows = _inverse_weights(market) * (market.slope + tax_slope)
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
        inverse = _exact_inverse(economy)
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


def _quadratic(economy: Economy) -> QuadraticEconomy:
    if not isinstance(economy, QuadraticEconomy):
        raise RefusedError(
            "an honest bid of this language is known in linear-quadratic economies only, got "
            f"{type(economy).__name__}; take one of these, or override honest_bids in the mechanism"
        )
    return economy


def _inverse_weights(economy: QuadraticEconomy) -> Floats:
    """Return W^-1 written out, shape (N, N)."""
    if isinstance(economy, LinearQuadratic):
        return economy.inverse_weights()
    require_memory(
        24.0 * economy.n_traders**2,
        f"honest bids that read all {economy.n_traders} quantities",
        "let the auction publish public_statistics(economy, sigma)",
    )
    return economy.types_behind(np.eye(economy.n_traders)).T


def _exact_inverse(economy: RationalEconomy) -> Rationals:
    inverse = rational_inverse(economy.weights)
    if inverse is None:
        raise RefusedError(
            "weights must be invertible (assumption INJ) for conditional bids, got a matrix "
            "that is exactly singular; use a mechanism with reports or schedules instead"
        )
    return inverse


def _require_private_values(weights: Floats | Rationals, first: int = 0) -> None:
    """Check that rows of W, from trader `first` on, have nothing off the diagonal."""
    places = np.arange(len(weights))
    off_diagonal = weights.copy()
    off_diagonal[places, first + places] = 0
    if (off_diagonal != 0).any():
        raise RefusedError(
            "an honest schedule exists under private values only (W diagonal), got "
            f"interdependence up to {float(np.abs(off_diagonal).max()):.6g}; name an equilibrium "
            "strategy such as linear-bayes instead"
        )
