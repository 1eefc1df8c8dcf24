"""What crosses traders in a market of factored bids: sums, and the few equations they lead to.

`QuickSums` are of markets whose own weights count. The formulas of Lemma 2 divide by own weights
and look at no row closely. Whether that is safe, and the market regular by a wide margin, follows
from bounds on the same sums:

- |A_i|^2 is at least a_i^2 `unspanned`, so that rows are not idle and price shares are not large;
- the sum of |A_i|^2 / a_i^2 is at most twice that of |D_i|^2 / a_i^2, and twice N;
- the sum of price shares is at least (sum of b_i / a_i)^2 over that, by Cauchy and Schwarz.

`Sums` are of all other markets. They do not depend on how prices and rows are scaled, so that the
scale, itself a sum, comes from the same pass; a guess of it suffices to choose the H + 1 traders of
the smallest |a_i| beside all their weights, who are kept as unknowns. Each part names one candidate
more than that and leaves all of them out of its sums; joined sums add those back who are not among
the smallest of all.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deviator.validation import Floats

from ..autarky import (
    BLURRED,
    CANCELS,
    EPS,
    IDLE_ROUNDINGS,
    RowSquares,
    amplified,
    constant_rows,
    divisor,
    price_scale,
    row_lengths,
    tolerance,
)
from .parts import (
    FEW,
    Reading,
    Scratch,
    Solution,
    TraderRows,
    columns,
    flat,
    moments,
    summed,
    unflattened,
)

USUAL = 256
"""Squared lengths of rows beside a_i^2, on average, up to which dividing by a_i costs no digits."""


class QuickSums(NamedTuple):
    """Sums over a part of the traders, all of them divided by own weights."""

    batch: int  # B
    unspanned: float  # the smallest of the traders'
    moments: Floats


class Candidates(NamedTuple):
    """The traders of a part whose own weights are smallest beside all their weights."""

    trader: NDArray[np.int_]  # (m,)
    distance: Floats  # (m,), (a_i / |[A_i, b_i]|)^2 with prices scaled, 0 for empty rows
    squares: Floats  # (m,), |A_i|^2
    rows: TraderRows

    def at(self, some: NDArray[np.int_]) -> "Candidates":
        """Return some of them."""
        return Candidates(
            self.trader[some],
            self.distance[some],
            self.squares[some],
            self.rows.at(some),
        )


class Sums(NamedTuple):
    """Sums over a part of the traders."""

    shares: float  # of b_i^2 / |A_i|^2, over all
    moments: Floats  # over all but candidates: `moments`, and |A_i|^2 / a_i^2
    candidates: Candidates


def quick_sums(rows: TraderRows, reading: Reading, scratch: Scratch) -> QuickSums:
    """Add up what crosses traders, over a part of a market."""
    inverse = scratch.own[0]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        np.divide(1, rows.own, out=inverse)
        vector = flat(moments(rows, columns(rows.statistic, scratch), inverse, reading, scratch))
    return QuickSums(len(rows.level), float(rows.unspanned.min(initial=1.0)), vector)


def merged_quick_sums(parts: Sequence[QuickSums]) -> QuickSums:
    """Join the sums of parts."""
    vector = summed([part.moments for part in parts])
    return QuickSums(parts[0].batch, min(part.unspanned for part in parts), vector)


def quick_solution(sums: QuickSums, reading: Reading) -> Solution | None:
    """Solve for the price and the statistics; None where that takes a closer look.

    The price is not scaled, as its scale is known between bounds only.
    """
    if not np.isfinite(sums.moments).all():
        return None
    size, n = reading.size, reading.n_traders
    on_levels, on_bids, gram, _ = unflattened(sums.moments, sums.batch, reading)
    to_w = reading.to_w(1.0)
    squares = to_w.T @ gram @ to_w
    lengths = 2 * (np.trace(squares[:-1, :-1]) + n)
    if not _usual(sums.unspanned, gram, lengths, reading):
        return None
    core = on_bids @ to_w
    core[range(size - 1), range(size - 1)] += 1
    inverse, invertible = _inverse(core)
    least = n * sums.unspanned / gram[-1, -1]  # squared price scale
    most = n * lengths / max(gram[-1, -1], n * on_bids[-1, -1] ** 2)
    crossing = inverse @ on_levels  # (H + 1, B)
    nobody, tie = np.zeros(0), reading.tie
    blown = amplified(core, inverse, np.sqrt(np.maximum(np.diagonal(squares), 0.0)))
    return Solution(
        crossing[-1],
        crossing[:-1].T @ reading.coordinates.T,
        nobody.astype(np.int_),
        np.zeros((sums.batch, 0)),
        nobody,
        to_w @ inverse * tie,
        inverse.T @ squares @ inverse + np.outer(inverse[-1], inverse[-1]) / least,
        np.abs(to_w) @ blown * tie,
        float(np.sqrt(most)),
        1.0,
        float(lengths + most * gram[-1, -1]),
        # |Q_i|^2 + 1 / N, of which `unspanned` is what is left of 1, each up to rounding.
        float(1 - sums.unspanned + 8 * EPS),
        invertible,
    )


def squared_price_scale(sums: QuickSums, reading: Reading) -> float:
    """Return about what it will be, as if own weights alone counted; 0 where some are 0."""
    total = unflattened(sums.moments, sums.batch, reading)[2][-1, -1]
    return float(reading.n_traders / total) if np.isfinite(total) and total > 0 else 0.0


def _usual(unspanned: float, gram: Floats, lengths: float, reading: Reading) -> bool:
    """Return whether rows are far from idle, and own weights and prices count."""
    largest = 1 + np.sqrt(np.diagonal(gram)[:-1]) @ reading.largest
    idle = IDLE_ROUNDINGS * EPS * largest
    return bool(
        unspanned > 4 * idle**2 and lengths < USUAL * reading.n_traders and gram[-1, -1] > 0
    )


def closer_sums(
    rows: TraderRows,
    start: int,
    reading: Reading,
    scratch: Scratch,
    squared_price_scale: float = 0.0,
) -> Sums:
    """Add up what crosses traders, over a part of a market that `start` traders come before.

    The price scale, as far as it is known, says whose own weights are small beside price weights.
    """
    own, statistic, squares = readable(rows, reading, scratch)
    _, inverse, distance, share = scratch.own
    with np.errstate(divide="ignore", invalid="ignore"):
        np.divide(1, squares, out=share)
        np.multiply(rows.price, rows.price, out=distance)
        distance *= squared_price_scale
        distance += squares
        np.divide(own, distance, out=distance)
        distance *= own
        share *= rows.price
        np.divide(1, own, out=inverse)
    if not squares.min(initial=1.0):
        share[squares == 0] = distance[squares == 0] = 0.0
    shares = float(share @ rows.price)
    least = _smallest(distance, reading.size + 1)
    inverse[least] = 0.0
    rows = rows._replace(own=own, statistic=statistic.T)
    candidates = Candidates(start + least, distance[least], squares[least], rows.at(least))
    vector = _moments_and_lengths(rows, inverse, squares, reading, scratch)
    return Sums(shares, vector, candidates)


def merged_sums(parts: Sequence[Sums], reading: Reading) -> Sums:
    """Join the sums of parts, without rounding errors that grow with their number."""
    named = [part.candidates for part in parts]
    rows = TraderRows(
        *(
            np.concatenate([getattr(each.rows, name) for each in named], axis=axis)
            for name, axis in zip(TraderRows._fields, (0, 0, 0, 1, 1, 0), strict=True)
        )
    )
    trader, distance, squares = (
        np.concatenate(field) for field in list(zip(*named, strict=True))[:3]
    )
    vector = summed([part.moments for part in parts])
    shares = math.fsum(part.shares for part in parts)
    joined = Sums(shares, vector, Candidates(trader, distance, squares, rows))
    return _released(joined, reading, reading.size + 1)


def closer_solution(sums: Sums, reading: Reading) -> Solution:
    """Solve for the price, the statistics and the quantities of the kept traders."""
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        size, n = reading.size, reading.n_traders
        possible = _enough_own_weights(sums.candidates, size, n)
        sums = _released(sums, reading, size)
        kept = sums.candidates
        scale = float(price_scale(np.asarray(sums.shares), n))
        on_levels, on_bids, gram, lengths = unflattened(sums.moments, len(kept.rows.level), reading)
        to_w = reading.to_w(scale)
        length = row_lengths(RowSquares(kept.squares, kept.rows.price**2), np.asarray(scale))
        core = _core(on_bids @ to_w, kept, length, to_w, n)
        inverse, invertible = _inverse(core)
        right = np.concatenate([on_levels, (kept.rows.level / length).T])
        unknowns = inverse @ right  # (H + 1 + m, B)
        on_w, on_kept = inverse[:size, :size], inverse[size:, :size]
        squares = to_w.T @ gram @ to_w
        column = on_w.T @ squares @ on_w + on_kept.T @ on_kept + np.outer(on_w[-1], on_w[-1])
        tie = reading.tie
        blown = amplified(core, inverse, np.sqrt(np.maximum(np.diagonal(squares), 0.0)))
        condition, slope, responsive = _kept_columns(inverse, squares, blown, scale, n)
        return Solution(
            scale * unknowns[size - 1],
            unknowns[: size - 1].T @ reading.coordinates.T,
            kept.trader,
            unknowns[size:].T,
            slope,
            to_w @ on_w * tie,
            column,
            np.abs(to_w) @ blown[:size, :size] * tie,
            scale,
            condition,
            float(lengths[0] + scale**2 * gram[-1, -1]),
            1.0,
            possible and invertible and responsive,
        )


def readable(rows: TraderRows, reading: Reading, scratch: Scratch) -> tuple[Floats, Floats, Floats]:
    """Return a, C as (G, n) and |A_i|^2; rows without weights but idle ones count as empty."""
    statistic = columns(rows.statistic, scratch)
    squares = _row_squares(rows, statistic, reading, scratch)
    most = _largest(rows.own) + _largest(statistic) * reading.largest.sum()
    if squares.min(initial=np.inf) > (IDLE_ROUNDINGS * EPS * most) ** 2:
        return rows.own, statistic, squares
    idle = constant_rows(squares, np.abs(rows.own) + reading.largest @ np.abs(statistic))
    return (
        np.where(idle, 0.0, rows.own),
        np.where(idle, 0.0, statistic),
        np.where(idle, 0.0, squares),
    )


def _row_squares(rows: TraderRows, statistic: Floats, reading: Reading, scratch: Scratch) -> Floats:
    """Return |A_i|^2 of rows without their idle component along 1', C given as (G, n)."""
    squares: Floats = scratch.own[0]
    product = scratch.own[1]
    np.multiply(rows.own, rows.own, out=squares)
    squares *= rows.unspanned
    np.matmul(reading.coordinates.T, statistic, out=scratch.basis)
    for weight, row in zip(scratch.basis, rows.basis, strict=True):
        np.multiply(row, rows.own, out=product)
        weight += product
        weight *= weight
        squares += weight
    return squares


def _largest(values: Floats) -> float:
    return max(float(values.max(initial=0.0)), -float(values.min(initial=0.0)))


def _smallest(values: Floats, count: int) -> NDArray[np.int_]:
    """Return the indices of the smallest values; a few come faster one by one."""
    if len(values) <= count:
        return np.arange(len(values))
    if count > FEW:
        return np.argpartition(values, count - 1)[:count]
    indices, smallest = np.empty(count, dtype=np.int_), np.empty(count)
    for rank in range(count):
        indices[rank] = values.argmin()
        smallest[rank], values[indices[rank]] = values[indices[rank]], np.inf
    values[indices] = smallest
    return indices


def _moments_and_lengths(
    rows: TraderRows, inverse: Floats, squares: Floats, reading: Reading, scratch: Scratch
) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        lengths = inverse @ np.multiply(squares, inverse, out=scratch.own[3])
        arrays = moments(rows, rows.statistic.T, inverse, reading, scratch)
    return flat([*arrays, lengths])


def _released(sums: Sums, reading: Reading, count: int) -> Sums:
    """Return the sums with `count` candidates left, and the others among those added up."""
    order = np.argsort(sums.candidates.distance, kind="stable")
    if len(order) <= count:
        return sums
    back = sums.candidates.at(order[count:])
    with np.errstate(divide="ignore", invalid="ignore"):
        scratch = Scratch.of(reading, len(back.trader))
        inverse = 1 / back.rows.own
        more = _moments_and_lengths(back.rows, inverse, back.squares, reading, scratch)
    return sums._replace(moments=sums.moments + more, candidates=sums.candidates.at(order[:count]))


def _enough_own_weights(candidates: Candidates, size: int, n_traders: int) -> bool:
    """Return whether all but H + 1 own weights count beside the other weights of their rows."""
    if len(candidates.distance) <= size:
        return True
    return bool(np.sort(candidates.distance)[size] > tolerance(n_traders) ** 2)


def _core(on_bids: Floats, kept: Candidates, length: Floats, to_w: Floats, n: int) -> Floats:
    """Return the equations for [w; q of kept traders], shape (H + 1 + m, H + 1 + m).

    X_R (r_R - Y_R w) / a_R + X_K q_K = [w_1..w_H; 0] and Y_K w + a_K q_K = r_K.
    """
    size, m = len(on_bids), len(length)
    core = np.zeros((size + m, size + m))
    core[:size, :size] = on_bids
    core[range(size - 1), range(size - 1)] += 1
    core[: size - 1, size:] = -kept.rows.basis
    core[size - 1, size:] = -1 / np.sqrt(n)
    weights = np.concatenate([kept.rows.statistic, kept.rows.price[:, None]], axis=1)
    core[size:, :size] = (weights @ to_w) / length[:, None]
    core[range(size, size + m), range(size, size + m)] = kept.rows.own / length
    return core


def _inverse(core: Floats) -> tuple[Floats, bool]:
    try:
        return np.asarray(np.linalg.inv(core), dtype=np.float64), True
    except np.linalg.LinAlgError:
        return np.zeros_like(core), False


def _kept_columns(
    inverse: Floats, squares: Floats, blown: Floats, scale: float, n_traders: int
) -> tuple[float, Floats, bool]:
    """Return what kept traders' columns of P add to the condition, their slopes, and their test.

    `squares` are the inner products of the others' quantities per unit of w, and eps times `blown`
    bounds the rounding of the inverse.
    """
    size = len(squares)
    w, kept = inverse[:size, size:], inverse[size:, size:]
    own = np.diagonal(kept)
    lengths = np.einsum("km,kl,lm->m", w, squares, w) + (kept**2).sum(axis=0) + w[-1] ** 2
    responsive = own**2 > tolerance(n_traders) ** 2 * lengths
    doubtful = own**2 <= CANCELS**2 * lengths
    responsive &= ~doubtful | (np.abs(own) > BLURRED * EPS * np.diagonal(blown)[size:])
    slope = scale * w[-1] / divisor(own)
    # The last column of P is [1' / sqrt(N), 0], since rows are orthogonal to 1'.
    return float(1 + lengths.sum()), slope, bool(responsive.all())
