"""Bid records: what all traders of a batch of markets submit, batch axis first."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, final

import numpy as np

from deviator.errors import InvalidInputError
from deviator.validation import Floats, finite_array, trader_count


class Bids(ABC):
    """Bids of all traders, convertible to and from an array (B, N, K) of numbers."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, int, int]:
        """(B, N, K): markets, traders, numbers in one bid."""

    @abstractmethod
    def as_array(self) -> Floats:
        """Return all bids as one array, shape (B, N, K)."""

    @classmethod
    @abstractmethod
    def from_array(cls, array: Floats) -> Self:
        """Build the record from an array, shape (B, N, K)."""

    @abstractmethod
    def of_trader(self, trader: int) -> Floats:
        """Return a copy of one trader's bids, shape (B, K)."""

    def relabelled(self, order: Sequence[int]) -> Self:
        """Return the bids of renumbered traders: new trader i is old order[i]."""
        return self.from_array(self.as_array()[:, list(order)])

    @abstractmethod
    def rescaled(self, price: float, quantity: float) -> Self:
        """Return the same bids written in other units of price and quantity.

        Parameters
        ----------
        price, quantity : float
            Factors that numbers of prices and of quantities are multiplied by.
        """

    def with_candidates(self, trader: int, candidates: Floats) -> Self:
        """Return B M markets: every candidate (B, M, K) of a trader against the others' bids.

        Market b, candidate m is row b M + m of the result.
        """
        tiled = np.repeat(self.as_array(), candidates.shape[1], axis=0)
        tiled[:, trader] = candidates.reshape(-1, candidates.shape[2])
        return self.from_array(tiled)


@final
@dataclass(frozen=True, eq=False)
class Reports(Bids):
    """Reported types, one number per trader.

    Parameters
    ----------
    types : ndarray of float, shape (B, N)
    """

    types: Floats

    def __post_init__(self) -> None:
        types = finite_array("reports", self.types, (None, None))
        trader_count(types.shape[1])
        object.__setattr__(self, "types", types)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(B, N, 1)."""
        return (*self.types.shape, 1)

    def as_array(self) -> Floats:
        """Return the reports, shape (B, N, 1)."""
        return self.types[:, :, None]

    @classmethod
    def from_array(cls, array: Floats) -> Self:
        """Build from an array, shape (B, N, 1)."""
        return cls(finite_array("reports", array, (None, None, 1))[:, :, 0])

    def rescaled(self, price: float, quantity: float) -> Self:
        """Return the reports in other units; types are values, in units of price."""
        del quantity
        return type(self)(self.types * price)

    def of_trader(self, trader: int) -> Floats:
        """Return one trader's reports, shape (B, 1)."""
        return self.types[:, trader, None].copy()


@final
@dataclass(frozen=True, eq=False)
class Schedules(Bids):
    """Linear demand schedules q_i(p) = level_i - steepness_i p.

    Parameters
    ----------
    level : ndarray of float, shape (B, N)
        Quantity demanded at price 0.
    steepness : ndarray of float, shape (B, N)
        Units given up per unit of price, positive.

    Raises
    ------
    InvalidInputError
        If a schedule does not decrease, or shapes or numbers are malformed.
    """

    level: Floats
    steepness: Floats

    def __post_init__(self) -> None:
        level = finite_array("level", self.level, (None, None))
        trader_count(level.shape[1])
        steepness = finite_array("steepness", self.steepness, level.shape)
        check_decreasing(steepness)
        object.__setattr__(self, "level", level)
        object.__setattr__(self, "steepness", steepness)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(B, N, 2)."""
        return (*self.level.shape, 2)

    def as_array(self) -> Floats:
        """Return [level, steepness], shape (B, N, 2)."""
        return np.stack([self.level, self.steepness], axis=-1)

    @classmethod
    def from_array(cls, array: Floats) -> Self:
        """Build from an array, shape (B, N, 2)."""
        checked = finite_array("schedules", array, (None, None, 2))
        return cls(checked[..., 0], checked[..., 1])

    def rescaled(self, price: float, quantity: float) -> Self:
        """Return the schedules in other units."""
        return type(self)(self.level * quantity, self.steepness * quantity / price)

    def of_trader(self, trader: int) -> Floats:
        """Return one trader's [level, steepness], shape (B, 2)."""
        return np.stack([self.level[:, trader], self.steepness[:, trader]], axis=-1)


@final
@dataclass(frozen=True, eq=False)
class LinearBids(Bids):
    """Linear conditional bids: hyperplanes A_i . q + b_i p = r_i in price-quantity space.

    A conditional inverse demand where b_i is not 0, a correspondence where it is (Definition 3
    and Lemma 3). The coefficients may be shared by all markets, as they are under honest
    bidding, where only the levels depend on types: a leading axis of length 1 says so.

    Parameters
    ----------
    quantity_weights : ndarray of float, shape (B, N, N) or (1, N, N)
        A; row i belongs to trader i.
    price_weights : ndarray of float, shape (B, N) or (1, N)
        b.
    level : ndarray of float, shape (B, N)
        r.
    """

    quantity_weights: Floats
    price_weights: Floats
    level: Floats

    def __post_init__(self) -> None:
        level = finite_array("level", self.level, (None, None))
        batch, n = level.shape[0], trader_count(level.shape[1])
        weights = finite_array("quantity_weights", self.quantity_weights, (None, n, n))
        price = finite_array("price_weights", self.price_weights, (len(weights), n))
        if len(weights) not in (1, batch):
            raise InvalidInputError(
                f"quantity_weights must have leading length 1 or {batch}, got {len(weights)}"
            )
        object.__setattr__(self, "quantity_weights", weights)
        object.__setattr__(self, "price_weights", price)
        object.__setattr__(self, "level", level)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(B, N, N + 2)."""
        batch, n = self.level.shape
        return batch, n, n + 2

    def as_array(self) -> Floats:
        """Return [A_i1..A_iN, b_i, r_i], shape (B, N, N + 2)."""
        array = np.empty(self.shape)
        array[..., :-2] = self.quantity_weights
        array[..., -2] = self.price_weights
        array[..., -1] = self.level
        return array

    @classmethod
    def from_array(cls, array: Floats) -> Self:
        """Build from an array, shape (B, N, N + 2)."""
        checked = finite_array("linear bids", array, (None, None, None))
        n = checked.shape[1]
        finite_array("linear bids", checked, (None, n, n + 2))
        return cls(checked[..., :-2], checked[..., -2], checked[..., -1])

    def relabelled(self, order: Sequence[int]) -> Self:
        """Return the bids of renumbered traders; weights on quantities move with them."""
        places = list(order)
        weights = self.quantity_weights[:, places][:, :, places]
        return type(self)(weights, self.price_weights[:, places], self.level[:, places])

    def rescaled(self, price: float, quantity: float) -> Self:
        """Return the same hyperplanes in other units, with the same levels."""
        return type(self)(self.quantity_weights / quantity, self.price_weights / price, self.level)

    def of_trader(self, trader: int) -> Floats:
        """Return one trader's [A_i1..A_iN, b_i, r_i], shape (B, N + 2)."""
        batch, _, size = self.shape
        rows = np.empty((batch, size))
        rows[:, :-2] = self.quantity_weights[:, trader]
        rows[:, -2] = self.price_weights[:, trader]
        rows[:, -1] = self.level[:, trader]
        return rows


@final
@dataclass(frozen=True, eq=False)
class FactoredBids(Bids):
    """Conditional bids that read public statistics: a_i q_i + C_i . (S q) + b_i p = r_i.

    The statistics S are the mechanism's. The coefficients may be shared by all markets, as in
    `LinearBids`: a leading axis of length 1 says so.

    Parameters
    ----------
    own_weights : ndarray of float, shape (B, N) or (1, N)
        a; weights on the own quantities.
    statistic_weights : ndarray of float, shape (B, N, G) or (1, N, G)
        C; weights on the statistics.
    price_weights : ndarray of float, shape (B, N) or (1, N)
        b.
    level : ndarray of float, shape (B, N)
        r.
    """

    own_weights: Floats
    statistic_weights: Floats
    price_weights: Floats
    level: Floats

    def __post_init__(self) -> None:
        level = finite_array("level", self.level, (None, None))
        batch, n = level.shape[0], trader_count(level.shape[1])
        own = finite_array("own_weights", self.own_weights, (None, n))
        shape = (len(own), n, None)
        statistic = finite_array("statistic_weights", self.statistic_weights, shape)
        price = finite_array("price_weights", self.price_weights, (len(own), n))
        if len(own) not in (1, batch):
            raise InvalidInputError(
                f"own_weights must have leading length 1 or {batch}, got {len(own)}"
            )
        object.__setattr__(self, "own_weights", own)
        object.__setattr__(self, "statistic_weights", statistic)
        object.__setattr__(self, "price_weights", price)
        object.__setattr__(self, "level", level)

    @property
    def n_statistics(self) -> int:
        """Number of statistics G."""
        return int(self.statistic_weights.shape[2])

    @property
    def shape(self) -> tuple[int, int, int]:
        """(B, N, G + 3)."""
        return (*self.level.shape, self.n_statistics + 3)

    def as_array(self) -> Floats:
        """Return [a_i, C_i1..C_iG, b_i, r_i], shape (B, N, G + 3)."""
        array = np.empty(self.shape)
        array[..., 0] = self.own_weights
        array[..., 1:-2] = self.statistic_weights
        array[..., -2] = self.price_weights
        array[..., -1] = self.level
        return array

    @classmethod
    def from_array(cls, array: Floats) -> Self:
        """Build from an array, shape (B, N, G + 3)."""
        checked = finite_array("factored bids", array, (None, None, None))
        if checked.shape[2] < 3:
            raise InvalidInputError(
                f"factored bids must have at least 3 numbers each, got {checked.shape[2]}"
            )
        return cls(checked[..., 0], checked[..., 1:-2], checked[..., -2], checked[..., -1])

    def relabelled(self, order: Sequence[int]) -> Self:
        """Return the bids of renumbered traders, on statistics renumbered with them."""
        places = list(order)
        return type(self)(
            self.own_weights[:, places],
            self.statistic_weights[:, places],
            self.price_weights[:, places],
            self.level[:, places],
        )

    def rescaled(self, price: float, quantity: float) -> Self:
        """Return the same hyperplanes in other units, with the same levels and statistics."""
        return type(self)(
            self.own_weights / quantity,
            self.statistic_weights / quantity,
            self.price_weights / price,
            self.level,
        )

    def of_trader(self, trader: int) -> Floats:
        """Return one trader's [a_i, C_i1..C_iG, b_i, r_i], shape (B, G + 3)."""
        batch, _, size = self.shape
        rows = np.empty((batch, size))
        rows[:, 0] = self.own_weights[:, trader]
        rows[:, 1:-2] = self.statistic_weights[:, trader]
        rows[:, -2] = self.price_weights[:, trader]
        rows[:, -1] = self.level[:, trader]
        return rows


def check_decreasing(steepness: Floats) -> None:
    """Check that demand schedules decrease.

    Raises
    ------
    InvalidInputError
        If one does not.
    """
    if (steepness <= 0).any():
        raise InvalidInputError(
            f"schedules must decrease (steepness > 0), got steepness {steepness.min()}"
        )
