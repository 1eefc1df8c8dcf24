"""Clearing of decreasing linear demand schedules: sum_i (level_i - steepness_i p) = 0."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import final

import numpy as np
from typing_extensions import override

from deviator.arrays import Array, row_sums
from deviator.validation import Floats

from ..chunking import pieces
from ..exact import RationalBids, RationalSolution
from ..languages import Schedules, check_decreasing
from .base import Clearing, DeviationSolution, MarketSolution, joined


@final
@dataclass(frozen=True)
class ScheduleClearing(Clearing):
    """Clearing of `Schedules`; the residual slope is 1 / (sum of the others' steepness)."""

    @override
    def solve(self, bids: Schedules) -> MarketSolution:
        if not bids.is_numpy:
            # Schedules decrease, so that every market clears.
            return replace(solve_schedules(bids.level, bids.steepness), all_regular=True)
        return joined(bids.level.shape, self.piece_by_piece(bids))

    @override
    def piece_by_piece(self, bids: Schedules) -> Iterator[tuple[slice, MarketSolution]]:
        for markets in pieces(*bids.level.shape):
            yield markets, _numpy_solution(bids.level[markets], bids.steepness[markets])

    @override
    def solve_deviations(
        self, bids: Schedules, trader: int, candidates: Floats
    ) -> DeviationSolution:
        check_decreasing(candidates[..., 1])
        level = bids.level.sum(axis=1) - bids.level[:, trader]
        steepness = bids.steepness.sum(axis=1) - bids.steepness[:, trader]
        price = (level[:, None] + candidates[..., 0]) / (steepness[:, None] + candidates[..., 1])
        quantity = candidates[..., 0] - candidates[..., 1] * price
        slope = np.broadcast_to(1 / steepness[:, None], price.shape)
        return DeviationSolution(price, quantity, slope, np.ones(price.shape, dtype=bool))

    @override
    def solve_exact(self, bids: RationalBids) -> RationalSolution | None:
        steepness = bids.coefficients[:, 0]
        price = bids.levels.sum(axis=1) / steepness.sum()
        quantity = bids.levels - steepness * price[:, None]
        return RationalSolution(price, quantity, 1 / (steepness.sum() - steepness))


def solve_schedules(
    level: Array, steepness: Array, sums: Callable[[Array], Array] = row_sums
) -> MarketSolution:
    """Return price, quantities and residual slopes of schedules (B, N) in arrays of any library."""
    total = sums(steepness)
    price = sums(level) / total
    quantity = level - steepness * price[:, None]
    return MarketSolution(price, quantity, 1 / (total[:, None] - steepness), total > 0)


def _numpy_solution(level: Floats, steepness: Floats) -> MarketSolution:
    """Clear markets at levels (B, N); the steepness may be that of all markets, (1, N)."""
    steepness = steepness[:1] if steepness.strides[0] == 0 else steepness
    total = row_sums(steepness)
    price = row_sums(level) / total
    quantity = _wide(price, level.shape[1])
    quantity *= steepness
    np.subtract(level, quantity, out=quantity)
    slope = _wide(total, level.shape[1])
    slope -= steepness
    np.divide(1.0, slope, out=slope)
    regular = total > 0
    if len(steepness) < len(level):
        slope, regular = np.broadcast_to(slope, level.shape), np.broadcast_to(regular, price.shape)
    return MarketSolution(price, quantity, slope, regular)


def _wide(values: Floats, n_traders: int) -> Floats:
    """Return values (S,) once for each trader, (S, N): faster than arithmetic on short rows."""
    return np.repeat(values, n_traders).reshape(-1, n_traders)
