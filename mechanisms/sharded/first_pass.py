"""The first pass over a market in shards: its statistics, and what crosses its traders.

The sums that settle a market are written in a basis of the statistics, which is known only after a
pass over all traders. But X_i = [Q_i; 1 / sqrt(N)] is linear in the statistics, so that the same
pass adds up [S_i - mean; 1] instead, and the sums are changed to the basis afterwards.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from deviator.validation import Floats

from ..clearing.factored.parts import Reading, Scratch, TraderRows, flat, summed, unflattened
from ..clearing.factored.passes import TRADERS, chunks
from ..clearing.factored.sums import QuickSums, quick_sums
from .basis import Basis, Look, whole_look
from .shard import Shard, rows_of

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
    look = whole_look([part.look for part in parts])
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
