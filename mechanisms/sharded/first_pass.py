"""The first pass over a market in shards: a basis of its statistics, and what crosses its traders.

Means and centered inner products show which statistics are independent of those before them, up to
what inner products resolve: a statistic that lies in the span of others but for a small part is
looked at again, with its projection on them taken out.

The sums that settle a market are written in a basis of the statistics, which is known only after a
pass over all traders. But X_i = [Q_i; 1 / sqrt(N)] is linear in the statistics, so that the same
pass adds up [S_i - mean; 1] instead, and the sums are changed to the basis afterwards.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import NamedTuple, Self

import numpy as np

from deviator.validation import Bools, Floats

from ..clearing.factored.parts import Reading, Scratch, TraderRows, flat, summed, unflattened
from ..clearing.factored.passes import TRADERS, chunks
from ..clearing.factored.sums import QuickSums, quick_sums
from ..statistics import own_residuals
from .shard import Shard, rows_of

CLEARLY = 1e-5
"""Inner products resolve a part of a statistic above this share of it: they lose twice as many
digits as the part does, and leave it half of double precision's."""


class Basis(NamedTuple):
    """Orthonormal combinations Q = combinations (S - mean) of the statistics."""

    reading: Reading
    mean: Floats  # (G,)
    combinations: Floats  # (H, G)

    def columns(self, statistics: Floats) -> tuple[Floats, Floats]:
        """Return columns of Q, (H, n), and own quantities' squared distance from it, (n,)."""
        basis = self.combinations @ (statistics - self.mean[:, None])
        return basis, own_residuals(basis, self.reading.n_traders)


class Look(NamedTuple):
    """Sums over a part of the traders that describe the statistics."""

    n_traders: int
    mean: Floats  # (G,)
    products: Floats  # (G, G), of statistics less their mean in this part
    least: Floats  # (G,)
    most: Floats  # (G,)

    @property
    def largest(self) -> Floats:
        """Largest |S_g|, shape (G,)."""
        return np.maximum(np.abs(self.least), np.abs(self.most))

    @classmethod
    def at(cls, statistics: Floats) -> Self:
        """Look at some traders' columns, shape (G, n)."""
        n = statistics.shape[1]
        mean = statistics.sum(axis=1) / max(n, 1)
        centered = statistics - mean[:, None]
        least = statistics.min(axis=1, initial=np.inf)
        most = statistics.max(axis=1, initial=-np.inf)
        return cls(n, mean, centered @ centered.T, least, most)

    def joined(self, other: "Look") -> "Look":
        """Return the look at both parts together."""
        n = self.n_traders + other.n_traders
        apart = other.mean - self.mean
        share = other.n_traders / max(n, 1)
        products = self.products + other.products
        products = products + np.outer(apart, apart) * (self.n_traders * share)
        mean = self.mean + apart * share
        least, most = np.minimum(self.least, other.least), np.maximum(self.most, other.most)
        return Look(n, mean, products, least, most)


def closer_look(shard: Shard, basis: Basis) -> Floats:
    """Return inner products of the statistics less their projection on the basis with [Q; it]."""
    centered = np.asarray(shard.statistics) - basis.mean[:, None]
    projected = basis.combinations @ centered
    left = centered - basis.reading.coordinates @ projected
    products: Floats = left @ np.concatenate([projected, left]).T
    return products


def find_basis(whole: Look, closely: Callable[[Basis], Floats]) -> Basis:
    """Return a basis of all statistics; `closely` sums up `closer_look` over all traders."""
    n, g = whole.n_traders, len(whole.mean)
    lengths = np.sqrt(np.diagonal(whole.products) + n * whole.mean**2)
    rounding = 64 * np.finfo(np.float64).eps * np.sqrt(n) * lengths
    reading = Reading(n, np.zeros((g, 0)), whole.largest)
    basis, products = Basis(reading, whole.mean, np.zeros((0, g))), whole.products
    undecided: Bools = np.sqrt(np.diagonal(products)) > rounding
    while undecided.any():
        basis, added = _extended(basis, products, undecided)
        undecided &= ~added
        if undecided.any():
            h = len(basis.combinations)
            looked = closely(basis)
            coordinates = basis.reading.coordinates + looked[:, :h]
            basis = basis._replace(reading=basis.reading._replace(coordinates=coordinates))
            products = looked[:, h:]
            undecided &= np.sqrt(np.abs(np.diagonal(products))) > rounding
    return basis


def _extended(basis: Basis, products: Floats, wanted: Bools) -> tuple[Basis, Bools]:
    """Add what is left of statistics to a basis, given its inner products; return of which."""
    added = list[int]()
    factor = np.zeros((0, 0))  # of the inner products of those added
    for each in np.flatnonzero(wanted):
        row = np.linalg.solve(factor, products[added, each]) if added else np.zeros(0)
        left = products[each, each] - row @ row
        if left > CLEARLY**2 * products[each, each]:
            factor = np.block([[factor, np.zeros((len(added), 1))], [row, np.sqrt(left)]])
            added.append(int(each))
    g = len(products)
    before = np.eye(g) - basis.reading.coordinates @ basis.combinations
    inverse = np.linalg.inv(factor)
    combinations = np.concatenate([basis.combinations, inverse @ before[added]])
    more = products[:, added] @ inverse.T
    more[added] = factor
    more[~wanted] = 0.0  # what is left of them is rounding, whatever their units
    coordinates = np.concatenate([basis.reading.coordinates, more], axis=1)
    is_added = np.isin(np.arange(g), added)
    reading = basis.reading._replace(coordinates=coordinates)
    return Basis(reading, basis.mean, combinations), is_added


TWO_DIGITS = 100.0
"""Combinations of statistics that are that much longer than their result lose two digits."""

MOSTLY_UNSPANNED = 0.5
"""Where a bound leaves less than this of an own quantity outside the span of the basis, sums are
added up once more."""


class FirstPass(NamedTuple):
    """Sums of the first pass over a part of the traders."""

    look: Look
    moments: Floats  # with X_i = [S_i - mean; 1], mean over the part


def first_pass(shard: Shard) -> FirstPass:
    """Look at a shard's statistics, and add up what crosses traders."""
    statistics = np.asarray(shard.statistics)
    unspanned = np.broadcast_to(1.0, len(shard))  # not known yet; `sums_in` bounds it
    rows = rows_of(shard, statistics, unspanned)
    as_given = _as_given(len(statistics))
    scratch = Scratch.of(as_given, min(TRADERS, len(shard)))
    return joined([_part(part, as_given, scratch.first(n)) for _, n, part in chunks(rows)])


def joined(parts: Sequence[FirstPass]) -> FirstPass:
    """Join the sums of successive parts."""
    look = reduce(Look.joined, [part.look for part in parts])
    return FirstPass(look, summed([_about(part, look.mean) for part in parts]))


def sums_in(basis: Basis, whole: FirstPass) -> QuickSums | None:
    """Return the sums of all traders in a basis; None where they would be too inexact there.

    Own quantities' distance from the span is known by a bound only, which makes the test of autarky
    stricter; markets that fail it are looked at closely.
    """
    n, look, sizes = whole.look.n_traders, whole.look, np.abs(basis.combinations)
    farthest = sizes @ np.maximum(look.most - look.mean, look.mean - look.least)
    unspanned = 1 - 1 / n - farthest @ farthest
    # Of vectors of these lengths a combination of length 1 is made.
    inexact = sizes @ np.sqrt(np.diagonal(look.products)) > TWO_DIGITS
    if unspanned < MOSTLY_UNSPANNED or inexact.any():
        return None
    to_ties = np.zeros((len(basis.combinations) + 1, len(look.mean) + 1))
    to_ties[:-1, :-1], to_ties[-1, -1] = basis.combinations, 1 / np.sqrt(n)
    return QuickSums(1, float(unspanned), _with(to_ties, whole.moments))


def reach_of_price(whole: FirstPass) -> float:
    """Return sqrt(N sum (b_i / a_i)^2): a price of 1 moves all quantities by at most that."""
    *_, gram, _ = unflattened(whole.moments, 1, _as_given(len(whole.look.mean)))
    return float(np.sqrt(whole.look.n_traders * gram[-1, -1]))


def _as_given(count: int) -> Reading:
    """Return how statistics are read that are their own basis, with X_i = [S_i; 1]."""
    return Reading(1, np.eye(count), np.zeros(count))


def _part(rows: TraderRows, as_given: Reading, scratch: Scratch) -> FirstPass:
    look = Look.at(rows.basis)
    centered = rows._replace(basis=rows.basis - look.mean[:, None])
    return FirstPass(look, quick_sums(centered, as_given, scratch).moments)


def _about(part: FirstPass, mean: Floats) -> Floats:
    """Return a part's moments with another mean taken out of the statistics."""
    to_ties = np.eye(len(mean) + 1)
    to_ties[:-1, -1] = part.look.mean - mean
    return _with(to_ties, part.moments)


def _with(to_ties: Floats, moments: Floats) -> Floats:
    """Return moments with `to_ties` X_i in the place of X_i = [S_i - mean; 1]."""
    on_levels, on_bids, gram, _ = unflattened(moments, 1, _as_given(to_ties.shape[1] - 1))
    with np.errstate(invalid="ignore", over="ignore"):  # of traders without own weights
        return flat([to_ties @ on_levels, to_ties @ on_bids, gram])
