"""What every clearing rule with straight residual demand curves provides."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from deviator.validation import Bools, Floats

from ..exact import RationalBids, RationalSolution


@final
@dataclass(frozen=True, eq=False)
class MarketSolution:
    """Cleared markets before payments.

    Attributes
    ----------
    price : ndarray of float, shape (B,)
    quantity, residual_slope : ndarray of float, shape (B, N)
        Residual price of trader i at quantity x: price + residual_slope_i (x - quantity_i).
    regular : ndarray of bool, shape (B,)
        Whether the market clears uniquely with a residual curve for all; where it does not,
        the other fields mean nothing.
    """

    price: Floats
    quantity: Floats
    residual_slope: Floats
    regular: Bools


@final
@dataclass(frozen=True, eq=False)
class DeviationSolution:
    """One trader's side of the markets that his candidate bids lead to.

    Attributes
    ----------
    price, quantity : ndarray of float, shape (B, M)
    residual_slope : ndarray of float, shape (B, M)
    regular : ndarray of bool, shape (B, M)
    """

    price: Floats
    quantity: Floats
    residual_slope: Floats
    regular: Bools


class Clearing(ABC):
    """Price and quantities from bids; sees no utilities."""

    @abstractmethod
    def solve(self, bids: Any) -> MarketSolution:
        """Clear every market of the batch."""

    @abstractmethod
    def solve_deviations(self, bids: Any, trader: int, candidates: Floats) -> DeviationSolution:
        """Clear each market once per candidate bid of one trader, shape (B, M, K)."""

    @abstractmethod
    def solve_exact(self, bids: RationalBids) -> RationalSolution | None:
        """Clear M markets in exact numbers; None where they are in autarky."""


def solve_by_tiling(
    clearing: Clearing, bids: Any, trader: int, candidates: Floats
) -> DeviationSolution:
    """Clear every deviation afresh: slow, and right by definition."""
    shape = candidates.shape[:2]
    solution = clearing.solve(bids.with_candidates(trader, candidates))
    return DeviationSolution(
        solution.price.reshape(shape),
        solution.quantity[:, trader].reshape(shape),
        solution.residual_slope[:, trader].reshape(shape),
        solution.regular.reshape(shape),
    )


def mend(
    clearing: Clearing,
    bids: Any,
    trader: int,
    candidates: Floats,
    solution: DeviationSolution,
    known: Bools,
) -> DeviationSolution:
    """Clear afresh where the markets before the deviation, not `known`, gave nothing to update."""
    lost = ~np.broadcast_to(known, (len(candidates),))
    array = bids.as_array()[lost]
    fresh = solve_by_tiling(clearing, bids.from_array(array), trader, candidates[lost])
    fields = ("price", "quantity", "residual_slope", "regular")
    mended = {name: np.array(getattr(solution, name)) for name in fields}
    for name in fields:
        mended[name][lost] = getattr(fresh, name)
    return DeviationSolution(**mended)
