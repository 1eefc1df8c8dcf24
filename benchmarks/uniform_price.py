"""Uniform-price clearing, absolutely and against bisection on the price in torch.

Bisection is the general method for decreasing demand, and batches well: the bracket of each market
is halved until the price is known to rounding. It has one thread, as deviator has, or both, and
runs on a tenth of the markets.
"""

from __future__ import annotations

import functools
import statistics

import numpy as np
import torch

from deviator.mechanisms import Outcome, Schedules, UniformDoubleAuction, clear_parallel

from .harness import Row, at_least, busiest, seconds_of, side_by_side, threads

WORK = "uniform-price clearing"
MARKETS, SAMPLE = 1_000_000, 100_000
TRADERS = (4, 10)
HALVINGS = 52
"""As many as a double has binary digits."""

Tensors = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def rows() -> list[Row]:
    """Measure at few traders and at more."""
    return [row for n in TRADERS for row in _rows(n)]


def _rows(n: int) -> list[Row]:
    auction, bids = UniformDoubleAuction(), random_schedules(n)
    level, steepness = bids.level[:SAMPLE], bids.steepness[:SAMPLE]
    tensors = torch.from_numpy(level), torch.from_numpy(steepness)
    check_same(auction, Schedules(level, steepness), bisect(*tensors))

    def clear() -> Outcome:
        return auction.clear(Schedules(bids.level, bids.steepness))

    def parallel() -> Outcome:
        return clear_parallel(auction, Schedules(bids.level, bids.steepness), threads=2)

    baseline = functools.partial(bisect, *tensors)
    size, scale = f"{MARKETS:,} markets x {n}", MARKETS / SAMPLE
    with threads(1):
        one = side_by_side(clear, baseline, baseline_scale=scale)
        both = statistics.median(seconds_of(parallel))
        note = f"{busiest(clear)} of the time; memory bounds it"
    with threads(2):
        two = side_by_side(clear, baseline, baseline_scale=scale)
    rate, alone = "million markets a second", 1e-6 * MARKETS / one.deviator
    return [
        Row(WORK, size, f"{rate}, one thread", alone, at_least(10), note=note),
        Row(WORK, size, f"{rate}, clear_parallel on two", 1e-6 * MARKETS / both),
        Row.times_faster(
            WORK, size, one, at_least(10), figure="times torch bisection, both on one thread"
        ),
        Row.times_faster(
            WORK, size, two, at_least(10), figure="times torch bisection on two, deviator on one"
        ),
    ]


def random_schedules(n: int) -> Schedules:
    """Return decreasing schedules."""
    rng = np.random.default_rng(0)
    return Schedules(rng.standard_normal((MARKETS, n)), rng.uniform(1, 2, (MARKETS, n)))


def bisect(level: torch.Tensor, steepness: torch.Tensor) -> Tensors:
    """Return price (B,), quantities and transfers (B, N) of demands level - steepness p.

    The price lies between the least and the largest at which some trader demands nothing.
    """
    no_demand = level / steepness
    low, high = no_demand.amin(dim=1), no_demand.amax(dim=1)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        excess = (level - steepness * middle[:, None]).sum(dim=1) > 0
        low, high = torch.where(excess, middle, low), torch.where(excess, high, middle)
    price = (low + high) / 2
    quantity = level - steepness * price[:, None]
    return price, quantity, price[:, None] * quantity


def check_same(auction: UniformDoubleAuction, bids: Schedules, bisected: Tensors) -> None:
    """Hold that clearing gives what bisection does."""
    outcome = auction.clear(bids)
    fields = outcome.price, outcome.quantity, outcome.transfer
    for field, other in zip(fields, bisected, strict=True):
        np.testing.assert_allclose(field, other.numpy(), rtol=1e-9, atol=1e-10)
