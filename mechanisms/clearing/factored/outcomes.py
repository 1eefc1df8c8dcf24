"""The outcome of each trader of a market of factored bids, once the equations are solved.

Whether a market is regular is known only after a pass over all its traders: two numbers of each
part decide it for all but the most ill-conditioned markets, and `look_closely` for these.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from deviator.validation import Bools, Floats

from ..autarky import BLURRED, CANCELS, EPS, tolerance
from .parts import Reading, Scratch, Solution, TraderRows, columns
from .sums import readable


class Traded(NamedTuple):
    """Outcomes of n traders, if the market turns out to be regular."""

    quantity: Floats  # (B, n)
    residual_slope: Floats  # (n,)


class Extremes(NamedTuple):
    """Smallest and largest a_i P[q_i, i] of some traders; 1 where nobody else reacts."""

    least: float = 1.0
    most: float = 1.0

    def joined(self, other: "Extremes") -> "Extremes":
        """Return the extremes over both parts; NaN stays NaN."""
        least, most = np.minimum(self.least, other.least), np.maximum(self.most, other.most)
        return Extremes(float(least), float(most))


class Closely(NamedTuple):
    """The exact test of autarky, over a part of the traders."""

    condition: float  # what they add to the squared condition number
    responsive: bool


def trade(
    rows: TraderRows, start: int, solution: Solution, out: Traded, scratch: Scratch
) -> Extremes:
    """Write the outcomes of a part of the traders that `start` come before into `out`."""
    kept, here = _kept_here(solution, start, len(rows.own))
    product, inverse, own_effect, _ = scratch.own
    quantity, slope = out
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        np.divide(1, rows.own, out=inverse)
        inverse[kept] = 0.0
        statistic = columns(rows.statistic, scratch)
        _own_effects(rows, statistic, inverse, solution, scratch, out=own_effect)
        np.divide(scratch.bid[-1], own_effect, out=slope)
        for b, (levels, traded) in enumerate(zip(rows.level, quantity, strict=True)):
            np.matmul(solution.statistic[b], statistic, out=product)
            np.subtract(levels, product, out=traded)
            traded -= np.multiply(rows.price, solution.price[b], out=product)
            traded *= inverse
    quantity[:, kept] = solution.kept_quantity[:, here]
    slope[kept] = solution.kept_slope[here]
    return Extremes(float(own_effect.min(initial=1.0)), float(own_effect.max(initial=1.0)))


def surely_regular(solution: Solution, extremes: Extremes, reading: Reading) -> bool:
    """Return whether the market is regular by a wide margin, by the extremes of all traders.

    |Column i of P|^2 is at most (most^2 + |X_i|^2 times the trace of `column`) / a_i^2. No
    a_i P[q_i, i] may be what is left of numbers that all but cancel.
    """
    bound = tolerance(reading.n_traders) ** 2
    longest = max(extremes.least**2, extremes.most**2)
    longest += solution.longest_tie * float(np.trace(solution.column))
    return bool(
        solution.possible
        and solution.condition + longest * solution.lengths < 0.25 / bound
        and extremes.least > max(2 * np.sqrt(bound), CANCELS) * np.sqrt(max(longest, 1.0))
    )


def look_closely(
    rows: TraderRows, start: int, scratch: Scratch, solution: Solution, reading: Reading
) -> Closely:
    """Return what a part of the traders contributes to the exact test of autarky."""
    kept, _ = _kept_here(solution, start, len(rows.own))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        own, statistic, squares = readable(rows, reading, scratch)
        _, inverse, own_effect, _ = scratch.own
        np.divide(1, own, out=inverse)
        inverse[kept] = 0.0
        _own_effects(rows, statistic, inverse, solution, scratch, out=own_effect)
        ties = np.full((reading.size, len(inverse)), 1 / np.sqrt(reading.n_traders))
        ties[:-1] = rows.basis
        moved = np.einsum("kn,kl,ln->n", ties, solution.column, ties)
        length = own_effect**2 + np.maximum(moved - (1 - own_effect) ** 2, 0.0)
        responsive: Bools = own_effect**2 > tolerance(reading.n_traders) ** 2 * length
        bids, basis = np.abs([*statistic, rows.price]), np.abs([*rows.basis, np.ones_like(own)])
        rounding = 1 + np.einsum("gn,gh,hn->n", np.abs(inverse) * bids, solution.rounding, basis)
        plain = own_effect**2 > CANCELS**2 * np.maximum(length, 1.0)
        responsive &= plain | (np.abs(own_effect) > BLURRED * EPS * rounding)
        rows_squares = (squares + (solution.scale * rows.price) ** 2) * inverse**2
    responsive[kept] = True
    return Closely(float(rows_squares @ length), bool(responsive.all()))


def all_looked_closely(parts: Sequence[Closely]) -> Closely:
    """Join what parts contribute to it."""
    condition = math.fsum(part.condition for part in parts)
    return Closely(condition, all(part.responsive for part in parts))


def regular(solution: Solution, everyone: Closely, reading: Reading) -> bool:
    """Decide autarky by the exact test of all traders."""
    bound = tolerance(reading.n_traders) ** 2
    condition = solution.condition + everyone.condition
    return bool(solution.possible and everyone.responsive and condition < 1 / bound)


def _kept_here(
    solution: Solution, start: int, count: int
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int_]], Bools]:
    """Return the kept traders as numbered within a part, and which of them belong to it."""
    here = (solution.kept >= start) & (solution.kept < start + count)
    return solution.kept[here] - start, here


def _own_effects(
    rows: TraderRows,
    statistic: Floats,
    inverse: Floats,
    solution: Solution,
    scratch: Scratch,
    out: Floats,
) -> None:
    """Write a_i P[q_i, i] into `out`, shape (n,), and a_i d price / d r_i into scratch.bid[-1]."""
    effect = np.matmul(solution.effect[:, :-1], rows.basis, out=scratch.bid)
    effect += solution.effect[:, -1:]
    np.multiply(rows.price, effect[-1], out=out)
    for weight, row in zip(statistic, effect[:-1], strict=True):
        row *= weight
        out += row
    out *= inverse
    np.subtract(1, out, out=out)
