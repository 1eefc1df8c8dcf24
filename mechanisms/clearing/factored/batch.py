"""Clearing of factored bids a_i q_i + C_i . (S q) + b_i p = r_i in O(N G^2) (Lemma 2).

In an orthonormal basis Q of the centered statistics the market is a_i q_i + Y_i . w = r_i with
w = [Q q; p], Y = [D, b], and X q = [w_1..w_H; 0] with X = [Q; 1' / sqrt(N)]. Rows and price are
scaled as autarky is decided. Where a_i is not small q_i = (r_i - Y_i . w) / a_i is put into the
last equations; the H + 1 traders of the smallest |a_i| are kept as unknowns beside w, so that
a_i = 0 needs no exception. More small a_i than that make the market singular: their rows lie in
the span of X and the price.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from deviator.errors import InvalidInputError
from deviator.numerics.rational import rational, rational_product
from deviator.validation import Bools, Floats

from ...chunking import CHUNK, in_chunks
from ...exact import RationalBids, RationalSolution
from ...languages import FactoredBids
from ...outcome import Outcome
from ...statistics import PublicStatistics, check_traders
from ..autarky import (
    BLURRED,
    CANCELS,
    RowSquares,
    amplified,
    divisor,
    inverses,
    price_scale,
    price_shares,
    rescaled_rows,
    row_lengths,
    tolerance,
    well_conditioned,
)
from ..base import Clearing, DeviationSolution, MarketSolution, Payment, mend
from ..dense.clearing import solve_hyperplanes
from . import portable as portable_factored
from .large import LARGE, settle_large

NUMBERS = 2**21
"""Traders in all markets of a chunk."""


class _Rows(NamedTuple):
    """Bids on the basis of the centered statistics, without their idle component along 1'."""

    own: Floats  # (..., N), a
    basis: Floats  # (..., N, H), D
    price: Floats  # (..., N), b
    squares: RowSquares


class _Kept(NamedTuple):
    """Scaled rows of the traders of the smallest |a_i|, m of them in each market."""

    traders: NDArray[np.int_]  # (S, m)
    own: Floats  # (S, m)
    on_w: Floats  # (S, m, H + 1)


class _Eliminated(NamedTuple):
    """Scaled rows of the others; own is 1 and on_w 0 in the places of kept traders."""

    own: Floats  # (S, N)
    on_w: Floats  # (S, N, H + 1)


class _Market(NamedTuple):
    """Scaled markets and their inverses in factors; S is 1 where all markets share them.

    Column j of `response` is [w; q of kept traders] when only trader j's scaled bid moves by one.
    """

    price_scale: Floats  # (S,), price = price_scale * scaled price
    row_length: Floats  # (S, N)
    own: Floats  # (S, N), 1 for kept traders
    on_w: Floats  # (S, N, H + 1), Y; 0 for kept traders
    constraints: Floats  # (S, N, H + 1), X_i / a_i; 0 for kept traders
    kept: NDArray[np.int_]  # (S, m)
    inverse: Floats  # (S, H + 1 + m, H + 1 + m)
    response: Floats  # (S, H + 1 + m, N)
    diagonal: Floats  # (S, N), P[q_i, i]
    squares: Floats  # (S, N), squared lengths of the columns' quantities
    regular: Bools  # (S,)

    @property
    def size(self) -> int:
        """H + 1, how many numbers w has."""
        return int(self.on_w.shape[-1])

    def only(self, rows: NDArray[np.int_]) -> "_Market":
        """Return some of the markets."""
        fields: Any = (field[rows] for field in self)
        return _Market(*fields)

    @property
    def price_effect(self) -> Floats:
        """P[p, i], shape (S, N)."""
        return self.response[:, self.size - 1]


class _Moved(NamedTuple):
    """One trader's side of deviated markets, and whether the markets before tell it."""

    price: Floats  # (B, M)
    quantity: Floats  # (B, M)
    residual_slope: Floats  # (B, M)
    regular: Bools  # (B, M)
    known: Bools  # (B, M)


@final
@dataclass(frozen=True)
class FactoredClearing(Clearing):
    """Clearing of `FactoredBids`.

    Parameters
    ----------
    statistics : PublicStatistics
        What the bids condition on.
    """

    statistics: PublicStatistics

    @override
    def solve(self, bids: FactoredBids) -> MarketSolution:
        self._check(bids)
        if not bids.is_numpy:
            return portable_factored.solve(self.statistics, bids)
        if bids.shape[1] >= LARGE:
            whole = settle_large(self.statistics, bids, None)
            slope = np.broadcast_to(whole.residual_slope, whole.quantity.shape)
            return MarketSolution(whole.price, whole.quantity, slope, whole.traded)
        parts = in_chunks(
            self._solve,
            bids.own_weights,
            bids.statistic_weights,
            bids.price_weights,
            bids.level,
            chunk=_chunk(bids.shape[1]),
        )
        return MarketSolution(*(np.concatenate(field) for field in zip(*parts, strict=True)))

    @override
    def settle(self, bids: FactoredBids, payment: Payment) -> Outcome:
        if bids.shape[1] < LARGE:
            return super().settle(bids, payment)
        self._check(bids)
        whole = settle_large(self.statistics, bids, payment)
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

        def kernel(*chunk: Floats) -> _Moved:
            return self._move(trader, *chunk)

        parts = in_chunks(
            kernel,
            bids.own_weights,
            bids.statistic_weights,
            bids.price_weights,
            bids.level,
            candidates,
            chunk=_chunk(bids.shape[1] * candidates.shape[1]),
        )
        moved = _Moved(*(np.concatenate(field) for field in zip(*parts, strict=True)))
        solution = DeviationSolution(
            moved.price, moved.quantity, moved.residual_slope, moved.regular
        )
        if moved.known.all():
            return solution
        return mend(self, bids, trader, candidates, solution, moved.known)

    @override
    def solve_exact(self, bids: RationalBids) -> RationalSolution | None:
        """Clear in exact numbers, with A written out: for small markets."""
        own, statistic, price = np.split(bids.coefficients, [1, -1], axis=1)
        weights = np.diag(own[:, 0]) + rational_product(statistic, rational(self.statistics.given))
        return solve_hyperplanes(np.concatenate([weights, price], axis=1), bids.levels)

    def _check(self, bids: FactoredBids) -> None:
        check_traders(self.statistics, bids.shape[1])
        if bids.n_statistics != len(self.statistics):
            raise InvalidInputError(
                f"bids must refer to the mechanism's {len(self.statistics)} statistics, got "
                f"{bids.n_statistics}"
            )

    def _rows(
        self, own: Floats, statistic: Floats, price: Floats, trader: int | None = None
    ) -> _Rows:
        """Return the rows of all traders (..., N), or several rows (..., M) of one."""
        basis = statistic @ self.statistics.coordinates
        said = self.statistics.basis.T if trader is None else self.statistics.basis[:, trader]
        unsaid = self.statistics.unsaid if trader is None else self.statistics.unsaid[trader]
        squares = ((basis + own[..., None] * said) ** 2).sum(axis=-1) + own**2 * unsaid
        largest = np.abs(own) + np.abs(statistic) @ self.statistics.largest
        constant = squares <= (8 * np.finfo(np.float64).eps * largest) ** 2
        return _Rows(
            np.where(constant, 0.0, own),
            np.where(constant[..., None], 0.0, basis),
            price,
            RowSquares(np.where(constant, 0.0, squares), price**2),
        )

    def _invert(self, rows: _Rows) -> _Market:
        n, size = rows.own.shape[-1], rows.basis.shape[-1] + 1
        scale = price_scale(price_shares(rows.squares).sum(axis=-1), n)
        length = row_lengths(rows.squares, scale[:, None])
        kept, eliminated = _divide(rows, scale, length)
        steady = np.abs(eliminated.own).min(axis=-1) > tolerance(n)
        own = np.where(eliminated.own == 0, 1.0, eliminated.own)
        ties = np.concatenate([self.statistics.basis, np.full((1, n), 1 / np.sqrt(n))]).T
        constraints = ties / own[..., None]
        np.put_along_axis(constraints, kept.traders[..., None], 0.0, axis=1)
        core = _core(constraints, eliminated.on_w, ties[kept.traders], kept)
        inverse, invertible = inverses(core)
        response = _response(inverse, constraints, kept.traders)
        diagonal, squares = _own_and_squares(response, own, eliminated.on_w, kept.traders)
        lengths = squares + response[:, size - 1] ** 2
        # The last column of P is [1' / sqrt(N), 0], since rows are orthogonal to 1'.
        conditioned = well_conditioned(1 + lengths.sum(axis=-1), diagonal, lengths)
        market = _Market(
            scale,
            length,
            own,
            eliminated.on_w,
            constraints,
            kept.traders,
            inverse,
            response,
            diagonal,
            squares,
            invertible & steady & conditioned,
        )
        return market._replace(regular=_clear_of_rounding(market, core))

    def _solve(
        self, own: Floats, statistic: Floats, price: Floats, level: Floats
    ) -> tuple[Floats, Floats, Floats, Bools]:
        market = self._invert(self._rows(own, statistic, price))
        w, quantity = _scaled_solution(market, level)
        slope = market.price_scale[:, None] * market.price_effect / divisor(market.diagonal)
        batch, n = level.shape
        return (
            market.price_scale * w[:, -1],
            quantity,
            np.broadcast_to(slope, (batch, n)),
            np.broadcast_to(market.regular, (batch,)),
        )

    def _move(
        self,
        trader: int,
        own: Floats,
        statistic: Floats,
        price: Floats,
        level: Floats,
        candidates: Floats,
    ) -> _Moved:
        """Move each market along the trader's column until his candidate bid is met."""
        rows = self._rows(own, statistic, price)
        market = self._invert(rows)
        new = self._rows(
            candidates[..., 0], candidates[..., 1:-2], candidates[..., -2], trader=trader
        )
        scale = market.price_scale[:, None]
        length = row_lengths(new.squares, scale)
        row = np.concatenate([new.basis, (scale * new.price)[..., None]], axis=-1)
        row, own_part = row / length[..., None], new.own / length
        w, quantity = _scaled_solution(market, level)
        own_row = _own_row(market, trader)
        effect = (
            own_part[..., None] * own_row[:, None] + row @ market.response[:, : market.size]
        )  # (B, M, N)
        pivot = divisor(effect[..., trader])
        reached = own_part * quantity[:, trader, None] + np.einsum("bmk,bk->bm", row, w)
        step = (candidates[..., -1] / length - reached) / pivot
        column_price = market.price_effect[:, trader, None]
        column_own = market.diagonal[:, trader, None]
        slope = np.broadcast_to(scale * column_price / divisor(column_own), step.shape)
        regular, told = _regular_after(
            rows, market, new, length, effect / pivot[..., None], pivot, trader
        )
        return _Moved(
            scale * (w[:, -1:] + column_price * step),
            quantity[:, trader, None] + column_own * step,
            slope,
            regular,
            told & market.regular[:, None],
        )


def _chunk(numbers: int) -> int:
    return max(1, min(CHUNK, NUMBERS // numbers))


def _divide(rows: _Rows, scale: Floats, length: Floats) -> tuple[_Kept, _Eliminated]:
    """Scale the rows and set those of the smallest |a_i| apart."""
    n, size = rows.own.shape[-1], rows.basis.shape[-1] + 1
    own = rows.own / length
    on_w = np.concatenate([rows.basis, (scale[:, None] * rows.price)[..., None]], axis=-1)
    on_w = on_w / length[..., None]
    traders = np.argpartition(np.abs(own), min(size, n) - 1, axis=-1)[:, : min(size, n)]
    kept = _Kept(
        traders,
        np.take_along_axis(own, traders, axis=-1),
        np.take_along_axis(on_w, traders[..., None], axis=1),
    )
    np.put_along_axis(own, traders, 1.0, axis=-1)
    np.put_along_axis(on_w, traders[..., None], 0.0, axis=1)
    return kept, _Eliminated(own, on_w)


def _core(constraints: Floats, on_w: Floats, ties: Floats, kept: _Kept) -> Floats:
    """Return the equations for [w; q of kept traders], shape (S, H + 1 + m, H + 1 + m).

    X_R (r_R - Y_R w) / a_R + X_K q_K = [w_1..w_H; 0] and Y_K w + a_K q_K = r_K.
    """
    size, m = on_w.shape[-1], kept.own.shape[-1]
    core = np.zeros((len(on_w), size + m, size + m))
    core[:, :size, :size] = constraints.swapaxes(1, 2) @ on_w
    places = np.arange(size - 1)
    core[:, places, places] += 1
    core[:, :size, size:] = -ties.swapaxes(1, 2)
    core[:, size:, :size] = kept.on_w
    places = size + np.arange(m)
    core[:, places, places] = kept.own
    return core


def _response(inverse: Floats, constraints: Floats, kept: NDArray[np.int_]) -> Floats:
    """Return [w; q of kept traders] per unit of each trader's scaled level."""
    size = constraints.shape[-1]
    response = inverse[:, :, :size] @ constraints.swapaxes(1, 2)
    np.put_along_axis(response, kept[:, None, :], inverse[:, :, size:], axis=2)
    return response


def _own_and_squares(
    response: Floats, own: Floats, on_w: Floats, kept: NDArray[np.int_]
) -> tuple[Floats, Floats]:
    """Return P[q_i, i] and the squared lengths of the columns' quantities, each (S, N)."""
    size = on_w.shape[-1]
    w, kept_quantity = response[:, :size], response[:, size:]
    through_w = np.einsum("sjk,skj->sj", on_w, w) / own
    diagonal = 1 / own - through_w
    kept_diagonal = np.einsum("smm->sm", np.take_along_axis(kept_quantity, kept[:, None], axis=2))
    np.put_along_axis(diagonal, kept, kept_diagonal, axis=1)
    on_quantity = on_w / own[..., None]
    gram = on_quantity.swapaxes(1, 2) @ on_quantity
    all_through_w = np.einsum("skj,skj->sj", w, gram @ w)
    kept_squares = np.einsum("smj,smj->sj", kept_quantity, kept_quantity)
    others = all_through_w - through_w**2 + kept_squares
    kept_others = np.take_along_axis(others, kept, axis=1) - kept_diagonal**2
    np.put_along_axis(others, kept, kept_others, axis=1)
    return diagonal, diagonal**2 + np.maximum(others, 0.0)


def _clear_of_rounding(market: _Market, core: Floats) -> Bools:
    """Return which regular markets have no P[q_i, i] that may be 0 but for rounding, (S,).

    Those that are not what is left of numbers that all but cancel are plainly none.
    """
    lengths = market.squares + market.price_effect**2
    doubtful = market.diagonal**2 <= CANCELS**2 * np.maximum(lengths, 1 / market.own**2)
    regular = market.regular.copy()
    rows = np.flatnonzero(regular & doubtful.any(axis=-1))
    if len(rows):
        some = market.only(rows)
        told = np.abs(some.diagonal) > BLURRED * _rounding(some, core[rows])
        regular[rows] = (told | ~doubtful[rows]).all(axis=-1)
    return regular


def _rounding(market: _Market, core: Floats) -> Floats:
    """Return what, times eps, bounds the rounding of P[q_i, i], shape (S, N)."""
    size = market.size
    on_w = np.abs(market.on_w / market.own[..., None])
    blown = amplified(core, market.inverse, np.sqrt(np.einsum("sjk,sjk->sk", on_w, on_w)))
    ties = np.abs(market.constraints)
    bound: Floats = 1 / np.abs(market.own) + np.einsum(
        "sjk,skl,sjl->sj", on_w, blown[:, :size, :size], ties
    )
    kept = np.einsum("smm->sm", blown[:, size:, size:])
    np.put_along_axis(bound, market.kept, kept, axis=1)
    return bound


def _scaled_solution(market: _Market, level: Floats) -> tuple[Floats, Floats]:
    """Return w, shape (B, H + 1), and quantities, shape (B, N)."""
    size = market.size
    scaled = level / market.row_length
    kept = np.broadcast_to(market.kept, (len(level), market.kept.shape[1]))
    right = np.concatenate(
        [
            _times(market.constraints.swapaxes(1, 2), scaled),
            np.take_along_axis(scaled, kept, axis=1),
        ],
        axis=1,
    )
    solution = _times(market.inverse, right)
    quantity = (scaled - _times(market.on_w, solution[:, :size])) / market.own
    np.put_along_axis(quantity, kept, solution[:, size:], axis=1)
    return solution[:, :size], quantity


def _times(matrices: Floats, vectors: Floats) -> Floats:
    """Return matrix b, or the one shared matrix, times vector b."""
    if len(matrices) == 1:
        shared: Floats = vectors @ matrices[0].T
        return shared
    return np.asarray(np.einsum("bjk,bk->bj", matrices, vectors))


def _own_row(market: _Market, trader: int) -> Floats:
    """Return P[q_i, j] for one trader i and all j, shape (S, N)."""
    size = market.size
    through_w = np.einsum("sk,skj->sj", market.on_w[:, trader], market.response[:, :size])
    row: Floats = -through_w / market.own[:, trader, None]
    row[:, trader] = market.diagonal[:, trader]
    is_kept = market.kept == trader  # (S, m)
    among_kept = np.einsum("sm,smj->sj", is_kept.astype(np.float64), market.response[:, size:])
    return np.where(is_kept.any(axis=1)[:, None], among_kept, row)


def _column(market: _Market, trader: int) -> Floats:
    """Return P[q_j, i] for one trader i and all j, shape (S, N)."""
    w, kept_quantity = np.split(market.response[:, :, trader], [market.size], axis=1)
    column: Floats = -np.einsum("sjk,sk->sj", market.on_w, w) / market.own
    np.put_along_axis(column, market.kept, kept_quantity, axis=1)
    column[:, trader] = market.diagonal[:, trader]
    return column


def _overlaps(market: _Market, column: Floats, trader: int) -> Floats:
    """Return the inner products of all columns' quantities with one trader's, shape (S, N)."""
    size = market.size
    direct = column / market.own
    np.put_along_axis(direct, market.kept, 0.0, axis=1)
    on_w = np.einsum("sjk,sj->sk", market.on_w, direct)
    kept_quantity = market.response[:, size:]
    overlap: Floats = (
        direct
        - np.einsum("skj,sk->sj", market.response[:, :size], on_w)
        + np.einsum("smj,sm->sj", kept_quantity, kept_quantity[:, :, trader])
    )
    overlap[:, trader] = market.squares[:, trader]
    return overlap


def _regular_after(
    rows: _Rows,
    market: _Market,
    new: _Rows,
    length: Floats,
    ratio: Floats,
    pivot: Floats,
    trader: int,
) -> tuple[Bools, Bools]:
    """Decide autarky of the deviated markets as a fresh clearing would, from the old inverse.

    Column j of the new inverse is P_j - ratio_j P_i, column i is P_i / pivot. Where the pivot or a
    P[q_j, j] all but cancels, rounding would decide, and a fresh clearing has to: the second answer
    is False there.
    """
    column = _column(market, trader)
    overlap = _overlaps(market, column, trader)[:, None]
    own_squares = market.squares[:, None, trader]
    price = market.price_effect[:, None]
    quantity_part = (
        market.squares[:, None] - 2 * ratio * overlap + ratio**2 * own_squares[..., None]
    )
    price_part = (price - ratio * price[..., trader, None]) ** 2
    before, change = market.diagonal[:, None], ratio * column[:, None]
    diagonal = before - change
    told = np.abs(diagonal) > CANCELS * np.maximum(np.abs(before), np.abs(change))
    length_i = np.sqrt(own_squares + price[..., trader] ** 2)
    told[..., trader] = np.abs(pivot) > CANCELS * length_i
    quantity_part[..., trader] = own_squares / pivot**2
    price_part[..., trader] = (price[..., trader] / pivot) ** 2
    diagonal[..., trader] = market.diagonal[:, None, trader] / pivot
    rescale, row_squares = rescaled_rows(
        rows.squares, market.price_scale, market.row_length, new.squares, length, trader
    )
    lengths = np.maximum(quantity_part, 0.0) + price_part * rescale[..., None] ** 2
    condition = 1 + (lengths * row_squares).sum(axis=-1)
    regular = np.isfinite(pivot) & well_conditioned(condition, diagonal, lengths)
    return regular, np.asarray(told.all(axis=-1))
