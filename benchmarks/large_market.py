"""A market of 10^8 traders, shard by shard, in a process of its own.

Shards are generated from a seed whenever they are read, so that nothing of the market is held or
stored: what is measured is `clear_sharded`, generation included. Small markets in shards are held
against one clearing of all traders to 1e-12 first.
"""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import numpy as np

from deviator.mechanisms import FactoredBids, PublicStatistics, Shard, SigmaDCDA, clear_sharded

from .harness import Row, at_most, run_apart, seconds_of, threads

WORK = "market past memory"
SIGMA, STATISTICS = 0.4, 2
TRADERS, SHARD = 10**8, 10**6
GIB = 2**30


def rows() -> list[Row]:
    """Measure memory and time of one market."""
    check_same(3, 5_000)
    apart = run_apart("benchmarks.large_market:clear_market", TRADERS // SHARD, SHARD)
    size = f"1 market x {TRADERS:,}"
    per_trader = 1e9 * apart.seconds / TRADERS
    note = (
        f"{per_trader:.3g} ns a trader on one core, of which drawing bids "
        f"{apart.value['passes']:g} times takes "
        f"{100 * apart.value['drawing'] / apart.seconds:.0f}%; price {apart.value['price']:.3g}"
    )
    inputs = 8 * TRADERS * (3 + 2 * STATISTICS)
    return [
        Row(
            WORK,
            size,
            "peak memory",
            apart.peak_bytes / GIB,
            at_most(2),
            deviator=apart.peak_bytes,
            baseline=inputs,
            unit="bytes",
            note="GiB, interpreter included; the baseline is what its bids alone would take",
        ),
        Row(WORK, size, "seconds", apart.seconds, note=note),
        _arithmetic(4),
    ]


def _arithmetic(shards: int) -> Row:
    """Return the time that clearing takes where no time goes into drawing or reading bids."""
    parts = [shard(seed, SHARD) for seed in range(shards)]
    with threads(1):
        seconds = min(seconds_of(lambda: clear_sharded(SigmaDCDA(SIGMA), parts), 3))
    n = shards * SHARD
    figure = "ns a trader, shards in memory"
    return Row(WORK, f"1 market x {n:,}", figure, 1e9 * seconds / n, note="one core")


def shard(seed: int, n: int) -> Shard:
    """Draw the bids of n traders."""
    rng = np.random.default_rng(seed)
    return Shard(
        1 + rng.random(n),
        0.3 * rng.standard_normal((n, STATISTICS)),
        1 + rng.random(n),
        rng.standard_normal(n),
        rng.standard_normal((STATISTICS, n)) / 1e4,
    )


def clear_market(shards: int, n: int) -> dict[str, float]:
    """Clear one market whose shards are drawn when they are read; say what drawing takes."""
    drawn = list[int]()

    def draw(seed: int) -> Shard:
        drawn.append(seed)
        return shard(seed, n)

    outcome = clear_sharded(SigmaDCDA(SIGMA), [partial(draw, seed) for seed in range(shards)])
    if not outcome.traded:
        raise RuntimeError("the market of the benchmark must trade")
    start = time.perf_counter()
    shard(0, n)
    drawing = len(drawn) * (time.perf_counter() - start)
    return {"price": outcome.price, "drawing": drawing, "passes": len(drawn) / shards}


def check_same(shards: int, n: int) -> None:
    """Hold that shards give what one clearing gives, to 1e-12."""
    parts = [shard(seed, n) for seed in range(shards)]
    columns: list[Any] = [
        np.concatenate([np.asarray(getattr(part, name)) for part in parts])[None]
        for name in ("own_weights", "statistic_weights", "price_weights", "level")
    ]
    statistics = np.concatenate([np.asarray(part.statistics) for part in parts], axis=1)
    whole = SigmaDCDA(SIGMA, PublicStatistics(statistics)).clear(FactoredBids(*columns))
    outcomes = list(clear_sharded(SigmaDCDA(SIGMA), parts).outcomes())
    for name in ("quantity", "transfer", "residual_slope"):
        got = np.concatenate([getattr(each, name) for each in outcomes])
        np.testing.assert_allclose(got, getattr(whole, name)[0], rtol=1e-12, atol=1e-12)
