"""Bid languages: what a trader may submit, and what honesty means where the language says.

Honest conditional bids are Example 7's: row i of A = W^-1 diag(mu + sigma), b = W^-1 1,
r = s + W^-1 c, which uses the own type only.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, final

import numpy as np

from deviator.economies import Economy, LinearQuadratic
from deviator.errors import RefusedError
from deviator.validation import Floats

from .bids import Bids, LinearBids, Reports, Schedules
from .exact import RationalBids, RationalEconomy, Rationals, rational_inverse


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
        market = _linear_quadratic(economy)
        _require_private_values(market.weights)
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


@final
@dataclass(frozen=True)
class ConditionalLanguage(BidLanguage):
    """A bid is a hyperplane A_i . q + b_i p = r_i: a linear conditional inverse demand."""

    name = "conditional inverse demands"
    record = LinearBids
    level = -1
    reads: Literal["nothing", "price", "allocation"] = "allocation"

    def size(self, n_traders: int) -> int:
        """Return N + 2."""
        return n_traders + 2

    def honest_bids(self, economy: Economy, types: Floats, tax_slope: float) -> LinearBids:
        """Return the revelation strategy of Example 7, with coefficients shared by all markets.

        Raises
        ------
        RefusedError
            If W is singular, so that types cannot be read off allocations (INJ fails), or
            utilities are not linear-quadratic.
        """
        market = _linear_quadratic(economy)
        inverse = market.inverse_weights()
        return LinearBids(
            (inverse * (market.slope + tax_slope))[None],
            inverse.sum(axis=1)[None],
            types + inverse @ market.intercept,
        )

    def exact_honest_bids(
        self, economy: RationalEconomy, types: Rationals, tax_slope: Fraction
    ) -> RationalBids:
        """Return the revelation strategy of Example 7."""
        inverse = rational_inverse(economy.weights)
        if inverse is None:
            raise RefusedError(
                "weights must be invertible (assumption INJ) for conditional bids, got a matrix "
                "that is exactly singular; use a mechanism with reports or schedules instead"
            )
        weights = inverse * (economy.slope + tax_slope)
        coefficients = np.column_stack([weights, inverse.sum(axis=1)])
        return RationalBids(coefficients, types + inverse @ economy.intercept)

    def coordinate_ranges(
        self, level_range: float, price: float, quantity: Floats, bid: Floats
    ) -> Floats:
        """Return the level's range over what each weight multiplies."""
        del bid
        return np.concatenate([level_range / quantity, [level_range / price, level_range]])


def _linear_quadratic(economy: Economy) -> LinearQuadratic:
    if not isinstance(economy, LinearQuadratic):
        raise RefusedError(
            "an honest bid of this language is known in linear-quadratic economies only, got "
            f"{type(economy).__name__}; override honest_bids in the mechanism"
        )
    return economy


def _require_private_values(weights: Floats | Rationals) -> None:
    off_diagonal = weights - np.diag(np.diagonal(weights))
    if (off_diagonal != 0).any():
        raise RefusedError(
            "an honest schedule exists under private values only (W diagonal), got "
            f"interdependence up to {float(np.abs(off_diagonal).max()):.6g}; name an equilibrium "
            "strategy such as linear-bayes instead"
        )
