"""Clearing of reported types in arrays of any library, as `reported` does it."""

from deviator.arrays import like, namespace
from deviator.economies import QuadraticEconomy, walrasian_allocation, walrasian_response

from ..languages import Reports
from .base import MarketSolution


def solve(economy: QuadraticEconomy, sigma: float, bids: Reports) -> MarketSolution:
    """Clear every market of the batch; the reports are known to be types."""
    xp = namespace(bids.types)
    price, quantity = walrasian_allocation(economy, sigma, bids.types)
    slope = like(bids.types, walrasian_response(economy, sigma).residual_slope)
    return MarketSolution(
        price, quantity, xp.broadcast_to(slope, quantity.shape), xp.isfinite(price)
    )
