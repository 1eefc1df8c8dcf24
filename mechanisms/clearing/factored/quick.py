"""What crosses traders in a market of factored bids whose own weights count.

The formulas of Lemma 2 divide by own weights and look at no row closely. Whether that is safe, and
the market regular by a wide margin, is told by bounds from the same sums:

- |A_i|^2 is at least a_i^2 `unsaid`, so that rows are not idle and price shares are not large;
- the sum of |A_i|^2 / a_i^2 is at most twice that of |D_i|^2 / a_i^2, and twice N;
- the sum of price shares is at least (sum of b_i / a_i)^2 over that, by Cauchy and Schwarz.

Other markets are left to `factored_sums`.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from deviator.validation import Floats

from ..autarky import amplified, inverses
from .parts import (
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
"""Squared lengths of rows beside a_i^2, on average, up to which nothing is lost by dividing."""


class QuickSums(NamedTuple):
    """Sums over a part of the traders."""

    batch: int  # B
    unsaid: float  # the smallest
    moments: Floats


def measure(rows: TraderRows, reading: Reading, scratch: Scratch) -> QuickSums:
    """Add up what crosses traders, over a part of a market."""
    inverse = scratch.own[0]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        np.divide(1, rows.own, out=inverse)
        vector = flat(moments(rows, columns(rows.statistic, scratch), inverse, reading, scratch))
    return QuickSums(len(rows.level), float(rows.unsaid.min(initial=1.0)), vector)


def merged(parts: Sequence[QuickSums]) -> QuickSums:
    """Join the sums of parts."""
    vector = summed([part.moments for part in parts])
    return QuickSums(parts[0].batch, min(part.unsaid for part in parts), vector)


def solve(sums: QuickSums, reading: Reading) -> Solution | None:
    """Solve for the price and the statistics; None where that takes a closer look."""
    if not np.isfinite(sums.moments).all():
        return None
    size, n = reading.size, reading.n_traders
    on_levels, on_bids, gram, _ = unflattened(sums.moments, sums.batch, reading)
    to_w = np.zeros((len(reading.coordinates) + 1, size))  # [C, b] to Y
    to_w[:-1, :-1], to_w[-1, -1] = reading.coordinates, 1.0
    squares = to_w.T @ gram @ to_w
    lengths = 2 * (np.trace(squares[:-1, :-1]) + n)
    if not _usual(sums.unsaid, gram, lengths, reading):
        return None
    core = on_bids @ to_w
    core[range(size - 1), range(size - 1)] += 1
    (inverse,), (invertible,) = inverses(core[None])
    least = n * sums.unsaid / gram[-1, -1]  # squared price scale
    most = n * lengths / max(gram[-1, -1], n * on_bids[-1, -1] ** 2)
    found = inverse @ on_levels
    nobody, tie = np.zeros(0), np.where(np.arange(size) < size - 1, 1.0, 1 / np.sqrt(n))
    blown = amplified(core, inverse, np.sqrt(np.maximum(np.diagonal(squares), 0.0)))
    return Solution(
        found[-1],
        found[:-1].T @ reading.coordinates.T,
        nobody.astype(np.int_),
        np.zeros((sums.batch, 0)),
        nobody,
        to_w @ inverse * tie,
        inverse.T @ squares @ inverse + np.outer(inverse[-1], inverse[-1]) / least,
        np.abs(to_w) @ blown * tie,
        float(np.sqrt(most)),
        1.0,
        float(lengths + most * gram[-1, -1]),
        # |Q_i|^2 + 1 / N, of which `unsaid` is what is left of 1, each up to rounding.
        float(1 - sums.unsaid + 8 * np.finfo(np.float64).eps),
        bool(invertible),
    )


def squared_price_scale(sums: QuickSums, reading: Reading) -> float:
    """Return about what it will be, as if own weights alone counted; 0 where some are 0."""
    total = unflattened(sums.moments, sums.batch, reading)[2][-1, -1]
    return float(reading.n_traders / total) if np.isfinite(total) and total > 0 else 0.0


def _usual(unsaid: float, gram: Floats, lengths: float, reading: Reading) -> bool:
    """Return whether rows are far from idle, and own weights and prices count."""
    largest = 1 + np.sqrt(np.diagonal(gram)[:-1]) @ reading.largest
    idle = 8 * np.finfo(np.float64).eps * largest
    return bool(unsaid > 4 * idle**2 and lengths < USUAL * reading.n_traders and gram[-1, -1] > 0)
