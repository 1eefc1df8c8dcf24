"""Clearing of bids on public statistics: time per trader, against a streaming pass, and memory.

Measured is `SigmaDCDA.clear`: one market of N traders who condition on G = 2 public statistics. The
streaming pass reads each input once and writes each output once, and does nothing else: no clearing
can move less through memory. Both give their outputs memory of their own.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from deviator.mechanisms import FactoredBids, LinearBids, SigmaDCDA
from deviator.validation import Floats

from .harness import Row, at_most, busiest, run_apart, seconds_of, side_by_side, threads

WORK = "low-dimensional clearing"
SIGMA, STATISTICS = 0.4, 2
SIZES = (1_000, 10_000, 100_000, 1_000_000, 4_000_000)
FLAT_FROM = 10_000
OUTPUTS = 3
"""Quantity, transfer and residual slope of each trader."""


def rows() -> list[Row]:
    """Measure on one thread, and check small markets against the dense path to 1e-10."""
    check_same(60)
    with threads(1):
        return [*_growth(), *map(_passes, SIZES), _memory(1_000_000)]


def market(n: int) -> tuple[SigmaDCDA, FactoredBids]:
    """Return a mechanism with statistics, and bids of one market of N traders."""
    rng = np.random.default_rng(0)
    statistics = rng.standard_normal((STATISTICS, n)) / np.sqrt(n)
    bids = FactoredBids(
        1 + rng.random((1, n)),
        0.3 * rng.standard_normal((1, n, STATISTICS)),
        1 + rng.random((1, n)),
        rng.standard_normal((1, n)),
    )
    return SigmaDCDA(SIGMA, statistics), bids


def check_same(n: int) -> None:
    """Hold that clearing gives what the dense path does."""
    auction, bids = market(n)
    statistics = _numbers(auction)
    weights = np.eye(n) * bids.own_weights[:, :, None] + bids.statistic_weights @ statistics
    dense = SigmaDCDA(SIGMA).clear(LinearBids(weights, bids.price_weights, bids.level))
    outcome = auction.clear(bids)
    for name in ("price", "quantity", "transfer", "residual_slope"):
        got, expected = getattr(outcome, name), getattr(dense, name)
        np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-10)


def _growth() -> list[Row]:
    """Return how much the time per trader changes; the least of some rounds, all sizes in each."""
    clears = {n: functools.partial(auction.clear, bids) for n, auction, bids in _markets()}
    rounds = [{n: seconds_of(clear, 1)[0] / n for n, clear in clears.items()} for _ in range(7)]
    per_trader = {n: min(times[n] for times in rounds) for n in SIZES}
    flat = [seconds for n, seconds in per_trader.items() if n >= FLAT_FROM]
    shown = ", ".join(f"{1e9 * seconds:.3g} ns at {n:,}" for n, seconds in per_trader.items())
    size, figure = f"{FLAT_FROM:,} to {SIZES[-1]:,} traders", "largest over least time per trader"
    return [Row(WORK, size, figure, max(flat) / min(flat), at_most(2), note=shown)]


def _markets() -> list[tuple[int, SigmaDCDA, FactoredBids]]:
    return [(n, *market(n)) for n in SIZES]


def _passes(n: int) -> Row:
    auction, bids = market(n)
    clear = functools.partial(auction.clear, bids)
    timing = side_by_side(clear, functools.partial(stream, inputs(auction, bids), n))
    bar = at_most(8) if n == 1_000_000 else None
    note = f"{busiest(clear)} of the time" if bar else ""
    figure = "times one streaming pass"
    return Row.times_slower(WORK, f"1 market x {n:,}", timing, bar, figure=figure, note=note)


def inputs(auction: SigmaDCDA, bids: FactoredBids) -> list[Floats]:
    """Return all that clearing has to read."""
    parts = [bids.own_weights, bids.statistic_weights, bids.price_weights, bids.level]
    return [*parts, _numbers(auction)]


def _numbers(auction: SigmaDCDA) -> Floats:
    held: Any = auction.statistics
    weights: Floats = held.weights
    return weights


def stream(arrays: list[Floats], n: int) -> list[Floats]:
    """Read every input and write every output, once."""
    total = sum(float(array.sum()) for array in arrays)
    outputs = [np.empty((1, n)) for _ in range(OUTPUTS)]
    for output in outputs:
        output.fill(total)
    return outputs


def _memory(n: int) -> Row:
    needed = run_apart("benchmarks.low_dimensional:clear_once", n)
    moved = 8 * n * (3 + 2 * STATISTICS + OUTPUTS)
    return Row(
        WORK,
        f"1 market x {n:,}",
        "peak memory over inputs and outputs",
        needed.bytes_used / moved,
        at_most(4),
        deviator=needed.bytes_used,
        baseline=moved,
        unit="bytes",
        note="a process of its own, drawing of the bids included",
    )


def clear_once(n: int) -> float:
    """Clear one market and return its price."""
    auction, bids = market(n)
    return float(auction.clear(bids).price[0])
