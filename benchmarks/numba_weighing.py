"""What compiled loops would buy: numba beside our NumPy kernels, and what numba costs.

Not a topic of the table, as the project does not install numba. In an environment that has it:
``python -m benchmarks numba_weighing``.
"""

from __future__ import annotations

import time
from importlib.metadata import files
from pathlib import Path
from typing import Any

import numpy as np

from deviator.mechanisms import LinearBids, Outcome, Schedules, SigmaDCDA, UniformDoubleAuction
from deviator.mechanisms.clearing.autarky import tolerance
from deviator.validation import Floats

from .harness import Row, run_apart, side_by_side, threads

SIGMA = 0.4
DENSE_SIZES = ((100_000, 8), (10_000, 32), (200, 256))
SCHEDULE_SIZES = ((1_000_000, 4), (1_000_000, 10))


def rows() -> list[Row]:
    """Return what compiled loops gain over our kernels, and what numba costs."""
    with threads(1):
        gains = [dense_row(*size) for size in DENSE_SIZES]
        gains += [schedule_row(*size) for size in SCHEDULE_SIZES]
    return [*gains, *cost_rows()]


def dense_row(markets: int, n: int) -> Row:
    """Return how much faster compiled dense clearing is."""
    from .numba_kernels import clear_dense

    rng = np.random.default_rng(0)
    weights = rng.standard_normal((markets, n, n)) + 3 * np.sqrt(n) * np.eye(n)
    bids = LinearBids(weights, rng.uniform(1, 2, (markets, n)), rng.standard_normal((markets, n)))
    auction = SigmaDCDA(sigma=SIGMA)

    def loops() -> tuple[Floats, ...]:
        arrays = (bids.quantity_weights, bids.price_weights, bids.level)
        return clear_dense(*arrays, tolerance(n), SIGMA)

    check_same(auction.clear(bids), loops())
    return _gain(loops, lambda: auction.clear(bids), "dense linear clearing", markets, n)


def schedule_row(markets: int, n: int) -> Row:
    """Return how much faster compiled uniform-price clearing is."""
    from .numba_kernels import clear_schedules

    rng = np.random.default_rng(0)
    bids = Schedules(rng.standard_normal((markets, n)), rng.uniform(1, 2, (markets, n)))
    auction = UniformDoubleAuction()

    def loops() -> tuple[Floats, ...]:
        return clear_schedules(bids.level, bids.steepness)

    check_same(auction.clear(bids), loops())
    return _gain(loops, lambda: auction.clear(bids), "uniform-price clearing", markets, n)


def check_same(outcome: Outcome, loops: tuple[Floats, ...]) -> None:
    """Hold that the loops give the outcome."""
    fields = (outcome.price, outcome.quantity, outcome.transfer, outcome.residual_slope)
    for field, loop in zip(fields, loops, strict=True):
        np.testing.assert_allclose(loop, field, rtol=1e-8, atol=1e-9)


def _gain(loops: Any, deviator: Any, work: str, markets: int, n: int) -> Row:
    timing = side_by_side(loops, deviator, 7)
    size, figure = f"{markets:,} markets x {n}", "times our kernel's speed, numba, one thread"
    return Row.times_faster(work, size, timing, None, figure=figure)


def cost_rows() -> list[Row]:
    """Return what numba costs at import, at the first call and on the disk."""
    imported = run_apart("benchmarks.numba_weighing:import_seconds").value
    first = run_apart("benchmarks.numba_weighing:first_call_seconds").value
    disk = sum(installed_bytes(name) for name in ("numba", "llvmlite"))
    size = "numba and llvmlite"
    return [
        Row("cost of numba", size, "seconds of import", imported),
        Row("cost of numba", size, "seconds of compilation, each process", first),
        Row("cost of numba", size, "MB on the disk", disk / 10**6),
    ]


def import_seconds() -> float:
    """Return the seconds that importing numba takes once NumPy is there."""
    start = time.perf_counter()
    import numba

    return time.perf_counter() - start if numba else 0.0


def first_call_seconds() -> float:
    """Return the seconds that compiling both clearings takes."""
    from .numba_kernels import clear_dense, clear_schedules

    square, row = np.eye(2)[None], np.ones((1, 2))
    start = time.perf_counter()
    clear_dense(square, row, row, tolerance(2), SIGMA)
    clear_schedules(row, row)
    return time.perf_counter() - start


def installed_bytes(package: str) -> int:
    """Return the size of a package's files."""
    paths = (path.locate() for path in files(package) or ())
    return sum(path.stat().st_size for path in map(Path, map(str, paths)) if path.exists())
