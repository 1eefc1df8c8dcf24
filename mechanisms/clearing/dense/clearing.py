"""Clearing of linear conditional bids, Definition 3: M [q; p] = [r; 0], M = [[A, b], [1', 0]].

Column i of P = M^-1 is the direction in which the market moves when only trader i's bid
shifts, so one inverse holds all N residual demand curves: k_i = P[p, i] / P[q_i, i]. For the
same reason a deviation of trader i moves the market along column i: a rank-one update.

Autarky is decided on a scaled M (`scaled_market`, `autarky`), so that it depends on the market only
and not on the units of money or quantity nor on how a bid is written.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np
from typing_extensions import override

from deviator.memory import require_memory
from deviator.numerics.rational import Rationals, rational, rational_inverse, rational_product
from deviator.validation import Bools, Floats

from ...chunking import in_chunks, markets_per_chunk, pieces
from ...exact import RationalBids, RationalSolution
from ...languages import LinearBids
from ...outcome import Outcome
from ..autarky import divisor
from ..base import (
    Clearing,
    DeviationSolution,
    MarketSolution,
    Payment,
    joined,
    mend,
    settled,
)
from . import portable as portable_conditional
from .rank_one import Present, solve_rank_one
from .scaled_market import ScaledMarket, scaled_market

COPIES = 6
"""Matrices that are held at once while a market is inverted, LAPACK's own among them."""


@final
@dataclass(frozen=True)
class ConditionalClearing(Clearing):
    """Clearing of `LinearBids`.

    Raises
    ------
    RefusedError
        If inverting a market needs more memory than there is.
    """

    @override
    def solve(self, bids: LinearBids) -> MarketSolution:
        if not bids.is_numpy:
            return portable_conditional.solve(bids)
        return joined(bids.level.shape, _solutions(bids))

    @override
    def settle(self, bids: LinearBids, payment: Payment) -> Outcome:
        return settled(bids.level.shape, _solutions(bids), payment)

    @override
    def solve_deviations(
        self, bids: LinearBids, trader: int, candidates: Floats
    ) -> DeviationSolution:
        present, known = _present(bids, trader)
        solution, told = solve_rank_one(present, bids.level, trader, candidates)
        told &= known[:, None]
        return solution if told.all() else mend(self, bids, trader, candidates, solution, told)

    @override
    def solve_exact(self, bids: RationalBids) -> RationalSolution | None:
        return solve_hyperplanes(bids.coefficients, bids.levels)


def solve_hyperplanes(hyperplanes: Rationals, levels: Rationals) -> RationalSolution | None:
    """Clear M markets of hyperplanes [A, b], shape (N, N + 1), exactly; None in autarky."""
    n = len(hyperplanes)
    bottom = rational([[1] * n + [0]])
    inverse = rational_inverse(np.concatenate([hyperplanes, bottom]))
    if inverse is None or any(inverse[i, i] == 0 for i in range(n)):
        return None
    solution = rational_product(levels, inverse[:, :n].T)
    slope = inverse[n, :n] / np.diagonal(inverse)[:n]
    return RationalSolution(solution[:, n], solution[:, :n], slope)


def _solutions(bids: LinearBids) -> Iterator[tuple[slice, MarketSolution]]:
    """Clear piece by piece; there is memory for it before anything is made."""
    batch, n = bids.level.shape
    _check_memory(batch, n, shared=len(bids.quantity_weights) == 1)
    return _piece_by_piece(bids)


def _piece_by_piece(bids: LinearBids) -> Iterator[tuple[slice, MarketSolution]]:
    """Clear pieces of the batch; a market that all share is inverted once."""
    batch, n = bids.level.shape
    weights, price_weights = bids.quantity_weights, bids.price_weights
    shared = len(weights) == 1
    market = scaled_market(weights, price_weights) if shared else None
    for place in pieces(batch, n if shared else n * n):
        here = market or scaled_market(weights[place], price_weights[place])
        yield place, _solution(here, bids.level[place])


def _present(bids: LinearBids, trader: int) -> tuple[Present, Bools]:
    """Return the markets that a trader deviates from, and which of them are regular."""

    def kernel(weights: Floats, price_weights: Floats) -> tuple[Floats | Bools, ...]:
        market = scaled_market(weights, price_weights)
        scaling = (market.price_scale, market.row_length, *market.squares)
        return (market.inverse(), *scaling, market.regular)

    weights, price_weights = bids.quantity_weights, bids.price_weights
    markets, n, _ = weights.shape
    # All inverses are held, and once more while their chunks are joined.
    require_memory(
        16.0 * markets * (n + 1) ** 2,
        f"deviating in {markets} markets of {n} traders who condition on all quantities",
        "deviate in fewer markets at a time",
    )
    chunk = markets_per_chunk(n**2)
    parts = in_chunks(kernel, weights, price_weights, chunk=chunk)
    *fields, regular = (np.concatenate(field) for field in zip(*parts, strict=True))
    own = np.append(weights[:, trader], price_weights[:, [trader]], axis=1)
    return Present(*(*fields, own)), regular


def _check_memory(batch: int, n: int, shared: bool) -> None:
    piece = 1 if shared else min(batch, markets_per_chunk(n * n))
    numbers = COPIES * piece * n**2 + 4 * batch * n
    require_memory(
        8 * numbers,
        f"clearing {batch} markets of {n} traders who condition on all quantities",
        "let bids condition on public statistics, or clear fewer markets at a time",
    )


def _solution(market: ScaledMarket, level: Floats) -> MarketSolution:
    """Clear markets at levels (B, N) of their bids."""
    batch, n = level.shape
    scaled = level / market.row_length
    if len(market.columns) == 1:
        moved = scaled @ market.columns[0]
    else:
        moved = (scaled[:, None] @ market.columns)[:, 0]
    price = market.price_scale * moved[:, -1]
    moved[:, -1] = 0.0
    moved[:, -1] = -np.einsum("bj->b", moved)
    slope = market.price_scale[:, None] * market.price_effect / divisor(market.own_effect())
    regular = np.broadcast_to(market.regular, (batch,))
    return MarketSolution(price, moved, np.broadcast_to(slope, (batch, n)), regular)
