"""Records of bids in arrays, from whose fields the common array and its parts are read."""

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any, Self

from typing_extensions import override

from deviator.arrays import Array, check_one_kind, is_foreign, like, namespace, to_numpy
from deviator.errors import InvalidInputError
from deviator.memory import require_memory
from deviator.units import rescaled_fields
from deviator.validation import Floats, trader_index

from .base import Bids, renumbered


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

    @abstractmethod
    def _checked(self) -> dict[str, Floats]:
        """Return the fields as arrays, with shapes and numbers checked."""

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
        return self._changed(lambda array: array if self._is_shared(array) else array[markets])

    @override
    def converted(self, reference: Array) -> Self:
        return self._changed(lambda array: like(reference, to_numpy(array)))

    @override
    def relabelled(self, order: Sequence[int]) -> Self:
        arrays: dict[str, Any] = {}
        for entry in fields(self):
            array = getattr(self, entry.name)
            for axis in entry.metadata.get("trader_axes", (1,)):
                array = renumbered(array, order, axis)
            arrays[entry.name] = array
        return replace(self, **arrays)

    @override
    def rescaled(self, price: float, quantity: float) -> Self:
        return rescaled_fields(self, price, quantity)

    def _changed(self, change: Callable[[Array], Array]) -> Self:
        return replace(self, **{name: change(getattr(self, name)) for name in _names(type(self))})

    def _is_shared(self, array: Array) -> bool:
        return bool(array.shape[0] < self.shape[0])


@cache
def _names(record: type[ArrayBids]) -> tuple[str, ...]:
    """Return the fields' names; kept, as single markets are cleared in no time."""
    return tuple(entry.name for entry in fields(record))


def check_shared(name: str, array: Array, batch: int) -> None:
    """Check that a field is of all markets, or of one that stands for all.

    Raises
    ------
    InvalidInputError
        If it is not.
    """
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
