"""Linear demand schedules q = level - steepness p, and those of a least slope."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import ClassVar, Literal, Self, final

import numpy as np
from typing_extensions import override

from deviator.arrays import Array, namespace
from deviator.economies import Economy
from deviator.errors import InvalidInputError, RefusedError
from deviator.numerics.rational import Rationals
from deviator.units import QUANTITY, STEEPNESS
from deviator.validation import Floats, numbers_of_record, trader_count

from ..exact import RationalBids, RationalEconomy
from .base import ArrayBids, BidLanguage, require_quadratic


@final
@dataclass(frozen=True, eq=False)
class Schedules(ArrayBids):
    """Linear demand schedules q_i(p) = level_i - steepness_i p.

    Parameters
    ----------
    level : ndarray of float, shape (B, N)
        Quantity demanded at price 0.
    steepness : ndarray of float, shape (B, N)
        Units given up per unit of price, positive.

    Raises
    ------
    InvalidInputError
        If a schedule does not decrease, or shapes or numbers are malformed.
    """

    meant_for: ClassVar[str] = "auctions of demand schedules, such as UniformDoubleAuction()"

    level: Floats = field(metadata=QUANTITY)
    steepness: Floats = field(metadata=STEEPNESS)

    @override
    def _checked(self) -> dict[str, Floats]:
        level = numbers_of_record("level", self.level, (None, None))
        trader_count(level.shape[1])
        steepness = numbers_of_record("steepness", self.steepness, level.shape)
        if self.is_numpy:
            check_decreasing(steepness)
        return {"level": level, "steepness": steepness}

    @override
    def _check_numbers(self) -> None:
        xp = namespace(self.level)
        sums = xp.sum(self.level) + xp.sum(self.steepness)
        if not bool(xp.isfinite(sums) & xp.all(self.steepness > 0)):
            super()._check_numbers()
            check_decreasing(self.steepness)

    @classmethod
    @override
    def from_array(cls, array: Floats) -> Self:
        checked = numbers_of_record("schedules", array, (None, None, 2))
        return cls(checked[..., 0], checked[..., 1])


@final
@dataclass(frozen=True)
class ScheduleLanguage(BidLanguage):
    """A bid is a decreasing linear demand schedule q = level - steepness p."""

    name = "schedules"
    record = Schedules
    level = 0
    reads: ClassVar[Literal["nothing", "price", "allocation"]] = "price"

    @override
    def size(self, n_traders: int) -> int:
        return 2

    def honest_bids(self, economy: Economy, types: Floats, tax_slope: float) -> Schedules:
        """Return own marginal utility as a schedule, which exists under private values only.

        Raises
        ------
        RefusedError
            If values are interdependent or utilities not linear-quadratic.
        """
        market = require_quadratic(economy)
        for traders, effects in market.blocks_of_effects():
            _check_private_values(effects, traders.start)
        bend = market.slope + tax_slope
        level = market.value(types) / bend
        return Schedules(level, np.broadcast_to(1 / bend, level.shape))

    @override
    def exact_honest_bids(
        self, economy: RationalEconomy, types: Rationals, tax_slope: Fraction
    ) -> RationalBids:
        _check_private_values(economy.weights)
        bend = economy.slope + tax_slope
        return RationalBids((1 / bend)[:, None], economy.value(types) / bend)

    def coordinate_ranges(
        self, level_range: float, price: float, quantity: Floats, bid: Floats
    ) -> Floats:
        """Return the ranges; steepness keeps its sign."""
        return np.array([level_range, min(level_range / price, 0.9 * bid[1])])

    def admissible(self, bids: Floats, own: Floats) -> Floats:
        """Return schedules that decrease, at least a thousandth as steeply as the present ones."""
        allowed = bids.copy()
        allowed[..., 1] = np.maximum(allowed[..., 1], 1e-3 * own[:, None, 1])
        return allowed


def check_decreasing(steepness: Array) -> None:
    """Raise InvalidInputError unless demand schedules decrease."""
    if isinstance(steepness, np.ndarray):
        rising = bool(steepness.min(initial=np.inf) <= 0)
    else:
        rising = bool(namespace(steepness).any(steepness <= 0))
    if rising:
        least = float(namespace(steepness).min(steepness))
        raise InvalidInputError(f"schedules must decrease (steepness > 0), got steepness {least}")


def _check_private_values(weights: Floats | Rationals, first: int = 0) -> None:
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


PASSES_LIMIT = 1e-9
"""By which share a steepness may pass the limit: rounding, in whatever units."""


@final
@dataclass(frozen=True)
class FlooredScheduleLanguage(BidLanguage):
    """A bid is a schedule q = level - steepness p with steepness at most 1 / floor.

    Parameters
    ----------
    floor : float
        Least slope of a submitted inverse demand, in units of price per unit of the good, positive.
    """

    floor: float
    name = "schedules of a least slope"
    record = Schedules
    level = 0
    reads = "price"

    @override
    def size(self, n_traders: int) -> int:
        return 2

    @override
    def honest_bids(self, economy: Economy, types: Floats, tax_slope: float) -> Schedules:
        """Return own marginal utility as a schedule.

        Raises
        ------
        RefusedError
            If values are interdependent, utilities not linear-quadratic, or a marginal utility
            flatter than the floor.
        """
        bids = ScheduleLanguage().honest_bids(economy, types, tax_slope)
        self._check_honest(1 / float(bids.steepness.max(initial=0.0)))
        return bids

    @override
    def exact_honest_bids(
        self, economy: RationalEconomy, types: Rationals, tax_slope: Fraction
    ) -> RationalBids:
        bids = ScheduleLanguage().exact_honest_bids(economy, types, tax_slope)
        self._check_honest(1 / float(bids.coefficients.max()))
        return bids

    @override
    def coordinate_ranges(
        self, level_range: float, price: float, quantity: Floats, bid: Floats
    ) -> Floats:
        """Return the ranges; steepness keeps its sign and stays below the limit."""
        ranges = ScheduleLanguage().coordinate_ranges(level_range, price, quantity, bid)
        room = max(1 / self.floor - bid[1], 0.1 * PASSES_LIMIT / self.floor)
        ranges[1] = min(ranges[1], room)
        return ranges

    @override
    def admissible(self, bids: Floats, own: Floats) -> Floats:
        """Return decreasing schedules that are at least as steep in price as the floor."""
        allowed = ScheduleLanguage().admissible(bids, own)
        allowed[..., 1] = np.minimum(allowed[..., 1], 1 / self.floor)
        return allowed

    def check(self, steepness: Floats) -> None:
        """Check that submitted demand is nowhere flatter than the floor.

        Raises
        ------
        InvalidInputError
            If it is.
        """
        xp = namespace(steepness)
        if bool(xp.any(steepness > (1 + PASSES_LIMIT) / self.floor)):
            raise InvalidInputError(
                f"submitted demand must have a slope of at least the floor, steepness at most "
                f"{1 / self.floor}, got steepness {float(xp.max(steepness))}"
            )

    def _check_honest(self, slope: float) -> None:
        if slope < self.floor * (1 - PASSES_LIMIT):
            raise RefusedError(
                f"an honest schedule needs marginal utility at least as steep as the floor "
                f"{self.floor}, got slope {slope:.6g}; lower the floor"
            )
