"""A device and how much is measured there: what the parts of `gpu` share."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from .harness import Bar, Timing, seconds_of, side_by_side


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    dense: tuple[tuple[int, int], ...]  # markets, traders
    statistics: tuple[int, ...]  # traders
    processor: int  # traders
    schedules: int  # markets
    environment: int  # markets
    updates: int  # of PPO
    repeats: int


FULL = Sizes(
    dense=((1_000_000, 8), (100_000, 8), (100_000, 32), (2_000, 256)),
    statistics=(1_000_000, 10_000_000, 50_000_000),
    processor=1_000_000,
    schedules=4_000_000,
    environment=65_536,
    updates=10,
    repeats=5,
)
SMALL = Sizes(
    dense=((500, 8), (50, 32)),
    statistics=(5_000,),
    processor=5_000,
    schedules=2_000,
    environment=256,
    updates=2,
    repeats=2,
)


@dataclass(frozen=True)
class Bench:
    """A device, and how much is measured there."""

    device: torch.device
    sizes: Sizes

    @property
    def is_held_to_bars(self) -> bool:
        """Whether the bars, which are for a GPU and full sizes, apply."""
        return self.device.type == "cuda" and self.sizes is FULL

    def bar(self, bar: Bar) -> Bar | None:
        """Return the bar where it applies."""
        return bar if self.is_held_to_bars else None

    def waited_for(self, work: Callable[[], object]) -> Callable[[], None]:
        """Return the work, done when it returns: devices work on while the processor goes on."""

        def done() -> None:
            work()
            if self.device.type == "cuda":
                torch.cuda.synchronize(self.device)

        return done

    def seconds(self, work: Callable[[], object]) -> float:
        """Return the median seconds of a call."""
        return statistics.median(seconds_of(self.waited_for(work), self.sizes.repeats))

    def side_by_side(self, work: Callable[[], object], baseline: Callable[[], object]) -> Timing:
        """Time two functions in turn."""
        both = self.waited_for(work), self.waited_for(baseline)
        return side_by_side(*both, repeats=self.sizes.repeats)

    def normal(self, *shape: int) -> Any:
        """Draw standard Normal numbers on the device."""
        return torch.randn(shape, dtype=torch.float64, device=self.device)

    def uniform(self, *shape: int) -> Any:
        """Draw numbers from 1 to 2 on the device."""
        return 1 + torch.rand(shape, dtype=torch.float64, device=self.device)
