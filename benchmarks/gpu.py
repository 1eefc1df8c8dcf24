"""Every figure of markets on a device: ``python -m benchmarks.gpu --device cuda``.

Prints only. ``--small`` takes sizes that a processor clears in seconds, which checks that all of it
runs; bars are for a GPU and the sizes without it. The whole run takes a GPU a few minutes.

Passes are those of one streaming pass over the same numbers on the same device: it reads each input
and writes each output once. Bandwidth counts these bytes alone, whatever else is moved.
"""

from __future__ import annotations

import argparse
import functools
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from rich.console import Console

from deviator.arrays import to_numpy
from deviator.envs.tensor_env import checked_device
from deviator.errors import InvalidInputError
from deviator.mechanisms import (
    FactoredBids,
    LinearBids,
    Outcome,
    Schedules,
    SigmaDCDA,
    UniformDoubleAuction,
    compiled_clear,
)
from deviator.mechanisms.clearing import FactoredClearing

from .__main__ import PRINTED_WIDTH, show
from .device import FULL, SMALL, Bench
from .device_learning import TRADERS, deviators, everyone
from .harness import Row, at_least, at_most, threads
from .machine import machine
from .topics import TopicResult
from .traffic import Traffic

FIELDS = ("price", "quantity", "transfer", "residual_slope")
SAMPLE = 1_000
"""Markets, or traders, in which outcomes are compared with NumPy's first."""

STATISTICS, SIGMA = 2, 0.4


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; return 1 if a part failed, 0 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--device", default="cuda", help="as torch names it: cuda, cpu")
    parser.add_argument("--small", action="store_true", help="sizes for a check on a processor")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    given = parser.parse_args(arguments)
    if unknown := set(given.parts) - set(PARTS):
        parser.error(f"a part must be one of {', '.join(PARTS)}, got {sorted(unknown)[0]}")
    try:
        device = checked_device(given.device)
    except InvalidInputError as error:
        parser.error(str(error))
    bench = Bench(device, SMALL if given.small else FULL)
    console = Console(width=None if sys.stdout.isatty() else PRINTED_WIDTH)
    for name, fact in {**machine(), "device": name_of(device)}.items():
        console.print(f"{name}: {fact}", highlight=False)
    results = [measured(part, bench) for part in given.parts or PARTS]
    for result in results:
        show(result, console)
    return 1 if any(result.failure for result in results) else 0


def name_of(device: torch.device) -> str:
    """Return what the device is."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else str(device)


def measured(part: str, bench: Bench) -> TopicResult:
    """Measure one part; what fails there costs its own rows only."""
    start = time.perf_counter()
    try:
        rows = tuple(PARTS[part](bench))
    except (RuntimeError, AssertionError) as error:
        return TopicResult(part, failure=f"{type(error).__name__}: {error}")
    return TopicResult(part, rows, time.perf_counter() - start)


def dense(bench: Bench) -> list[Row]:
    """Measure dense clearing against the bare inverse of as many matrices."""
    auction = SigmaDCDA(SIGMA)
    check_same(auction, _linear_bids(bench, min(SAMPLE, bench.sizes.dense[0][0]), 8))
    rows = []
    for markets, n in bench.sizes.dense:
        bids = _linear_bids(bench, markets, n)
        matrices = 0.1 * bench.normal(markets, n + 1, n + 1)
        matrices += torch.eye(n + 1, dtype=torch.float64, device=bench.device)
        inverse = functools.partial(torch.linalg.inv, matrices)
        timing = bench.side_by_side(functools.partial(auction.clear, bids), inverse)
        size, figure = f"{markets:,} markets x {n}", "times torch.linalg.inv"
        bar = bench.bar(at_most(1.6))
        rows.append(Row.times_slower("dense clearing", size, timing, bar, figure=figure))
    return rows


def _linear_bids(bench: Bench, markets: int, n: int) -> LinearBids:
    weights = 0.1 * bench.normal(markets, n, n)
    weights += torch.eye(n, dtype=torch.float64, device=bench.device)
    return LinearBids(weights, bench.uniform(markets, n), bench.normal(markets, n))


def statistics(bench: Bench) -> list[Row]:
    """Measure markets of bids on public statistics, in streaming passes."""
    check_same(*_statistics_market(bench, min(bench.sizes.statistics) // 2 + SAMPLE))
    rows = []
    for n in bench.sizes.statistics:
        auction, bids = _statistics_market(bench, n)
        inputs = [*vars(bids).values(), bench.normal(STATISTICS, n)]
        clear = functools.partial(auction.clear, bids)
        timing = bench.side_by_side(clear, functools.partial(_stream, inputs, n))
        size, figure = f"1 market x {n:,}", "times one streaming pass"
        bar = bench.bar(at_most(12)) if n >= 10_000_000 else None
        note = f"{1e9 * timing.deviator / n:.3g} ns a trader"
        work = "bids on public statistics"
        rows.append(Row.times_slower(work, size, timing, bar, figure=figure, note=note))
    return rows


def _statistics_market(bench: Bench, n: int) -> tuple[SigmaDCDA, FactoredBids]:
    weights = np.random.default_rng(0).standard_normal((STATISTICS, n)) / np.sqrt(n)
    bids = FactoredBids(
        bench.uniform(1, n),
        0.3 * bench.normal(1, n, STATISTICS),
        bench.uniform(1, n),
        bench.normal(1, n),
    )
    return SigmaDCDA(SIGMA, weights), bids


def _stream(inputs: list[torch.Tensor], n: int) -> list[torch.Tensor]:
    """Read every input and write every output, once."""
    total = torch.stack([array.sum() for array in inputs]).sum()
    return [total.expand(1, n).clone() for _ in range(3)]


def processor(bench: Bench) -> list[Row]:
    """Measure tensors on the processor against NumPy arrays, both on one thread."""
    n = bench.sizes.processor
    here = Bench(torch.device("cpu"), bench.sizes)
    auction, tensors = _statistics_market(here, n)
    arrays = tensors.converted(np.zeros(()))
    with threads(1):
        timing = here.side_by_side(
            functools.partial(auction.clear, tensors), functools.partial(auction.clear, arrays)
        )
    bar = at_most(6) if bench.sizes is FULL else None
    size, figure = f"1 market x {n:,}, on the processor", "times NumPy, one thread"
    work = "bids on public statistics"
    return [Row.times_slower(work, size, timing, bar, figure=figure)]


def traffic(bench: Bench) -> list[Row]:
    """Count the bytes that clearing moves, over those of inputs and outputs: on any device.

    All traders of a large market are one chunk, as they are on a device.
    """
    n, markets = 100_000, 2_000
    auction, factored = _statistics_market(bench, n)
    published: Any = auction.statistics
    clearing = FactoredClearing(published, chunk=n)
    payment = functools.partial(auction.payment, tax_slope=SIGMA)
    schedules = Schedules(bench.normal(markets, TRADERS), bench.uniform(markets, TRADERS))
    rows = []
    for work, size, least, bar, clear in (
        (
            "bids on public statistics",
            f"1 market x {n:,}",
            n * (3 + 2 * STATISTICS + 3),
            at_most(12),
            functools.partial(clearing.settle, factored, payment),
        ),
        (
            "uniform-price clearing",
            f"{markets:,} markets x {TRADERS}",
            5 * markets * TRADERS,
            None,
            functools.partial(UniformDoubleAuction().clear, schedules),
        ),
    ):
        clear()
        with Traffic() as counted:
            clear()
        value = counted.moved / (8 * least)
        rows.append(Row(work, size, "bytes moved over those of one streaming pass", value, bar))
    return rows


def uniform_price(bench: Bench) -> list[Row]:
    """Measure uniform-price clearing in bytes of inputs and outputs a second, and markets."""
    auction, markets = UniformDoubleAuction(), bench.sizes.schedules
    rows, fused = [], compiled_clear(auction)
    for n in (4, TRADERS):
        bids = Schedules(bench.normal(markets, n), bench.uniform(markets, n))
        check_same(auction, Schedules(bids.level[:SAMPLE], bids.steepness[:SAMPLE]))
        compiled = functools.partial(fused, bids)
        _assert_same(compiled(), auction.clear(bids))
        least = 5 * 8 * markets * n
        for name, clear, bar in (
            ("clear", functools.partial(auction.clear, bids), None),
            ("compiled_clear", compiled, bench.bar(at_least(1.5))),
        ):
            seconds = bench.seconds(clear)
            size, figure = f"{markets:,} markets x {n}", f"TB/s, {name}"
            note = f"{1e-6 * markets / seconds:,.0f} million markets a second"
            rows.append(
                Row("uniform-price clearing", size, figure, 1e-12 * least / seconds, bar, note=note)
            )
    return rows


def check_same(mechanism: Any, bids: Any) -> None:
    """Hold that a device's outcome is NumPy's."""
    expected = mechanism.clear(bids.converted(np.zeros(())))
    assert expected.traded.any(), "some market must trade"
    _assert_same(mechanism.clear(bids), expected)


def _assert_same(got: Outcome, want: Outcome) -> None:
    for name in FIELDS:
        one, other = (to_numpy(getattr(outcome, name)) for outcome in (got, want))
        scale = np.nanmax(np.abs(other), initial=0.0)
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9 * scale)


PARTS: dict[str, Callable[[Bench], list[Row]]] = {
    "dense": dense,
    "statistics": statistics,
    "processor": processor,
    "traffic": traffic,
    "uniform_price": uniform_price,
    "everyone": everyone,
    "deviators": deviators,
}
"""What is measured, in order."""

if __name__ == "__main__":
    sys.exit(main())
