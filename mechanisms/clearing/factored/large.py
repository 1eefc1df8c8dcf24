"""Clearing of large markets of factored bids that fit into memory, chunk by chunk of traders."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from deviator.memory import require_memory
from deviator.validation import Bools, Floats

from ...languages import FactoredBids
from ...statistics import PublicStatistics
from ..base import Payment
from .outcomes import Extremes, Traded, trade
from .parts import Reading, Scratch, Solution, TraderRows
from .passes import Job, Join, settle_in_passes

LARGE = 2**11
"""Traders in a market from which on it is cleared by itself, in passes over its traders."""

TRADERS = 2**15
"""Traders of a chunk: more would not fit the cache, fewer would cost calls."""


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


def room(batch: int, n_traders: int, markets: int, *, paid: bool) -> Outcomes:
    """Make arrays for B markets, of which so many differ in more than levels.

    Raises
    ------
    RefusedError
        If there is not enough memory.
    """
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


def settle_large(
    statistics: PublicStatistics, bids: FactoredBids, payment: Payment | None
) -> Outcomes:
    """Clear every market and let traders pay, if at all; irregular markets are in autarky."""
    reading = Reading.of(statistics)
    batch, n = bids.level.shape
    markets = len(bids.own_weights)
    whole = room(batch, n, markets, paid=payment is not None)
    for market in range(markets):
        levels = slice(None) if markets == 1 else slice(market, market + 1)
        rows = TraderRows(
            bids.own_weights[market],
            bids.statistic_weights[market],
            bids.price_weights[market],
            bids.level[levels],
            statistics.basis,
            statistics.unsaid,
        )
        _settle(rows, reading, payment, _part(whole, levels, market))
    return whole


def _part(whole: Outcomes, levels: slice, market: int) -> Outcomes:
    return Outcomes(
        whole.price[levels],
        whole.quantity[levels],
        None if whole.transfer is None else whole.transfer[levels],
        whole.residual_slope[market],
        whole.traded[levels],
    )


def _settle(rows: TraderRows, reading: Reading, payment: Payment | None, out: Outcomes) -> None:
    scratch = Scratch.of(reading, min(TRADERS, reading.n_traders))

    def walk(job: Job, join: Join) -> Any:
        return join([job(part, start, scratch.first(n)) for start, n, part in chunks(rows)])

    def tell(solution: Solution) -> Extremes:
        extremes = Extremes()
        for start, n, part in chunks(rows):
            place = slice(start, start + n)
            traded = Traded(out.quantity[:, place], out.residual_slope[place])
            told = trade(part, start, solution, traded, scratch.first(n))
            extremes = extremes.joined(told)
            if payment is not None and out.transfer is not None:
                with np.errstate(invalid="ignore", over="ignore"):
                    out.transfer[:, place] = payment(solution.price[:, None], *traded)
        return extremes

    solution, regular = settle_in_passes(walk, tell, reading)
    out.traded[:] = regular
    out.price[:] = solution.price if regular else np.nan
    if not regular:
        out.residual_slope[:] = np.nan
        out.quantity[:] = 0.0
        if out.transfer is not None:
            out.transfer[:] = 0.0


def chunks(rows: TraderRows) -> list[tuple[int, int, TraderRows]]:
    """Cut traders into chunks that fit the cache: place of the first, number, rows."""
    n = len(rows.own)
    starts = range(0, max(n, 1), TRADERS)
    return [
        (start, min(TRADERS, n - start), rows.between(start, start + TRADERS)) for start in starts
    ]
