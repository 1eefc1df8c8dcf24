"""Some of a market's traders: what they submit, their public statistics, their outcomes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np
from numpy.typing import ArrayLike

from deviator.validation import Floats, finite_array

from ..clearing.factored.parts import TraderRows


@final
@dataclass(frozen=True, eq=False)
class Shard:
    """Factored bids a_i q_i + C_i . (S q) + b_i p = r_i of n traders of one market.

    Parameters
    ----------
    own_weights : array-like of float, shape (n,)
        a.
    statistic_weights : array-like of float, shape (n, G)
        C.
    price_weights : array-like of float, shape (n,)
        b.
    level : array-like of float, shape (n,)
        r.
    statistics : array-like of float, shape (G, n)
        These traders' columns of S, the statistics of the whole market.

    Raises
    ------
    InvalidInputError
        If shapes do not fit or a number is not finite.
    """

    own_weights: ArrayLike
    statistic_weights: ArrayLike
    price_weights: ArrayLike
    level: ArrayLike
    statistics: ArrayLike

    def __post_init__(self) -> None:
        own = finite_array("own_weights", self.own_weights, (None,))
        statistic = finite_array("statistic_weights", self.statistic_weights, (len(own), None))
        checked: dict[str, Floats] = {
            "own_weights": own,
            "statistic_weights": statistic,
            "price_weights": finite_array("price_weights", self.price_weights, own.shape),
            "level": finite_array("level", self.level, own.shape),
            "statistics": finite_array("statistics", self.statistics, statistic.shape[::-1]),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    def __len__(self) -> int:
        return len(self.own_weights)  # type: ignore[arg-type]


def rows_of(shard: Shard, basis: Floats, unspanned: Floats) -> TraderRows:
    """Return a shard's bids with its traders' columns (H, n) of some basis of the statistics."""
    return TraderRows(
        np.asarray(shard.own_weights),
        np.asarray(shard.statistic_weights),
        np.asarray(shard.price_weights),
        np.asarray(shard.level)[None],
        basis,
        unspanned,
    )


ShardSource = Shard | str | Path | Callable[[], Shard]
"""A shard, a Parquet file of one, or a function that makes the same shard whenever it is called."""


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
