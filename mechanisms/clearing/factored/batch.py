"""Clearing of factored bids a_i q_i + C_i . (S q) + b_i p = r_i in O(N G^2) (Lemma 2).

In an orthonormal basis Q of the centered statistics the market is a_i q_i + Y_i . w = r_i with
w = [Q q; p], Y = [D, b], and X q = [w_1..w_H; 0] with X = [Q; 1' / sqrt(N)]. Rows and price are
scaled as autarky is decided. Where a_i is not small q_i = (r_i - Y_i . w) / a_i is put into the
last equations; the H + 1 traders of the smallest |a_i| are kept as unknowns beside w, so that
a_i = 0 needs no exception. More small a_i than that make the market singular: their rows lie in
the span of X and the price.

The kernel uses the array API standard only and writes nothing in place, so that libraries can
follow gradients through it. Traders come last in its arrays: numbers of a trader are few, and inner
loops over few numbers are slow. Large markets are cleared in `passes` over their traders instead.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, final

import numpy as np
from typing_extensions import override

from deviator.arrays import Array, like, namespace
from deviator.errors import InvalidInputError
from deviator.numerics.rational import rational, rational_product
from deviator.validation import Bools, Floats

from ...chunking import in_chunks, markets_per_chunk, pieces
from ...exact import RationalBids, RationalSolution
from ...languages import FactoredBids
from ...outcome import Outcome
from ...statistics import PublicStatistics, check_traders
from ..autarky import (
    Deviated,
    PresentInverse,
    RowSquares,
    amplified,
    but_the_last,
    clear_of_rounding,
    divisor,
    inverses,
    kind,
    precision,
    price_scale,
    price_shares,
    regular_after,
    require_precision,
    row_lengths,
    times,
    tolerance,
    well_conditioned,
)
from ..base import Clearing, DeviationSolution, MarketSolution, Payment, joined, mend
from ..dense.clearing import solve_hyperplanes
from .parts import rows_on_basis, smallest
from .passes import TRADERS, settle_large
from .portable import settle_large_anywhere, side_by_side

LARGE = 2**11
"""Traders in a market from which on it is cleared by itself, in passes over its traders. They and
this kernel take equally long at 1,000 to 2,000 traders, whether markets share weights or not."""

_Moved = tuple[Floats, Floats, Floats, Bools, Bools]
"""Price, quantity, residual slope, whether the market is regular, and whether the update decides
it, each of shape (B, M)."""


class _Market(NamedTuple):
    """Scaled markets and their inverses in factors; S is 1 where all markets share them.

    Unknowns u are [w; q of the m = min(H + 1, N) kept traders], K of them. A trader's scaled level
    r_i adds r_i `equations`_i to the right of theirs, and q_i = `direct`_i r_i + `reaction`_i . u.
    So P[q_i, j] = direct_i [i = j] + reaction_i . inverse equations_j.
    """

    rows: RowSquares  # (S, N), of rows before scaling
    price_scale: Array  # (S,), price = price_scale * scaled price
    row_length: Array  # (S, N)
    direct: Array  # (S, N), 1 / a_i, 0 for kept traders
    equations: Array  # (S, K, N): X_i / a_i; for kept trader k a 1 in row H + 1 + k
    reaction: Array  # (S, K, N): -Y_i / a_i; for kept trader k a 1 in row H + 1 + k
    inverse: Array  # (S, K, K)
    response: Array  # (S, K, N), inverse equations
    diagonal: Array  # (S, N), P[q_i, i]
    squares: Array  # (S, N), squared lengths of the columns' quantities
    regular: Array  # (S,)
    size: int  # H + 1, how many numbers w has
    all_regular: bool = False  # whether all are known to be

    @property
    def price_effect(self) -> Array:
        """P[p, i], shape (S, N)."""
        return self.response[:, self.size - 1, :]


@final
@dataclass(frozen=True)
class FactoredClearing(Clearing):
    """Clearing of `FactoredBids`.

    Parameters
    ----------
    statistics : PublicStatistics
        What the bids condition on.
    large : int
        Traders in a market from which on it is cleared in passes over its traders.
    chunk : int
        Traders who are looked at together in these passes.
    """

    statistics: PublicStatistics
    large: int = LARGE
    chunk: int = TRADERS

    @override
    def solve(self, bids: FactoredBids) -> MarketSolution:
        self._check(bids)
        if not bids.is_numpy:
            require_precision(bids.level, bids.shape[1])
            return _solution(self._market_of(bids), bids.level)
        if self._is_large(bids):
            whole = settle_large(self.statistics, bids, None, self.chunk)
            slope = np.broadcast_to(whole.residual_slope, whole.quantity.shape)
            return MarketSolution(whole.price, whole.quantity, slope, whole.traded)
        return joined(bids.level.shape, self.piece_by_piece(bids))

    @override
    def settle(self, bids: FactoredBids, payment: Payment) -> Outcome:
        self._check(bids)
        if not bids.is_numpy:
            return self._settle_anywhere(bids, payment)
        if not self._is_large(bids):
            return super().settle(bids, payment)
        whole = settle_large(self.statistics, bids, payment, self.chunk)
        assert whole.transfer is not None
        slope = whole.residual_slope
        if len(slope) != len(whole.quantity):
            slope = np.repeat(slope, len(whole.quantity), axis=0)
        solved = np.ones_like(whole.traded)
        return Outcome(whole.price, whole.quantity, whole.transfer, whole.traded, solved, slope)

    @override
    def solve_deviations(
        self, bids: FactoredBids, trader: int, candidates: Floats
    ) -> DeviationSolution:
        self._check(bids)

        weights = bids.own_weights, bids.statistic_weights, bids.price_weights
        shared = _market(self.statistics, *weights) if len(bids.own_weights) == 1 else None

        def kernel(level: Floats, candidates: Floats, *weights: Floats) -> _Moved:
            market = shared or _market(self.statistics, *weights)
            return _move(self.statistics, market, level, candidates, trader)

        numbers = max(_numbers(bids), bids.shape[1] * candidates.shape[1])
        own = () if shared else weights
        parts = in_chunks(kernel, bids.level, candidates, *own, chunk=markets_per_chunk(numbers))
        *moved, known = (np.concatenate(field) for field in zip(*parts, strict=True))
        solution = DeviationSolution(*moved)
        return solution if known.all() else mend(self, bids, trader, candidates, solution, known)

    @override
    def solve_exact(self, bids: RationalBids) -> RationalSolution | None:
        """Clear in exact numbers, with A written out: for small markets."""
        own, statistic, price = np.split(bids.coefficients, [1, -1], axis=1)
        weights = np.diag(own[:, 0]) + rational_product(statistic, rational(self.statistics.given))
        return solve_hyperplanes(np.concatenate([weights, price], axis=1), bids.levels)

    def _settle_anywhere(self, bids: FactoredBids, payment: Payment) -> Outcome:
        """Do what `settle` does in arrays of any library; large markets one by one."""
        markets = bids.own_weights.shape[0]
        if not self._is_large(bids) or not markets:
            return super().settle(bids, payment)
        if markets > 1:
            each = (bids.of_markets(slice(market, market + 1)) for market in range(markets))
            return side_by_side([self._settle_anywhere(one, payment) for one in each])
        require_precision(bids.level, bids.shape[1])
        settled = settle_large_anywhere(self.statistics, bids, payment, self.chunk)
        return super().settle(bids, payment) if settled is None else settled

    def _check(self, bids: FactoredBids) -> None:
        check_traders(self.statistics, bids.shape[1])
        if bids.n_statistics != len(self.statistics):
            raise InvalidInputError(
                f"bids must refer to the mechanism's {len(self.statistics)} statistics, got "
                f"{bids.n_statistics}"
            )

    def _is_large(self, bids: FactoredBids) -> bool:
        return bids.shape[1] >= self.large

    @override
    def piece_by_piece(self, bids: FactoredBids) -> Iterator[tuple[slice, MarketSolution]]:
        """Clear piece by piece; a market that all share is inverted once."""
        batch, n = bids.level.shape
        shared = len(bids.own_weights) == 1
        market = self._market_of(bids) if shared else None
        for markets in pieces(batch, n if shared else _numbers(bids)):
            here = market or self._market_of(bids, markets)
            yield markets, _solution(here, bids.level[markets])

    def _market_of(self, bids: FactoredBids, markets: slice = slice(None)) -> _Market:
        return _market(
            self.statistics,
            bids.own_weights[markets, ...],
            bids.statistic_weights[markets, ...],
            bids.price_weights[markets, ...],
        )


def _numbers(bids: FactoredBids) -> int:
    """Return how many numbers `_Market.response` has for each market."""
    n, size = bids.shape[1], bids.n_statistics + 1
    return n * (size + min(size, n))


def _market(statistics: PublicStatistics, own: Array, statistic: Array, price: Array) -> _Market:
    """Invert markets; irregular ones are marked, and have the numbers of q_i + p = r_i.

    A NaN that is masked in the end would still make gradients NaN.
    """
    xp, market = namespace(own), _inverted(statistics, own, statistic, price)
    if bool(xp.all(market.regular)):
        return market._replace(all_regular=True)
    irregular = ~market.regular[:, None]
    plain = _inverted(
        statistics,
        xp.where(irregular, 1.0, own),
        xp.where(irregular[..., None], 0.0, statistic),
        xp.where(irregular, 1.0, price),
    )
    return plain._replace(regular=market.regular)


def _inverted(statistics: PublicStatistics, own: Array, statistic: Array, price: Array) -> _Market:
    rows = rows_on_basis(statistics, own, statistic, price)
    xp, n = namespace(own), own.shape[-1]
    scale = price_scale(xp.sum(price_shares(rows.squares), axis=-1), n)
    length = row_lengths(rows.squares, scale[:, None])
    own, on_w = rows.own / length, rows.on_w(scale[:, None]) / length[:, None, :]
    kept = smallest(xp.abs(own), on_w.shape[1])
    is_kept = xp.any(kept, axis=1)
    others = xp.where(is_kept, 1.0, own)
    steady = xp.min(xp.abs(others), axis=-1) > tolerance(n, precision(own))
    others = xp.where(others == 0, 1.0, others)
    direct = xp.where(is_kept, 0.0, 1 / others)
    ties = like(own, np.concatenate([statistics.basis, np.full((1, n), n**-0.5)]))
    ones = xp.astype(kept, own.dtype)
    equations = xp.concat([ties * direct[:, None, :], ones], axis=1)
    reaction = xp.concat([-on_w * direct[:, None, :], ones], axis=1)
    core = _core(equations, own, on_w, ties)
    inverse, invertible = inverses(core)
    response = xp.matmul(inverse, equations)
    diagonal, squares = _own_and_squares(direct, reaction, response)
    market = _Market(
        rows.squares,
        scale,
        length,
        direct,
        equations,
        reaction,
        inverse,
        response,
        diagonal,
        squares,
        invertible & steady,
        on_w.shape[1],
    )
    return market._replace(regular=market.regular & _regular(market, core))


def _core(equations: Array, own: Array, on_w: Array, ties: Array) -> Array:
    """Return the equations for [w; q of kept traders], shape (S, K, K).

    X_R (r_R - Y_R w) / a_R + X_K q_K = [w_1..w_H; 0] and Y_K w + a_K q_K = r_K.
    """
    xp, size = namespace(own), on_w.shape[1]
    kept = equations[:, size:, :]
    on_w_part = xp.matmul(equations, xp.matrix_transpose(on_w))
    top = on_w_part[:, :size, :] + but_the_last(own, size)
    kept_ties = xp.matmul(ties, xp.matrix_transpose(kept))
    kept_own = xp.matmul(kept, own[..., None]) * xp.eye(kept.shape[1], **kind(own))
    left = xp.concat([top, on_w_part[:, size:, :]], axis=1)
    return xp.concat([left, xp.concat([-kept_ties, kept_own], axis=1)], axis=2)


def _own_and_squares(direct: Array, reaction: Array, response: Array) -> tuple[Array, Array]:
    """Return P[q_i, i] and the squared lengths of the columns' quantities, each (S, N).

    The own quantity's square is added apart: it may be far above or below what is left of others'.
    """
    xp = namespace(response)
    through = xp.sum(reaction * response, axis=1)
    gram = xp.matmul(reaction, xp.matrix_transpose(reaction))
    others = xp.sum(response * xp.matmul(gram, response), axis=1) - through**2
    diagonal = direct + through
    return diagonal, diagonal**2 + xp.where(others > 0, others, 0.0)


def _regular(market: _Market, core: Array) -> Array:
    """Decide autarky by the inverse's condition and by what rounding may have done to it."""
    xp = namespace(core)
    lengths = market.squares + market.price_effect**2
    # The last column of P is [1' / sqrt(N), 0], since rows are orthogonal to 1'.
    conditioned = well_conditioned(1 + xp.sum(lengths, axis=-1), market.diagonal, lengths)
    canceled = xp.maximum(lengths, market.direct**2)
    return conditioned & clear_of_rounding(
        market.diagonal, canceled, lambda: _rounding(market, core)
    )


def _rounding(market: _Market, core: Array) -> Array:
    """Return what, times the machine precision, bounds the rounding of P[q_i, i], shape (S, N)."""
    xp, reaction = namespace(core), namespace(core).abs(market.reaction)
    # Sums over traders may cancel, and count by the lengths of what is added up.
    lengths = xp.sqrt(xp.sum(reaction[:, : market.size, :] ** 2, axis=-1))
    blown = amplified(core, market.inverse, lengths)
    through = xp.sum(reaction * xp.matmul(blown, xp.abs(market.equations)), axis=1)
    return xp.abs(market.direct) + through


def _unknowns(market: _Market, scaled: Array) -> tuple[Array, Array]:
    """Return [w; q of kept traders], (B, K), and all quantities, (B, N), for scaled levels."""
    xp = namespace(scaled)
    unknowns = times(market.inverse, times(market.equations, scaled))
    reacted = times(xp.matrix_transpose(market.reaction), unknowns)
    return unknowns, scaled * market.direct + reacted


def _solution(market: _Market, level: Array) -> MarketSolution:
    """Clear markets at levels (B, N) of their bids."""
    xp = namespace(level)
    unknowns, quantity = _unknowns(market, level / market.row_length)
    slope = market.price_scale[:, None] * market.price_effect / market.diagonal
    return MarketSolution(
        market.price_scale * unknowns[:, market.size - 1],
        quantity,
        xp.broadcast_to(slope, level.shape),
        xp.broadcast_to(market.regular, level.shape[:1]),
        market.all_regular,
    )


def _move(
    statistics: PublicStatistics, market: _Market, level: Floats, candidates: Floats, trader: int
) -> _Moved:
    """Move each market along the trader's column of P until their candidate bid is met."""
    new = rows_on_basis(
        statistics, candidates[..., 0], candidates[..., 1:-2], candidates[..., -2], trader
    )
    scale = market.price_scale[:, None]
    length = row_lengths(new.squares, scale)
    on_w = new.on_w(scale).swapaxes(1, 2) / length[..., None]  # (B, M, H + 1)
    own_part = (new.own / length)[..., None]
    unknowns, quantity = _unknowns(market, level / market.row_length)
    own_row, column, overlap = _of_trader(market, trader)
    effect = own_part * own_row[:, None] + on_w @ market.response[:, : market.size]
    pivot = divisor(effect[..., trader])
    met = (on_w @ unknowns[:, : market.size, None])[..., 0]
    met += own_part[..., 0] * quantity[:, trader, None]
    step = (candidates[..., -1] / length - met) / pivot
    column_price, column_own = market.price_effect[:, [trader]], market.diagonal[:, [trader]]
    present = PresentInverse(
        market.rows,
        market.price_scale,
        market.row_length,
        market.diagonal,
        market.price_effect,
        market.squares,
        column,
        overlap,
    )
    ratio = effect / pivot[..., None]
    regular, known = regular_after(present, Deviated(ratio, pivot, new.squares, length, trader))
    return (
        scale * (unknowns[:, [market.size - 1]] + column_price * step),
        quantity[:, [trader]] + column_own * step,
        np.broadcast_to(scale * column_price / column_own, step.shape),
        regular,
        known & market.regular[:, None],
    )


def _of_trader(market: _Market, trader: int) -> tuple[Floats, Floats, Floats]:
    """Return P[q_i, j], P[q_j, i] and all columns' inner products with column i, each (S, N)."""
    reaction, response = market.reaction, market.response
    row = (reaction[:, None, :, trader] @ response)[:, 0]
    column = (response[:, None, :, trader] @ reaction)[:, 0]
    row[:, trader] = column[:, trader] = market.diagonal[:, trader]
    weighed = reaction @ column[..., None]
    overlap = market.direct * column + (weighed.swapaxes(1, 2) @ response)[:, 0]
    overlap[:, trader] = market.squares[:, trader]
    return row, column, overlap
