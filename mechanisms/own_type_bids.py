"""Bids whose levels are affine in the own type, all else the same at every profile.

Honest bids in linear-quadratic economies are, and linear equilibria: the bids at two profiles say
all others.
"""

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, final

from deviator.arrays import Array, beside, common, is_foreign, namespace
from deviator.errors import InvalidInputError
from deviator.validation import Floats

from .languages import Bids, FactoredBids, LinearBids, Reports, Schedules

LEVEL_ONLY: tuple[type[Bids], ...] = (FactoredBids, LinearBids, Reports, Schedules)
"""Records that can hold such bids: one field is the level, or report."""


@final
@dataclass(frozen=True, eq=False)
class OwnTypeBids:
    """Bids with levels start + slope * type.

    Parameters
    ----------
    start : Bids
        At types of 0, one market.
    slope : ndarray of float, shape (N,)
        What a unit of the own type adds to the level.
    """

    start: Bids
    slope: Floats

    @classmethod
    def through(cls, start: Bids, end: Bids) -> "OwnTypeBids":
        """Return what leads from bids at types of 0 to those at types of 1, one market each."""
        if type(start) not in LEVEL_ONLY:
            known = ", ".join(each.__name__ for each in LEVEL_ONLY)
            raise InvalidInputError(f"bids must be of {known}, got {type(start).__name__}")
        name = _level_name(start)
        return cls(start, (getattr(end, name) - getattr(start, name))[0])

    def bids(self, types: Array, *, copied: bool = False) -> Bids:
        """Return everybody's bids at types (B, N), in the library of the types.

        Parameters
        ----------
        types : ndarray of float or tensor, shape (B, N)
        copied : bool
            Whether callers may write into the bids, or ask their gradients: otherwise numbers that
            types do not move are shared by all calls.
        """
        xp, name, start = namespace(types), _level_name(self.start), self.start
        constant = [field.name for field in fields(start) if field.name != name]  # type: ignore[arg-type]
        numbers = {each: beside(types, start, each) for each in constant}
        if copied:
            numbers = {each: xp.asarray(value, copy=True) for each, value in numbers.items()}
        slope = beside(types, self, "slope")
        level = types * (slope if is_foreign(types) else common(slope))
        numbers[name] = level + beside(types, start, name) if self._starts else level
        if isinstance(start, Schedules):
            numbers["steepness"] = xp.broadcast_to(numbers["steepness"], types.shape)
        record: Any = type(start)
        bids: Bids = record(**numbers)
        return bids

    @cached_property
    def _starts(self) -> bool:
        return bool(getattr(self.start, _level_name(self.start)).any())


def _level_name(bids: Bids) -> str:
    """Return the name of the field that depends on types."""
    return "types" if isinstance(bids, Reports) else "level"
