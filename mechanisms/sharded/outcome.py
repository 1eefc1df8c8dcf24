"""Outcomes of a market whose traders lie in shards."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import final

from deviator.validation import Floats


@final
@dataclass(frozen=True, eq=False)
class ShardOutcome:
    """What happens to the traders of one shard.

    Attributes
    ----------
    quantity, transfer, residual_slope : ndarray of float, shape (n,)
        As in `Outcome`: in autarky quantities and transfers are 0 and slopes NaN.
    """

    quantity: Floats
    transfer: Floats
    residual_slope: Floats


@final
@dataclass(frozen=True, eq=False)
class ShardedOutcome:
    """Outcome of one market.

    Attributes
    ----------
    price : float
        Market-clearing price; NaN in autarky.
    traded : bool
        False in autarky.
    n_traders : int
    budget : float
        Sum of all transfers.
    volume : float
        Units that change hands: half the sum of absolute quantities.
    shards : tuple of callable
        Each computes the outcomes of one shard from its bids.
    """

    price: float
    traded: bool
    n_traders: int
    budget: float
    volume: float
    shards: tuple[Callable[[], ShardOutcome], ...]

    def __repr__(self) -> str:
        state = f"traded at price {self.price:.6g}" if self.traded else "in autarky"
        return (
            f"ShardedOutcome({state}, n_traders={self.n_traders}, "
            f"shards={len(self.shards)}, budget={self.budget:.6g}, volume={self.volume:.6g})"
        )

    def outcomes(self) -> Iterator[ShardOutcome]:
        """Yield the outcomes of one shard after the other; each shard's bids are read once more."""
        return (compute() for compute in self.shards)
