"""What every benchmark shares: two timings side by side, a row of the table, a process apart.

A topic is a module of this folder with a function ``rows() -> list[Row]``. It measures deviator and
the baseline in one process, interleaved (`side_by_side`), checks that both give the same answer,
and states the bar beside what was reached:

    def rows() -> list[Row]:
        with threads(1):
            timing = side_by_side(lambda: mechanism.clear(bids), lambda: np.linalg.inv(matrices))
        return [Row.times_slower("dense linear clearing", "10^5 markets x 8", timing, at_most(1.3),
                                 figure="times the inverse, one thread")]
"""

from __future__ import annotations

import contextlib
import cProfile
import json
import os
import pstats
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from threadpoolctl import threadpool_limits

ROOT = Path(__file__).resolve().parent.parent
PROFILE_SECONDS = 0.5
"""A profile is of so much work that the system's interruptions spread over it."""

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Bar:
    """What a figure has to reach."""

    sense: Literal["at most", "at least"]
    value: float

    def met(self, figure: float) -> bool:
        """Whether a figure reaches the bar; a figure that is not a number does not."""
        return figure <= self.value if self.sense == "at most" else figure >= self.value


def at_most(value: float) -> Bar:
    """Return the bar that a figure must not exceed."""
    return Bar("at most", value)


def at_least(value: float) -> Bar:
    """Return the bar that a figure must reach."""
    return Bar("at least", value)


@dataclass(frozen=True)
class Timing:
    """Seconds of one call of deviator and of the baseline, run by run, side by side."""

    deviator_runs: tuple[float, ...]
    baseline_runs: tuple[float, ...]

    @property
    def deviator(self) -> float:
        """Median seconds of deviator."""
        return statistics.median(self.deviator_runs)

    @property
    def baseline(self) -> float:
        """Median seconds of the baseline."""
        return statistics.median(self.baseline_runs)

    @property
    def slowdowns(self) -> tuple[float, ...]:
        """Deviator over the baseline, run by run."""
        return tuple(o / b for o, b in zip(self.deviator_runs, self.baseline_runs, strict=True))

    @property
    def speedups(self) -> tuple[float, ...]:
        """The baseline over deviator, run by run."""
        return tuple(b / o for o, b in zip(self.deviator_runs, self.baseline_runs, strict=True))

    @property
    def slowdown(self) -> float:
        """Median of deviator over the baseline."""
        return statistics.median(self.slowdowns)

    @property
    def speedup(self) -> float:
        """Median of the baseline over deviator."""
        return statistics.median(self.speedups)


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Parameters
    ----------
    work : str
        What is done, as the table names it ("dense linear clearing").
    size : str
        How much of it ("10^5 markets x 8").
    figure : str
        What the figure is ("times the inverse, one thread").
    value : float
        The figure; usually a ratio, so that it means the same on another machine.
    bar : Bar or None
        What it has to reach; None for a figure given for information.
    deviator, baseline : float or None
        The two measurements behind a ratio, in `unit`; None where there are none.
    unit : str
        "s", "bytes" or any other unit of `deviator` and `baseline`.
    spread : tuple of float or None
        Lower and upper quartile of the figure over the runs.
    note : str
        What bounds the figure (memory, LAPACK, Python overhead), what the baseline is.
    """

    work: str
    size: str
    figure: str
    value: float
    bar: Bar | None = None
    deviator: float | None = None
    baseline: float | None = None
    unit: str = "s"
    spread: tuple[float, float] | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the bar is reached; None without a bar."""
        return None if self.bar is None else self.bar.met(self.value)

    @classmethod
    def times_slower(
        cls, work: str, size: str, timing: Timing, bar: Bar | None, *, figure: str, note: str = ""
    ) -> Row:
        """Return the row of a cost in units of the baseline: deviator over the baseline."""
        spread = _quartiles(timing.slowdowns)
        value, deviator, baseline = timing.slowdown, timing.deviator, timing.baseline
        return cls(work, size, figure, value, bar, deviator, baseline, "s", spread, note)

    @classmethod
    def times_faster(
        cls, work: str, size: str, timing: Timing, bar: Bar | None, *, figure: str, note: str = ""
    ) -> Row:
        """Return the row of a gain in speed: the baseline over deviator."""
        spread = _quartiles(timing.speedups)
        value, deviator, baseline = timing.speedup, timing.deviator, timing.baseline
        return cls(work, size, figure, value, bar, deviator, baseline, "s", spread, note)


def _quartiles(values: tuple[float, ...]) -> tuple[float, float] | None:
    """Return the lower and the upper quartile, or None for a single run."""
    if len(values) < 2:
        return None
    lower, _, upper = statistics.quantiles(values, n=4, method="inclusive")
    return lower, upper


def side_by_side(
    deviator: Callable[[], object],
    baseline: Callable[[], object],
    repeats: int = 7,
    *,
    at_least_seconds: float = 0.02,
    baseline_scale: float = 1.0,
) -> Timing:
    """Time two functions in turn, so that a busy machine slows both.

    Parameters
    ----------
    deviator, baseline : callable
        What is timed; each is called once before, so that caches and imports are warm.
    repeats : int
        Runs of each, interleaved; their order alternates.
    at_least_seconds : float
        A run repeats a faster function until it has run for this long.
    baseline_scale : float
        The work of deviator over that of the baseline, for a baseline so slow that it runs on a
        sample: 10,000 profiles against a sample of 20 give 500.

    Returns
    -------
    Timing
        Seconds for one call; the baseline's times `baseline_scale`.
    """
    deviator_calls = _calls_needed(deviator, at_least_seconds)
    baseline_calls = _calls_needed(baseline, at_least_seconds)
    deviator_runs, baseline_runs = [], []
    for repeat in range(repeats):
        if repeat % 2:
            baseline_runs.append(_seconds(baseline, baseline_calls) * baseline_scale)
        deviator_runs.append(_seconds(deviator, deviator_calls))
        if not repeat % 2:
            baseline_runs.append(_seconds(baseline, baseline_calls) * baseline_scale)
    return Timing(tuple(deviator_runs), tuple(baseline_runs))


def seconds_of(
    work: Callable[[], object], repeats: int = 7, *, at_least_seconds: float = 0.02
) -> tuple[float, ...]:
    """Time one function for a figure that has no baseline; seconds of one call, run by run."""
    calls = _calls_needed(work, at_least_seconds)
    return tuple(_seconds(work, calls) for _ in range(repeats))


def _calls_needed(function: Callable[[], object], seconds: float) -> int:
    """Warm a function up and return how many calls of it fill `seconds`."""
    first = _seconds(function, 1)
    if first >= seconds:
        return 1
    return max(1, round(seconds / _seconds(function, 1)))


def _seconds(function: Callable[[], object], calls: int) -> float:
    """Return the seconds of one call, averaged over `calls`."""
    start = time.perf_counter()
    for _ in range(calls):
        function()
    return (time.perf_counter() - start) / calls


def busiest(function: Callable[[], object], count: int = 4) -> str:
    """Return in which functions the time goes, as ``"inv 61%, _scale 17%"``, for a row's note.

    Time is a function's own, what it calls left out; array arithmetic counts for the function that
    writes it, and LAPACK's work for the NumPy function that calls it.
    """
    profile = cProfile.Profile()
    for _ in range(_calls_needed(function, PROFILE_SECONDS)):
        profile.runcall(function)
    own: dict[str, float] = {}
    for (_, _, name), (_, _, seconds, _, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        plain = re.sub(r"<(?:built-in )?method '?([\w.]+)'?.*>", r"\1", name)
        short = plain.rsplit(".", 1)[-1]
        own[short] = own.get(short, 0.0) + seconds
    total = sum(own.values())
    largest = sorted(own.items(), key=lambda item: -item[1])[:count]
    return ", ".join(f"{name} {seconds / total:.0%}" for name, seconds in largest)


@contextlib.contextmanager
def threads(count: int) -> Iterator[None]:
    """Hold BLAS, OpenMP and (where it is imported) torch to `count` threads."""
    torch = sys.modules.get("torch")
    before = torch.get_num_threads() if torch else 0
    with threadpool_limits(limits=count):
        if torch:
            torch.set_num_threads(count)
        try:
            yield
        finally:
            if torch:
                torch.set_num_threads(before)


def faster_count(work: Callable[[], object]) -> int:
    """Return on how many threads a function is faster, 1 or 2: more can also be slower."""
    times = {}
    for count in (1, 2):
        with threads(count):
            times[count] = min(seconds_of(work, 3))
    return min(times, key=lambda count: times[count])


@dataclass(frozen=True)
class Apart:
    """What a function did in a process of its own.

    ``value`` is what it returned, ``seconds`` its wall time, ``peak_bytes`` the most memory that
    the process held at any time and ``bytes_before`` what it held before the call (interpreter
    and imports).
    """

    value: Any
    seconds: float
    peak_bytes: int
    bytes_before: int

    @property
    def bytes_used(self) -> int:
        """Return the most memory that the function itself took."""
        return self.peak_bytes - self.bytes_before


def run_apart(target: str, *arguments: Any, thread_count: int = 1, seconds: float = 600.0) -> Apart:
    """Run a function in a fresh process, on its own number of threads.

    Parameters
    ----------
    target : str
        The function, as ``"benchmarks.large_market:clear"``.
    *arguments
        Its arguments, plain data that JSON can hold; so must its result be.
    thread_count : int
        Threads of BLAS and OpenMP.
    seconds : float
        The process is ended after this long.

    Raises
    ------
    RuntimeError
        When the function fails or takes too long; the message ends with its last line of error.
    """
    environment = os.environ | {name: str(thread_count) for name in THREAD_VARIABLES}
    command = [sys.executable, "-m", "benchmarks.apart", target, json.dumps(arguments)]
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"{target} took longer than {seconds:g} s and was ended") from None
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        raise RuntimeError(f"{target} failed in its own process: {reason}")
    return Apart(**json.loads(done.stdout.splitlines()[-1]))
