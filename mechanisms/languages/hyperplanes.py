"""Languages of hyperplanes in price-quantity space, and W^-1, which honest ones read."""

from abc import abstractmethod
from typing import Any, Literal

import numpy as np

from deviator.economies import LinearQuadratic, QuadraticEconomy
from deviator.errors import RefusedError
from deviator.memory import require_memory
from deviator.numerics.rational import Rationals, rational_inverse
from deviator.validation import Floats

from ..exact import RationalEconomy
from .base import BidLanguage


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


def inverse_weights(economy: QuadraticEconomy) -> Floats:
    """Return W^-1 written out, shape (N, N)."""
    if isinstance(economy, LinearQuadratic):
        return economy.inverse_weights()
    require_memory(
        24.0 * economy.n_traders**2,
        f"honest bids that read all {economy.n_traders} quantities",
        "let the auction publish public_statistics(economy, sigma)",
    )
    return economy.types_behind(np.eye(economy.n_traders)).T


def exact_inverse_weights(economy: RationalEconomy) -> Rationals:
    """Return W^-1 in exact numbers.

    Raises
    ------
    RefusedError
        If W is singular.
    """
    inverse = rational_inverse(economy.weights)
    if inverse is None:
        raise RefusedError(
            "weights must be invertible (assumption INJ) for conditional bids, got a matrix "
            "that is exactly singular; use a mechanism with reports or schedules instead"
        )
    return inverse
