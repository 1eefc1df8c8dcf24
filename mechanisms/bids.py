"""Bid records: what all traders of a batch of markets submit, batch axis first.

Records hold NumPy arrays of float64, whatever numbers they are given, or arrays of another library
(torch tensors) with the dtype, float64 or float32, and on the device that these came with.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self, final

import numpy as np
from array_api_compat import device
from typing_extensions import override

from deviator.arrays import (
    Array,
    check_one_kind,
    check_shape,
    is_foreign,
    like,
    namespace,
    to_numpy,
)
from deviator.errors import InvalidInputError
from deviator.memory import require_memory
from deviator.validation import Floats, finite_array, finite_numbers, trader_count, trader_index


class Bids(ABC):
    """Bids of all traders, convertible to and from an array (B, N, K) of numbers.

    Attributes
    ----------
    meant_for : str
        Which mechanisms take them, as errors of other mechanisms say it.
    """

    meant_for: ClassVar[str] = ""

    @property
    def is_numpy(self) -> bool:
        """Whether the numbers are NumPy arrays, for which there are faster kernels."""
        return True

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
        return self.from_array(_renumbered(self.as_array(), order))

    def of_markets(self, markets: slice) -> Self:
        """Return the bids in some markets; what all markets share stays shared."""
        return self.from_array(self.as_array()[markets])

    def converted(self, reference: Array) -> Self:
        """Return the same bids in the library and dtype and on the device of an array.

        Gradients do not pass through a conversion.

        Parameters
        ----------
        reference : array
            Any array or tensor, such as ``torch.zeros(())``.
        """
        return self.from_array(like(reference, to_numpy(self.as_array())))

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

        Raises
        ------
        InvalidInputError
            If there is no such trader, or candidates are of another shape, library or dtype.
        RefusedError
            If it needs more memory than there is.
        """
        batch, n, size = self.shape
        index, shape = trader_index(trader, n), (batch, None, size)
        if not self.is_numpy:
            bids = self.as_array()
            check_one_kind(bids=bids, candidates=candidates)
            check_shape("candidates", tuple(candidates.shape), shape)
            return self.from_array(_with_candidates(bids, index, candidates))
        candidates = finite_array("candidates", candidates, shape)
        many = candidates.shape[1]
        require_memory(
            16.0 * batch * many * n * size,
            f"trying {many} bids of one trader in {batch} markets of {n} traders one by one",
        )
        tiled = np.repeat(self.as_array(), many, axis=0)
        tiled[:, index] = candidates.reshape(-1, size)
        return self.from_array(tiled)


def check_record(mechanism: str, record: type[Bids], bids: object) -> None:
    """Check that bids are of the kind that a mechanism takes.

    Parameters
    ----------
    mechanism : str
        Its name.
    record : type
        What it takes.
    bids : object

    Raises
    ------
    InvalidInputError
        If they are not; the error says which mechanisms take them.
    """
    if isinstance(bids, record):
        return
    meant_for = bids.meant_for if isinstance(bids, Bids) else ""
    way_out = (
        f", which are for {meant_for}"
        if meant_for
        else f"; build {record.__name__}, or have honest ones from honest_bids(economy, types)"
    )
    raise InvalidInputError(
        f"{mechanism} takes bids as {record.__name__}, got {type(bids).__name__}{way_out}"
    )


@final
@dataclass(frozen=True, eq=False)
class Reports(Bids):
    """Reported types, one number per trader.

    Parameters
    ----------
    types : ndarray of float, shape (B, N)
    """

    meant_for: ClassVar[str] = "direct mechanisms and double auctions of single units"

    types: Floats

    def __post_init__(self) -> None:
        check_one_kind(types=self.types)
        types = finite_numbers("reports", self.types, (None, None))
        trader_count(types.shape[1])
        object.__setattr__(self, "types", types)

    @property
    @override
    def is_numpy(self) -> bool:
        return not is_foreign(self.types)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(B, N, 1)."""
        return (*self.types.shape, 1)

    @override
    def of_markets(self, markets: slice) -> Self:
        return type(self)(self.types[markets])

    def as_array(self) -> Floats:
        """Return the reports, shape (B, N, 1)."""
        return self.types[:, :, None]

    @classmethod
    def from_array(cls, array: Floats) -> Self:
        """Build from an array, shape (B, N, 1)."""
        return cls(finite_numbers("reports", array, (None, None, 1))[..., 0])

    def rescaled(self, price: float, quantity: float) -> Self:
        """Return the reports in other units; types are values, in units of price."""
        del quantity
        return type(self)(self.types * price)

    def of_trader(self, trader: int) -> Floats:
        """Return one trader's reports, shape (B, 1)."""
        index = trader_index(trader, self.shape[1])
        return _side_by_side((self.shape[0],), self.types[:, index, None])


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

    meant_for: ClassVar[str] = "auctions of demand schedules, such as UniformDoubleAuction()"

    level: Floats
    steepness: Floats

    def __post_init__(self) -> None:
        check_one_kind(level=self.level, steepness=self.steepness)
        level = finite_numbers("level", self.level, (None, None))
        trader_count(level.shape[1])
        steepness = finite_numbers("steepness", self.steepness, level.shape)
        check_decreasing(steepness)
        object.__setattr__(self, "level", level)
        object.__setattr__(self, "steepness", steepness)

    @property
    @override
    def is_numpy(self) -> bool:
        return not is_foreign(self.level)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(B, N, 2)."""
        return (*self.level.shape, 2)

    @override
    def of_markets(self, markets: slice) -> Self:
        return type(self)(self.level[markets], self.steepness[markets])

    def as_array(self) -> Floats:
        """Return [level, steepness], shape (B, N, 2)."""
        return _side_by_side(self.shape[:2], self.level[..., None], self.steepness[..., None])

    @classmethod
    def from_array(cls, array: Floats) -> Self:
        """Build from an array, shape (B, N, 2)."""
        checked = finite_numbers("schedules", array, (None, None, 2))
        return cls(checked[..., 0], checked[..., 1])

    def rescaled(self, price: float, quantity: float) -> Self:
        """Return the schedules in other units."""
        return type(self)(self.level * quantity, self.steepness * quantity / price)

    def of_trader(self, trader: int) -> Floats:
        """Return one trader's [level, steepness], shape (B, 2)."""
        index = trader_index(trader, self.shape[1])
        level, steepness = self.level[:, index, None], self.steepness[:, index, None]
        return _side_by_side((self.shape[0],), level, steepness)


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

    meant_for: ClassVar[str] = "conditional auctions without statistics, such as SigmaDCDA(sigma)"

    quantity_weights: Floats
    price_weights: Floats
    level: Floats

    def __post_init__(self) -> None:
        check_one_kind(
            quantity_weights=self.quantity_weights,
            price_weights=self.price_weights,
            level=self.level,
        )
        level = finite_numbers("level", self.level, (None, None))
        batch, n = level.shape[0], trader_count(level.shape[1])
        weights = finite_numbers("quantity_weights", self.quantity_weights, (None, n, n))
        price = finite_numbers("price_weights", self.price_weights, (weights.shape[0], n))
        if weights.shape[0] not in (1, batch):
            raise InvalidInputError(
                f"quantity_weights must have leading length 1 or {batch}, got {weights.shape[0]}"
            )
        object.__setattr__(self, "quantity_weights", weights)
        object.__setattr__(self, "price_weights", price)
        object.__setattr__(self, "level", level)

    @property
    @override
    def is_numpy(self) -> bool:
        return not is_foreign(self.level)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(B, N, N + 2)."""
        batch, n = self.level.shape
        return batch, n, n + 2

    def as_array(self) -> Floats:
        """Return [A_i1..A_iN, b_i, r_i], shape (B, N, N + 2)."""
        price, level = self.price_weights[..., None], self.level[..., None]
        return _side_by_side(self.shape[:2], self.quantity_weights, price, level)

    @classmethod
    def from_array(cls, array: Floats) -> Self:
        """Build from an array, shape (B, N, N + 2)."""
        checked = finite_numbers("linear bids", array, (None, None, None))
        n = checked.shape[1]
        finite_numbers("linear bids", checked, (None, n, n + 2))
        return cls(checked[..., :-2], checked[..., -2], checked[..., -1])

    @override
    def of_markets(self, markets: slice) -> Self:
        return type(self)(*(_in_markets(array, markets) for array in self._arrays()))

    @override
    def converted(self, reference: Array) -> Self:
        return type(self)(*(like(reference, to_numpy(array)) for array in self._arrays()))

    def _arrays(self) -> tuple[Array, ...]:
        return self.quantity_weights, self.price_weights, self.level

    def relabelled(self, order: Sequence[int]) -> Self:
        """Return the bids of renumbered traders; weights on quantities move with them."""
        weights = _renumbered(_renumbered(self.quantity_weights, order), order, axis=2)
        price = _renumbered(self.price_weights, order)
        return type(self)(weights, price, _renumbered(self.level, order))

    def rescaled(self, price: float, quantity: float) -> Self:
        """Return the same hyperplanes in other units, with the same levels."""
        return type(self)(self.quantity_weights / quantity, self.price_weights / price, self.level)

    def of_trader(self, trader: int) -> Floats:
        """Return one trader's [A_i1..A_iN, b_i, r_i], shape (B, N + 2)."""
        index = trader_index(trader, self.shape[1])
        price, level = self.price_weights[:, index, None], self.level[:, index, None]
        weights = self.quantity_weights[:, index, ...]
        return _side_by_side((self.shape[0],), weights, price, level)


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

    meant_for: ClassVar[str] = (
        "conditional auctions with public statistics, such as SigmaDCDA(sigma, statistics)"
    )

    own_weights: Floats
    statistic_weights: Floats
    price_weights: Floats
    level: Floats

    def __post_init__(self) -> None:
        check_one_kind(
            own_weights=self.own_weights,
            statistic_weights=self.statistic_weights,
            price_weights=self.price_weights,
            level=self.level,
        )
        level = finite_numbers("level", self.level, (None, None))
        batch, n = level.shape[0], trader_count(level.shape[1])
        own = finite_numbers("own_weights", self.own_weights, (None, n))
        shape = (own.shape[0], n, None)
        statistic = finite_numbers("statistic_weights", self.statistic_weights, shape)
        price = finite_numbers("price_weights", self.price_weights, (own.shape[0], n))
        if own.shape[0] not in (1, batch):
            raise InvalidInputError(
                f"own_weights must have leading length 1 or {batch}, got {own.shape[0]}"
            )
        object.__setattr__(self, "own_weights", own)
        object.__setattr__(self, "statistic_weights", statistic)
        object.__setattr__(self, "price_weights", price)
        object.__setattr__(self, "level", level)

    @property
    @override
    def is_numpy(self) -> bool:
        return not is_foreign(self.level)

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
        own, price = self.own_weights[..., None], self.price_weights[..., None]
        parts = (own, self.statistic_weights, price, self.level[..., None])
        return _side_by_side(self.shape[:2], *parts)

    @classmethod
    def from_array(cls, array: Floats) -> Self:
        """Build from an array, shape (B, N, G + 3)."""
        checked = finite_numbers("factored bids", array, (None, None, None))
        if checked.shape[2] < 3:
            raise InvalidInputError(
                f"factored bids must have at least 3 numbers each, got {checked.shape[2]}"
            )
        return cls(checked[..., 0], checked[..., 1:-2], checked[..., -2], checked[..., -1])

    @override
    def of_markets(self, markets: slice) -> Self:
        return type(self)(*(_in_markets(array, markets) for array in self._arrays()))

    @override
    def converted(self, reference: Array) -> Self:
        return type(self)(*(like(reference, to_numpy(array)) for array in self._arrays()))

    def _arrays(self) -> tuple[Array, ...]:
        return self.own_weights, self.statistic_weights, self.price_weights, self.level

    def relabelled(self, order: Sequence[int]) -> Self:
        """Return the bids of renumbered traders, on statistics renumbered with them."""
        return type(self)(
            _renumbered(self.own_weights, order),
            _renumbered(self.statistic_weights, order),
            _renumbered(self.price_weights, order),
            _renumbered(self.level, order),
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
        index = trader_index(trader, self.shape[1])
        own, price = self.own_weights[:, index, None], self.price_weights[:, index, None]
        parts = (own, self.statistic_weights[:, index, ...], price, self.level[:, index, None])
        return _side_by_side((self.shape[0],), *parts)


def check_decreasing(steepness: Floats) -> None:
    """Check that demand schedules decrease.

    Raises
    ------
    InvalidInputError
        If one does not.
    """
    xp = namespace(steepness)
    if bool(xp.any(steepness <= 0)):
        raise InvalidInputError(
            f"schedules must decrease (steepness > 0), got steepness {float(xp.min(steepness))}"
        )


def _side_by_side(shape: tuple[int, ...], *parts: Array) -> Floats:
    """Return blocks of numbers (..., K_j) side by side, a new array of shape (*shape, K)."""
    xp = namespace(parts[0])
    if not is_foreign(parts[0]):
        whole = (*shape, sum(part.shape[-1] for part in parts))
        require_memory(8.0 * math.prod(whole), f"an array of bids of shape {whole}")
    wide = [xp.broadcast_to(part, (*shape, part.shape[-1])) for part in parts]
    joined: Floats = xp.concat(wide, axis=-1)
    return joined


def _in_markets(array: Array, markets: slice) -> Array:
    """Return the numbers of some markets, or those that all markets share."""
    return array if array.shape[0] == 1 else array[markets]


def _renumbered(array: Array, order: Sequence[int], axis: int = 1) -> Floats:
    """Return the array with entry order[i] in place i of an axis, negative places included."""
    xp, n = namespace(array), array.shape[axis]
    places = [range(n)[place] for place in order]
    taken: Floats = xp.take(array, xp.asarray(places, device=device(array)), axis=axis)
    return taken


def _with_candidates(bids: Array, trader: int, candidates: Array) -> Array:
    """Return bids (B, N, K) of which each is repeated for every candidate (B, M, K)."""
    xp = namespace(bids)
    batch, n, size = bids.shape
    shape = (batch, candidates.shape[1], n, size)
    own = xp.arange(n, device=device(bids)) == trader
    tiled = xp.where(own[:, None], candidates[:, :, None, :], bids[:, None, ...])
    return xp.reshape(xp.broadcast_to(tiled, shape), (-1, n, size))
