"""Large markets of factored bids in arrays of any library: few passes over memory, and gradients.

Only markets that `QuickSums` settle by a wide margin are cleared here; the notation is that of
`sums` and `outcomes`. All is divided by own weights first. Nothing is written in place, and a
device is waited for once: whether the sums settled the market is asked at the end.
"""

from dataclasses import fields
from typing import NamedTuple

import numpy as np

from deviator.arrays import Array, beside, is_on_cpu, like, namespace, to_numpy

from ...languages import FactoredBids
from ...outcome import Outcome
from ...statistics import PublicStatistics
from ..autarky import but_the_last, inverses
from ..base import Payment
from .outcomes import Extremes, surely_regular
from .parts import FEW, Reading
from .sums import QuickSums, quick_solution


class _Traders(NamedTuple):
    """Bids of n traders, divided by own weights."""

    ties: Array  # (H + 1, n), [Q; 1']
    bid: Array  # (G + 1, n), [C', b] / a
    level: Array  # (B, n), r / a


class _Sums(NamedTuple):
    """The moments of `parts.moments`."""

    on_levels: Array  # (H + 1, B)
    on_bids: Array  # (H + 1, G + 1)
    gram: Array  # (G + 1, G + 1)


class _Crossing(NamedTuple):
    """What crosses traders."""

    price: Array  # (B,)
    weights: Array  # (G + 1, B), what multiplies [C_i, b_i]
    effect: Array  # (G + 1, H + 1), as in `Solution`


class _Traded(NamedTuple):
    quantity: Array  # (B, n)
    transfer: Array  # (B, n)
    residual_slope: Array  # (1, n)
    extremes: Array  # (2,), the least and the largest a_i P[q_i, i]


def settle_large_anywhere(
    statistics: PublicStatistics, bids: FactoredBids, payment: Payment, chunk: int
) -> Outcome | None:
    """Clear markets that share all but levels, and let traders pay.

    None where that takes a closer look. On a CPU so many traders are looked at together as fit the
    cache; on a device all, as each call there has a price.
    """
    reading = Reading.of(statistics)
    # Numbers may be anything before the market is known to trade.
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        chunk = chunk if is_on_cpu(bids.level) else reading.n_traders
        traders = _in_chunks(statistics, bids, chunk)
        sums = _summed([_sums(part) for part in traders], reading)
        crossing = _crossing(sums, reading)
        traded = [_traded(part, crossing, payment) for part in traders]
    if not _is_settled(sums, traded, reading, statistics.least_residual):
        return None
    return _joined(crossing.price, traded)


def _in_chunks(statistics: PublicStatistics, bids: FactoredBids, chunk: int) -> list[_Traders]:
    xp, n = namespace(bids.level), bids.shape[1]
    ties = beside(bids.level, statistics, "ties")
    weights = xp.matrix_transpose(bids.statistic_weights)[0, ...]
    own, parts = bids.own_weights[0, :], []
    for start in range(0, n, chunk):
        these = slice(start, min(start + chunk, n))
        bid = xp.concat([weights[:, these], bids.price_weights[:, these]])
        part = own[these]
        parts.append(_Traders(ties[:, these], bid / part, bids.level[:, these] / part))
    return parts


def _sums(traders: _Traders) -> _Sums:
    ties, bid = traders.ties, traders.bid
    return _Sums(_tied(ties, traders.level), _tied(ties, bid), _gram(bid))


def _tied(ties: Array, others: Array) -> Array:
    """Return inner products of rows with other rows, of which the last of the ties is ones."""
    xp = namespace(others)
    products = _products(ties[:-1, :], others)
    return xp.concat([products, xp.sum(others, axis=-1)[None, :]])


def _products(rows: Array, others: Array) -> Array:
    """Return inner products of rows with other rows.

    One by one each streams through memory; libraries of matrices take a row of millions for a
    column too long, and leave most of a device idle.
    """
    xp, shape = namespace(others), (rows.shape[0], others.shape[0])
    if shape[0] * shape[1] > FEW**2:
        return xp.matmul(rows, xp.matrix_transpose(others))
    if not shape[0]:
        return xp.zeros_like(xp.matmul(rows, xp.matrix_transpose(others)))
    every = [xp.matmul(rows[i, :], others[j, :]) for i in range(shape[0]) for j in range(shape[1])]
    return xp.reshape(xp.stack(every), shape)


def _gram(rows: Array) -> Array:
    """Return inner products of rows with each other, each pair's once."""
    xp, count = namespace(rows), rows.shape[0]
    if count > FEW:
        return xp.matmul(rows, xp.matrix_transpose(rows))
    pairs = {(i, j): xp.matmul(rows[i, :], rows[j, :]) for i in range(count) for j in range(i + 1)}
    every = [pairs[max(i, j), min(i, j)] for i in range(count) for j in range(count)]
    return xp.reshape(xp.stack(every), (count, count))


def _summed(parts: list[_Sums], reading: Reading) -> _Sums:
    """Add up the sums of parts, with X_i = [Q_i; 1 / sqrt(N)] for ties."""
    xp = namespace(parts[0].gram)
    whole = _Sums(*(xp.sum(xp.stack(field), axis=0) for field in zip(*parts, strict=True)))
    tie = like(whole.gram, reading.tie)[:, None]
    return _Sums(tie * whole.on_levels, tie * whole.on_bids, whole.gram)


def _crossing(sums: _Sums, reading: Reading) -> _Crossing:
    """Solve for the price and the statistics."""
    xp, size = namespace(sums.on_bids), reading.size
    bids_to_w = like(sums.on_bids, reading.to_w(1.0))
    core = xp.matmul(sums.on_bids, bids_to_w) + but_the_last(sums.on_bids, size)
    inverse = inverses(core[None, ...])[0][0, ...]
    unknowns = xp.matmul(inverse, sums.on_levels)
    effect = xp.matmul(bids_to_w, inverse) * like(inverse, reading.tie)
    return _Crossing(unknowns[-1, :], xp.matmul(bids_to_w, unknowns), effect)


def _traded(traders: _Traders, crossing: _Crossing, payment: Payment) -> _Traded:
    xp = namespace(traders.bid)
    effect = xp.matmul(crossing.effect, traders.ties)
    own_effect = 1 - xp.sum(effect * traders.bid, axis=0)
    slope = (effect[-1, :] / own_effect)[None, :]
    quantity = traders.level - xp.matmul(xp.matrix_transpose(crossing.weights), traders.bid)
    transfer = payment(crossing.price[:, None], quantity, slope)
    extremes = xp.stack([xp.min(own_effect), xp.max(own_effect)])
    return _Traded(quantity, transfer, slope, extremes)


def _is_settled(
    sums: _Sums, traded: list[_Traded], reading: Reading, least_residual: float
) -> bool:
    """Return whether the market is regular by a wide margin, as these sums show."""
    xp = namespace(sums.gram)
    extremes = [part.extremes for part in traded]
    numbers = to_numpy(xp.concat([xp.reshape(each, (-1,)) for each in (*sums, *extremes)]))
    moments, ends = np.split(numbers, [len(numbers) - 2 * len(traded)])
    whole = Extremes(float(ends[::2].min()), float(ends[1::2].max()))
    quick = quick_solution(QuickSums(sums.on_levels.shape[1], least_residual, moments), reading)
    return quick is not None and surely_regular(quick, whole, reading)


def _joined(price: Array, traded: list[_Traded]) -> Outcome:
    xp = namespace(price)
    quantity, transfer, slope = (
        parts[0] if len(parts) == 1 else xp.concat(parts, axis=-1)
        for parts in list(zip(*traded, strict=True))[:3]
    )
    everywhere = xp.ones_like(price, dtype=xp.bool)
    slope = xp.broadcast_to(slope, quantity.shape)
    return Outcome(price, quantity, transfer, everywhere, everywhere, slope)


def side_by_side(outcomes: list[Outcome]) -> Outcome:
    """Return the outcomes of successive markets as one."""
    xp = namespace(outcomes[0].price)
    names = [each.name for each in fields(Outcome)]
    return Outcome(*(xp.concat([getattr(one, name) for one in outcomes]) for name in names))
