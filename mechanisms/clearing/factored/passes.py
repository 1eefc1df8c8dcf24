"""Large markets of factored bids, in passes over their traders: chunk by chunk, or shard by shard.

What a pass needs of the traders comes in parts that fit the cache, so that each number of theirs is
read once a pass, where the batch kernel would write and read many arrays of all traders.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, final

import numpy as np

from deviator.memory import require_memory
from deviator.validation import Bools, Floats

from ...languages import FactoredBids
from ...statistics import PublicStatistics
from ..base import Payment
from .outcomes import (
    Closely,
    Extremes,
    Traded,
    all_looked_closely,
    look_closely,
    regular,
    surely_regular,
    trade,
)
from .parts import Reading, Scratch, Solution, TraderRows
from .sums import (
    QuickSums,
    closer_solution,
    closer_sums,
    merged_quick_sums,
    merged_sums,
    quick_solution,
    quick_sums,
    squared_price_scale,
)

TRADERS = 2**15
"""Traders of a chunk: more would not fit the cache, fewer would cost calls."""

Job = Callable[[TraderRows, int, Scratch], Any]
"""What is done with a part of the traders that so many come before."""

Join = Callable[[Sequence[Any]], Any]
"""How results of successive parts become one."""


class Walk(Protocol):
    """A pass over all traders."""

    def __call__(self, job: Job, join: Join) -> Any:
        """Do the job part by part, and return the joined result."""


@final
@dataclass(frozen=True, eq=False)
class Outcomes:
    """Room for the outcomes of B markets that share all weights but levels.

    `transfer` is None where nobody pays.
    """

    price: Floats  # (B,)
    quantity: Floats  # (B, N)
    transfer: Floats | None  # (B, N)
    residual_slope: Floats  # (N,) or (1, N)
    traded: Bools  # (B,)


def settle_in_passes(
    walk: Walk,
    trade: Callable[[Solution], Extremes],
    reading: Reading,
    sums: QuickSums | None = None,
) -> tuple[Solution, bool]:
    """Clear a market, and return whether it is regular.

    The cheapest sums that settle a market are tried first: most markets take two passes, fewer
    where an earlier one has added up the sums. The last call of `trade`, which computes all
    outcomes, counts, and only in a regular market.
    """
    if sums is None:
        sums = walk(partial(_quick_sums, reading=reading), merged_quick_sums)
    quick = quick_solution(sums, reading)
    if quick is not None and surely_regular(quick, trade(quick), reading):
        return quick, True
    scale = squared_price_scale(sums, reading)
    closer = partial(_closer_sums, reading=reading, squared_price_scale=scale)
    solution = closer_solution(walk(closer, partial(merged_sums, reading=reading)), reading)
    if not solution.possible:
        return solution, False
    if surely_regular(solution, trade(solution), reading):
        return solution, True
    closely = partial(look_closely, solution=solution, reading=reading)
    looked: Closely = walk(closely, all_looked_closely)
    return solution, regular(solution, looked, reading)


def _quick_sums(rows: TraderRows, start: int, scratch: Scratch, reading: Reading) -> QuickSums:
    del start
    return quick_sums(rows, reading, scratch)


def _closer_sums(
    rows: TraderRows, start: int, scratch: Scratch, reading: Reading, squared_price_scale: float
) -> Any:
    return closer_sums(rows, start, reading, scratch, squared_price_scale)


def settle_large(
    statistics: PublicStatistics,
    bids: FactoredBids,
    payment: Payment | None,
    chunk: int = TRADERS,
) -> Outcomes:
    """Clear every market, chunk by chunk of traders, and let them pay, if at all.

    Irregular markets are in autarky. RefusedError if there is not enough memory.
    """
    reading = Reading.of(statistics)
    batch, n = bids.level.shape
    markets = len(bids.own_weights)
    whole = _room(batch, n, markets, paid=payment is not None)
    for market in range(markets):
        levels = slice(None) if markets == 1 else slice(market, market + 1)
        rows = TraderRows(
            bids.own_weights[market],
            bids.statistic_weights[market],
            bids.price_weights[market],
            bids.level[levels],
            statistics.basis,
            statistics.own_residual,
        )
        _settle(rows, reading, payment, _part(whole, levels, market), chunk)
    return whole


def _room(batch: int, n_traders: int, markets: int, *, paid: bool) -> Outcomes:
    """Make arrays for B markets, of which so many differ in more than levels."""
    numbers = (batch * (2 if paid else 1) + markets) * n_traders
    require_memory(
        8 * numbers,
        f"the outcome of {batch} market(s) of {n_traders} traders",
        "clear them shard by shard with deviator.mechanisms.clear_sharded",
    )
    shape = batch, n_traders
    return Outcomes(
        np.empty(batch),
        np.empty(shape),
        np.empty(shape) if paid else None,
        np.empty((markets, n_traders)),
        np.empty(batch, dtype=bool),
    )


def _part(whole: Outcomes, levels: slice, market: int) -> Outcomes:
    return Outcomes(
        whole.price[levels],
        whole.quantity[levels],
        None if whole.transfer is None else whole.transfer[levels],
        whole.residual_slope[market],
        whole.traded[levels],
    )


def _settle(
    rows: TraderRows, reading: Reading, payment: Payment | None, out: Outcomes, chunk: int
) -> None:
    scratch = Scratch.of(reading, min(chunk, reading.n_traders))

    def walk(job: Job, join: Join) -> Any:
        return join([job(part, start, scratch.first(n)) for start, n, part in chunks(rows, chunk)])

    def trade_all(solution: Solution) -> Extremes:
        extremes = Extremes()
        for start, n, part in chunks(rows, chunk):
            these = slice(start, start + n)
            traded = Traded(out.quantity[:, these], out.residual_slope[these])
            here = trade(part, start, solution, traded, scratch.first(n))
            extremes = extremes.joined(here)
            if payment is not None and out.transfer is not None:
                # Before the market is known to trade, so that numbers may be anything.
                with np.errstate(invalid="ignore", over="ignore"):
                    out.transfer[:, these] = payment(solution.price[:, None], *traded)
        return extremes

    solution, is_regular = settle_in_passes(walk, trade_all, reading)
    out.traded[:] = is_regular
    out.price[:] = solution.price if is_regular else np.nan
    if not is_regular:
        out.residual_slope[:] = np.nan
        out.quantity[:] = 0.0
        if out.transfer is not None:
            out.transfer[:] = 0.0


def chunks(rows: TraderRows, size: int = TRADERS) -> list[tuple[int, int, TraderRows]]:
    """Cut traders into chunks that fit the cache: how many come before, their number, rows."""
    n = len(rows.own)
    starts = range(0, max(n, 1), size)
    return [(start, min(size, n - start), rows.at(slice(start, start + size))) for start in starts]
