"""Uniform-price clearing, absolutely and against bisection on the price in torch.

Bisection is the general method for decreasing demand, and batches well: the bracket of each market
is halved until the price is known to rounding. It has torch's threads, as many as ours, and runs
on a tenth of the markets.
"""

from __future__ import annotations

import functools

import numpy as np
import torch

from deviator.mechanisms import Outcome, Schedules, UniformDoubleAuction, clear_parallel

from .harness import Row, at_least, busiest, side_by_side, threads

WORK = "uniform-price clearing"
MARKETS, SAMPLE = 1_000_000, 100_000
TRADERS = (4, 10)
HALVINGS = 52
"""As many as a double has binary digits."""

Tensors = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def rows() -> list[Row]:
    """Measure on one thread and on two."""
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
    found = []
    for count, ours in ((1, clear), (2, parallel)):
        with threads(count):
            timing = side_by_side(ours, baseline, 5, baseline_scale=MARKETS / SAMPLE)
        on = "one thread" if count == 1 else "two threads"
        rate, size = MARKETS / timing.ours / 1e6, f"{MARKETS:,} markets x {n}"
        figure = f"million markets a second, {on}"
        note = f"{busiest(clear)} of the time; memory bounds it" if count == 1 else ""
        found += [
            Row(WORK, size, figure, rate, at_least(10), note=note),
            Row.times_faster(
                WORK, size, timing, at_least(10), figure=f"times torch bisection, {on}"
            ),
        ]
    return found


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


def check_same(auction: UniformDoubleAuction, bids: Schedules, found: Tensors) -> None:
    """Hold that clearing gives what bisection does."""
    outcome = auction.clear(bids)
    for ours, theirs in zip(
        (outcome.price, outcome.quantity, outcome.transfer), found, strict=True
    ):
        np.testing.assert_allclose(ours, theirs.numpy(), rtol=1e-9, atol=1e-10)
