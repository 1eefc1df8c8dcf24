"""What a bid language is: the record of all bids, batch axis first, and what honesty means in it.

Records hold NumPy arrays of float64, whatever numbers they are given, or arrays of another library
(torch tensors) with the dtype, float64 or float32, and on the device that these came with.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from functools import cache
from typing import ClassVar, Literal, Self

import numpy as np
from array_api_compat import device
from typing_extensions import override

from deviator.arrays import (
    Array,
    check_finite,
    check_one_kind,
    check_shape,
    common,
    is_foreign,
    like,
    namespace,
    to_numpy,
)
from deviator.economies import Economy, QuadraticEconomy
from deviator.errors import InvalidInputError, RefusedError
from deviator.memory import require_memory
from deviator.numerics.rational import Rationals
from deviator.units import relabelled_fields, renumbered, rescaled_fields
from deviator.validation import Floats, finite_array, trader_index

from ..chunking import pieces
from ..exact import RationalBids, RationalEconomy


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
        return self.from_array(renumbered(self.as_array(), order))

    def of_markets(self, markets: slice) -> Self:
        """Return the bids in some markets; what all markets share stays shared."""
        return self.from_array(self.as_array()[markets])

    def moved(self, shares: Array, ranges: Array) -> Self:
        """Return the bids with shares of ranges added to their numbers.

        Parameters
        ----------
        shares : array, shape (B, N, K)
            In the library of the bids, in the order in which `as_array` writes them.
        ranges : array, shape (N, K)
        """
        return self.from_array(self.as_array() + shares * ranges)

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
    """Raise InvalidInputError unless bids are of the kind that the named mechanism takes."""
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


class BidLanguage(ABC):
    """What a trader may submit, as K numbers of which one, the level, moves the bid in parallel."""

    name: str
    record: type[Bids]
    level: int
    """Index of the level among a bid's numbers."""
    reads: ClassVar[Literal["nothing", "price", "allocation"]]
    """What a bid can condition on beyond the own type, when the market clears."""

    @abstractmethod
    def size(self, n_traders: int) -> int:
        """Return K, how many numbers one bid has."""

    @abstractmethod
    def honest_bids(self, economy: Economy, types: Floats, tax_slope: float) -> Bids:
        """Return what honest traders submit under a quadratic tax of the given slope.

        Parameters
        ----------
        economy : Economy
        types : ndarray of float, shape (B, N)
        tax_slope : float

        Raises
        ------
        RefusedError
            If the language determines no honest bid for this economy.
        """

    @abstractmethod
    def exact_honest_bids(
        self, economy: RationalEconomy, types: Rationals, tax_slope: Fraction
    ) -> RationalBids:
        """Return honest bids in exact numbers for types (M, N)."""

    @abstractmethod
    def coordinate_ranges(
        self, level_range: float, price: float, quantity: Floats, bid: Floats
    ) -> Floats:
        """Return a range for each number of a bid that moves the bid as much as a level shift.

        Parameters
        ----------
        level_range : float
            Range of the level, in the level's units.
        price : float
            Typical absolute price.
        quantity : ndarray of float, shape (N,)
            Typical absolute quantities.
        bid : ndarray of float, shape (K,)
            Typical honest bid.

        Returns
        -------
        ndarray of float, shape (K,)
        """

    def admissible(self, bids: Floats, own: Floats) -> Floats:
        """Return the nearest bids that the language allows; by default everything is allowed.

        Parameters
        ----------
        bids : ndarray of float, shape (B, M, K)
            Candidates of one trader.
        own : ndarray of float, shape (B, K)
            The trader's present, allowed bids.
        """
        return bids


def _with_candidates(bids: Array, trader: int, candidates: Array) -> Array:
    """Return bids (B, N, K) of which each is repeated for every candidate (B, M, K)."""
    xp = namespace(bids)
    batch, n, size = bids.shape
    shape = (batch, candidates.shape[1], n, size)
    own = xp.arange(n, device=device(bids)) == trader
    tiled = xp.where(own[:, None], candidates[:, :, None, :], bids[:, None, ...])
    return xp.reshape(xp.broadcast_to(tiled, shape), (-1, n, size))


def require_quadratic(economy: Economy) -> QuadraticEconomy:
    """Return a linear-quadratic economy, where honest bids are known; RefusedError for others."""
    if not isinstance(economy, QuadraticEconomy):
        raise RefusedError(
            "an honest bid of this language is known in linear-quadratic economies only, got "
            f"{type(economy).__name__}; take one of these, or override honest_bids in the mechanism"
        )
    return economy


@dataclass(frozen=True, eq=False)
class ArrayBids(Bids):
    """Bids whose fields are arrays, in the order in which a bid's numbers are written.

    A field has shape (B, N), or (B, N, K_j) for several numbers of each bid. Its metadata says in
    which units it is (`deviator.units`), and under "trader_axes" which axes run over traders
    beside the second. The first axis of a field has length 1 where all markets share it; that of
    the last field is always B.
    """

    def _arrays(self) -> tuple[Array, ...]:
        return tuple([getattr(self, name) for name in _names(type(self))])

    def __post_init__(self) -> None:
        check_one_kind(**dict(zip(_names(type(self)), self._arrays(), strict=True)))
        for name, array in self._checked().items():
            object.__setattr__(self, name, array)
        if not self.is_numpy:
            self._check_numbers()

    def _check_numbers(self) -> None:
        """Refuse numbers of other libraries' arrays that are not finite.

        A record that asks for more should ask at once, as a device is waited for each time.
        """
        check_finite(**dict(zip(_names(type(self)), self._arrays(), strict=True)))

    @abstractmethod
    def _checked(self) -> dict[str, Floats]:
        """Return the fields as arrays, with shapes and numbers checked.

        Whether numbers of other libraries' arrays are finite is checked for all fields at once.
        """

    @property
    @override
    def is_numpy(self) -> bool:
        return not is_foreign(self._arrays()[-1])

    @property
    @override
    def shape(self) -> tuple[int, int, int]:
        arrays = self._arrays()
        batch, n = arrays[-1].shape[:2]
        return batch, n, sum([1 if array.ndim == 2 else array.shape[2] for array in arrays])

    @override
    def as_array(self) -> Floats:
        return _side_by_side(self.shape[:2], *self._arrays())

    @override
    def of_trader(self, trader: int) -> Floats:
        index = trader_index(trader, self.shape[1])
        return _side_by_side(self.shape[:1], *(array[:, index, ...] for array in self._arrays()))

    @override
    def of_markets(self, markets: slice) -> Self:
        batch = self.shape[0]
        return self._changed(
            lambda array: array[markets, ...] if array.shape[0] == batch else array
        )

    @override
    def moved(self, shares: Array, ranges: Array) -> Self:
        check_shape("shares", tuple(shares.shape), self.shape)
        columns = self._columns()
        if is_foreign(shares):
            moved = {
                name: getattr(self, name) + shares[:, :, place] * ranges[:, place]
                for name, place in columns.items()
            }
            return replace(self, **moved)
        moved = {name: np.empty(shares[:, :, place].shape) for name, place in columns.items()}
        # Piece by piece, so that all that is done to a piece finds it in the cache.
        for markets in pieces(len(shares), math.prod(shares.shape[1:])):
            for name, place in columns.items():
                array, here = getattr(self, name), moved[name][markets]
                here[...] = shares[markets, :, place]
                here *= _factor(ranges[:, place])
                here += array if len(array) == 1 else array[markets]
        return replace(self, **moved)

    def _columns(self) -> dict[str, int | slice]:
        """Return where `as_array` writes each field's numbers."""
        columns: dict[str, int | slice] = {}
        start = 0
        for name, array in zip(_names(type(self)), self._arrays(), strict=True):
            width = 1 if array.ndim == 2 else array.shape[2]
            columns[name] = start if array.ndim == 2 else slice(start, start + width)
            start += width
        return columns

    @override
    def converted(self, reference: Array) -> Self:
        return self._changed(lambda array: like(reference, to_numpy(array)))

    @override
    def relabelled(self, order: Sequence[int]) -> Self:
        return relabelled_fields(self, order, axes=(1,))

    @override
    def rescaled(self, price: float, quantity: float) -> Self:
        return rescaled_fields(self, price, quantity)

    def _changed(self, change: Callable[[Array], Array]) -> Self:
        return replace(self, **{name: change(getattr(self, name)) for name in _names(type(self))})


@cache
def _names(record: type[ArrayBids]) -> tuple[str, ...]:
    """Return the fields' names; kept, as single markets are cleared in no time."""
    return tuple(entry.name for entry in fields(record))


def _factor(ranges: Floats) -> Floats:
    """Return ranges (N,) as one number where they are equal, and (N, K_j) contiguous."""
    factor: Floats = common(ranges) if ranges.ndim == 1 else np.ascontiguousarray(ranges)
    return factor


def check_shared(name: str, array: Array, batch: int) -> None:
    """Raise InvalidInputError unless a field is of all markets, or of one that stands for all."""
    if array.shape[0] not in (1, batch):
        raise InvalidInputError(
            f"{name} must have leading length 1 or {batch}, got {array.shape[0]}"
        )


def _side_by_side(shape: tuple[int, ...], *parts: Array) -> Floats:
    """Return numbers (...) or (..., K_j) side by side, a new array of shape (*shape, K)."""
    xp = namespace(parts[0])
    blocks = [part[..., None] if part.ndim == len(shape) else part for part in parts]
    if not is_foreign(parts[0]):
        whole = (*shape, sum(block.shape[-1] for block in blocks))
        require_memory(8.0 * math.prod(whole), f"an array of bids of shape {whole}")
    wide = [xp.broadcast_to(block, (*shape, block.shape[-1])) for block in blocks]
    joined: Floats = xp.concat(wide, axis=-1)
    return joined
