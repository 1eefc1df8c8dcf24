"""Some of a market's traders: what they submit, and their columns of the public statistics."""

from collections.abc import Callable
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
