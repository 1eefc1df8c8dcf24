"""What crosses traders in a market of factored bids, whatever their own weights.

Sums do not depend on how prices and rows are scaled, so that the scale, itself a sum, is found in
the same pass; a guess of it will do to tell which H + 1 traders have the smallest |a_i| beside all
their weights. They are kept as unknowns. Each part states one candidate more than that and leaves
all of them out of its sums; joined sums take back those who are not among the smallest of all.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from deviator.validation import Bools, Floats

from ..autarky import (
    BLURRED,
    CANCELS,
    RowSquares,
    amplified,
    inverses,
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


class Candidates(NamedTuple):
    """The traders of a part whose own weights are smallest beside all their weights."""

    place: NDArray[np.int_]  # (m,), counted from the part's first trader
    distance: Floats  # (m,), (a_i / |[A_i, b_i]|)^2 with prices scaled, 0 for empty rows
    squares: Floats  # (m,), |A_i|^2
    rows: TraderRows


class Sums(NamedTuple):
    """Sums over a part of the traders."""

    n_traders: int
    shares: float  # of b_i^2 / |A_i|^2, over all
    moments: Floats  # over all but candidates: `moments`, and |A_i|^2 / a_i^2
    candidates: Candidates


def measure(
    rows: TraderRows, reading: Reading, scratch: Scratch, squared_price_scale: float = 0.0
) -> Sums:
    """Add up what crosses traders, over a part of a market.

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
    place = _smallest(distance, reading.size + 1)
    inverse[place] = 0.0
    rows = rows._replace(own=own, statistic=statistic.T)
    candidates = Candidates(place, distance[place], squares[place], rows.at(place))
    vector = _moments_and_lengths(rows, inverse, squares, reading, scratch)
    return Sums(len(own), shares, vector, candidates)


def merged(parts: Sequence[Sums], reading: Reading) -> Sums:
    """Join the sums of successive parts, without rounding errors that grow with their number."""
    counts = [part.n_traders for part in parts]
    starts = np.cumsum([0, *counts[:-1]])
    found = [part.candidates for part in parts]
    rows = TraderRows(
        *(
            np.concatenate([getattr(each.rows, name) for each in found], axis=axis)
            for name, axis in zip(TraderRows._fields, (0, 0, 0, 1, 1, 0), strict=True)
        )
    )
    everyone = Candidates(
        np.concatenate([each.place + start for each, start in zip(found, starts, strict=True)]),
        np.concatenate([each.distance for each in found]),
        np.concatenate([each.squares for each in found]),
        rows,
    )
    vector = summed([part.moments for part in parts])
    joined = Sums(sum(counts), math.fsum(part.shares for part in parts), vector, everyone)
    return _released(joined, reading, reading.size + 1)


def solve(sums: Sums, reading: Reading) -> Solution:
    """Solve for the price, the statistics and the quantities of the kept traders."""
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        size, n = reading.size, reading.n_traders
        possible = _enough_own_weights(sums.candidates, size, n)
        sums = _released(sums, reading, size)
        kept = sums.candidates
        scale = float(price_scale(np.asarray(sums.shares), n))
        on_levels, on_bids, gram, lengths = unflattened(sums.moments, len(kept.rows.level), reading)
        to_w = np.zeros((len(reading.coordinates) + 1, size))  # [C, b] to scaled Y
        to_w[:-1, :-1], to_w[-1, -1] = reading.coordinates, scale
        length = row_lengths(RowSquares(kept.squares, kept.rows.price**2), np.asarray(scale))
        core = _core(on_bids @ to_w, kept, length, to_w, n)
        inverse, invertible = _inverse(core)
        right = np.concatenate([on_levels, (kept.rows.level / length).T])
        found = inverse @ right  # (H + 1 + m, B)
        on_w, on_kept = inverse[:size, :size], inverse[size:, :size]
        squares = to_w.T @ gram @ to_w
        column = on_w.T @ squares @ on_w + on_kept.T @ on_kept + np.outer(on_w[-1], on_w[-1])
        tie = np.where(np.arange(size) < size - 1, 1.0, 1 / np.sqrt(n))  # X_i = tie [Q_i; 1]
        blown = amplified(core, inverse, np.sqrt(np.maximum(np.diagonal(squares), 0.0)))
        condition, slope, responsive = _kept_columns(inverse, squares, blown, scale, n)
        return Solution(
            scale * found[size - 1],
            found[: size - 1].T @ reading.coordinates.T,
            kept.place,
            found[size:].T,
            slope,
            to_w @ on_w * tie,
            column,
            np.abs(to_w) @ blown[:size, :size] * tie,
            scale,
            condition,
            float(lengths[0] + scale**2 * gram[-1, -1]),
            1.0,
            bool(possible and invertible and responsive),
        )


def readable(rows: TraderRows, reading: Reading, scratch: Scratch) -> tuple[Floats, Floats, Floats]:
    """Return a, C as (G, n) and |A_i|^2, rows without weights but idle ones taken for empty."""
    statistic = columns(rows.statistic, scratch)
    squares = _row_squares(rows, statistic, reading, scratch)
    rounding = 8 * np.finfo(np.float64).eps
    most = _largest(rows.own) + _largest(statistic) * reading.largest.sum()
    if squares.min(initial=np.inf) > (rounding * most) ** 2:
        return rows.own, statistic, squares
    largest = np.abs(rows.own) + reading.largest @ np.abs(statistic)
    idle: Bools = squares <= (rounding * largest) ** 2
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
    squares *= rows.unsaid
    np.matmul(reading.coordinates.T, statistic, out=scratch.said)
    for weight, said in zip(scratch.said, rows.said, strict=True):
        np.multiply(said, rows.own, out=product)
        weight += product
        weight *= weight
        squares += weight
    return squares


def _largest(values: Floats) -> float:
    return max(float(values.max(initial=0.0)), -float(values.min(initial=0.0)))


def _smallest(values: Floats, count: int) -> NDArray[np.int_]:
    if len(values) <= count:
        return np.arange(len(values))
    if count > FEW:
        return np.argpartition(values, count - 1)[:count]
    places, found = np.empty(count, dtype=np.int_), np.empty(count)
    for rank in range(count):
        places[rank] = values.argmin()
        found[rank], values[places[rank]] = values[places[rank]], np.inf
    values[places] = found
    return places


def _moments_and_lengths(
    rows: TraderRows, inverse: Floats, squares: Floats, reading: Reading, scratch: Scratch
) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        lengths = inverse @ np.multiply(squares, inverse, out=scratch.own[3])
        arrays = moments(rows, rows.statistic.T, inverse, reading, scratch)
    return flat([*arrays, lengths])


def _released(sums: Sums, reading: Reading, count: int) -> Sums:
    """Return the sums with `count` candidates left and the others taken back."""
    found = sums.candidates
    order = np.argsort(found.distance, kind="stable")
    left, back = order[:count], order[count:]
    if not len(back):
        return sums
    with np.errstate(divide="ignore", invalid="ignore"):
        rows = found.rows.at(back)
        scratch = Scratch.of(reading, len(back))
        more = _moments_and_lengths(rows, 1 / rows.own, found.squares[back], reading, scratch)
    candidates = Candidates(
        found.place[left], found.distance[left], found.squares[left], found.rows.at(left)
    )
    return sums._replace(moments=sums.moments + more, candidates=candidates)


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
    core[: size - 1, size:] = -kept.rows.said
    core[size - 1, size:] = -1 / np.sqrt(n)
    weights = np.concatenate([kept.rows.statistic, kept.rows.price[:, None]], axis=1)
    core[size:, :size] = (weights @ to_w) / length[:, None]
    core[range(size, size + m), range(size, size + m)] = kept.rows.own / length
    return core


def _inverse(core: Floats) -> tuple[Floats, bool]:
    inverse, invertible = inverses(core[None])
    return inverse[0], bool(invertible[0])


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
    responsive &= ~doubtful | (np.abs(own) > BLURRED * np.diagonal(blown)[size:])
    slope = scale * w[-1] / np.where(own == 0, np.nan, own)
    # The last column of P is [1' / sqrt(N), 0], since rows are orthogonal to 1'.
    return float(1 + lengths.sum()), slope, bool(responsive.all())
