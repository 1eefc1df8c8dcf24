"""Clearing of demand schedules in arrays of any library, as `schedules` does it."""

from deviator.arrays import namespace

from ..languages import Schedules
from .base import MarketSolution


def solve(bids: Schedules) -> MarketSolution:
    """Clear every market of the batch."""
    xp = namespace(bids.level)
    total = xp.sum(bids.steepness, axis=1)
    price = xp.sum(bids.level, axis=1) / total
    quantity = bids.level - bids.steepness * price[:, None]
    return MarketSolution(price, quantity, 1 / (total[:, None] - bids.steepness), total > 0)
