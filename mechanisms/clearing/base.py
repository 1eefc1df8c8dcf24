"""What every clearing rule with straight residual demand curves provides."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any, final

import numpy as np

from deviator.arrays import namespace
from deviator.memory import require_memory
from deviator.validation import Bools, Floats

from ..chunking import pieces
from ..exact import RationalBids, RationalSolution
from ..outcome import Outcome

Payment = Callable[[Floats, Floats, Floats], Any]
"""Transfers (B, N) from price (B, 1), quantity (B, N) and residual slope (B, N)."""


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
    all_regular : bool
        Whether all markets are known to be; a device need not be asked then.
    """

    price: Floats
    quantity: Floats
    residual_slope: Floats
    regular: Bools
    all_regular: bool = False


@final
@dataclass(frozen=True, eq=False)
class DeviationSolution:
    """One trader's side of the markets that their candidate bids lead to.

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

    def settle(self, bids: Any, payment: Payment) -> Outcome:
        """Clear every market and let traders pay; irregular markets are in autarky."""
        if not bids.is_numpy:
            return in_autarky_where_irregular(self.solve(bids), payment)
        return settled(bids.shape[:2], self.piece_by_piece(bids), payment)

    def piece_by_piece(self, bids: Any) -> "Pieces":
        """Return the solutions of successive markets, each with the slice of markets it is of.

        By default all markets are one piece. Clearings that cut the batch into pieces of the
        cache's size return theirs, so that payments find them in the cache.
        """
        return [(slice(0, bids.shape[0]), self.solve(bids))]

    @abstractmethod
    def solve_exact(self, bids: RationalBids) -> RationalSolution | None:
        """Clear M markets in exact numbers; None where they are in autarky."""


Pieces = Iterable[tuple[slice, MarketSolution]]
"""Solutions of successive markets of a batch, each with the slice of markets it is of."""


def settled(shape: tuple[int, int], pieces: Pieces, payment: Payment) -> Outcome:
    """Return the outcome of B markets of N traders whose solutions come piece by piece."""
    _require_room(shape)
    pieces = iter(pieces)
    markets, solution = next(pieces, (slice(0, 0), None))
    if solution is not None and markets == slice(0, shape[0]) and solution.regular.all():
        return _outcome(solution, payment)
    price, traded = np.empty(shape[0]), np.empty(shape[0], dtype=bool)
    quantity, transfer, slope = np.empty(shape), np.empty(shape), np.empty(shape)
    first = () if solution is None else ((markets, solution),)
    for markets, solution in chain(first, pieces):
        price[markets], quantity[markets] = solution.price, solution.quantity
        slope[markets], traded[markets] = solution.residual_slope, solution.regular
        autarky = None if solution.regular.all() else ~solution.regular
        if autarky is not None:
            price[markets][autarky] = slope[markets][autarky] = np.nan
            quantity[markets][autarky] = 0.0
        transfer[markets] = payment(price[markets][:, None], quantity[markets], slope[markets])
        if autarky is not None:
            transfer[markets][autarky] = 0.0
    return Outcome(price, quantity, transfer, traded, np.ones_like(traded), slope)


def in_autarky_where_irregular(solution: MarketSolution, payment: Payment) -> Outcome:
    """Return the outcome of markets in arrays of any library, of which nothing is written over.

    Payments are computed before the numbers of markets in autarky are masked, as a NaN that is
    masked would make gradients NaN.
    """
    price, quantity, slope = solution.price, solution.quantity, solution.residual_slope
    xp, traded = namespace(price), solution.regular
    transfer = payment(price[:, None], quantity, slope)
    if not solution.all_regular:
        trades = traded[:, None]
        price, slope = xp.where(traded, price, xp.nan), xp.where(trades, slope, xp.nan)
        quantity, transfer = xp.where(trades, quantity, 0.0), xp.where(trades, transfer, 0.0)
    return Outcome(price, quantity, transfer, traded, xp.ones_like(traded), slope)


def _outcome(solution: MarketSolution, payment: Payment) -> Outcome:
    """Return the outcome of markets that are one piece and all trade, without copies."""
    price, quantity, slope = solution.price, solution.quantity, solution.residual_slope
    transfer = payment(price[:, None], quantity, slope)
    if np.shape(transfer) != quantity.shape:
        transfer = np.broadcast_to(transfer, quantity.shape)
    traded = solution.regular
    return Outcome(price, quantity, transfer, traded, traded, slope)


def joined(shape: tuple[int, int], pieces: Pieces) -> MarketSolution:
    """Return the solution of B markets of N traders that comes piece by piece."""
    _require_room(shape)
    whole = MarketSolution(
        np.empty(shape[0]), np.empty(shape), np.empty(shape), np.empty(shape[0], dtype=bool)
    )
    for markets, solution in pieces:
        for field in ("price", "quantity", "residual_slope", "regular"):
            getattr(whole, field)[markets] = getattr(solution, field)
    return whole


def _require_room(shape: tuple[int, int]) -> None:
    """Ask for quantity, transfer and residual slope of all traders before any is made."""
    batch, n = shape
    outcomes = f"the outcomes of {batch} markets of {n} traders"
    require_memory(24.0 * batch * n, outcomes, "clear fewer markets at a time")


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
    """Clear afresh what an update of the markets before the deviation does not decide.

    Not `known`, (B, M), is where those were irregular, or rounding could decide about the new ones.
    """
    markets, candidate = np.nonzero(~known)
    array = bids.as_array()
    fields = ("price", "quantity", "residual_slope", "regular")
    mended = {name: np.array(getattr(solution, name)) for name in fields}
    for piece in pieces(len(markets), array[0].size):
        here = markets[piece], candidate[piece]
        some = bids.from_array(array[here[0]])
        fresh = solve_by_tiling(clearing, some, trader, candidates[here][:, None])
        for name in fields:
            mended[name][here] = getattr(fresh, name)[:, 0]
    return DeviationSolution(**mended)
