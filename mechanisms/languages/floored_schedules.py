"""Demand schedules of a least slope: submitted demand p = v - c' q with c' at least the floor."""

from dataclasses import dataclass
from fractions import Fraction
from typing import final

import numpy as np
from typing_extensions import override

from deviator.arrays import namespace
from deviator.economies import Economy
from deviator.errors import InvalidInputError, RefusedError
from deviator.numerics.rational import Rationals
from deviator.validation import Floats

from ..exact import RationalBids, RationalEconomy
from .base import BidLanguage
from .schedules import ScheduleLanguage, Schedules

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
        del n_traders
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
