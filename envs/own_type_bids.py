"""Bids of strategies whose levels are affine in the own type, worked out once per market.

Honest bids in linear-quadratic economies are, and linear equilibria. A strategy's own method works
out the same numbers from the economy at every call, and some take NumPy types alone.
"""

from dataclasses import dataclass, fields
from typing import Any, final

import numpy as np

from deviator.arrays import Array, beside, common, is_foreign, namespace
from deviator.economies import QuadraticEconomy
from deviator.errors import DeviatorError
from deviator.evidence import Market
from deviator.mechanisms import Bids, Mechanism, Reports, Schedules
from deviator.mechanisms.portable import LEVEL_ONLY
from deviator.policies import LinearBayes, Policy, Revelation
from deviator.validation import Floats


@final
@dataclass(frozen=True, eq=False)
class OwnTypeBids:
    """Bids with levels start + slope * type, all else the same at every profile.

    Parameters
    ----------
    start : Bids
        At types of 0, one market.
    slope : ndarray of float, shape (N,)
        What a unit of the own type adds to the level.
    """

    start: Bids
    slope: Floats

    def bids(self, types: Array) -> Bids:
        """Return everybody's bids at types (B, N), in the library of the types."""
        xp, place = namespace(types), _level_name(self.start)
        numbers = {
            field.name: beside(types, self.start, field.name)
            for field in fields(self.start)  # type: ignore[arg-type]
        }
        slope = beside(types, self, "slope")
        level = types * (slope if is_foreign(types) else common(slope))
        numbers[place] = level + numbers[place] if self._starts else level
        if isinstance(self.start, Schedules):
            numbers["steepness"] = xp.broadcast_to(numbers["steepness"], types.shape)
        record: Any = type(self.start)
        bids: Bids = record(**numbers)
        return bids

    @property
    def _starts(self) -> bool:
        return bool(getattr(self.start, _level_name(self.start)).any())


def own_type_bids(tested: Market) -> OwnTypeBids | None:
    """Return the bids of a market's strategy where they are known to be of this form, else None."""
    strategy, n = tested.strategy, tested.economy.n_traders
    if not _is_known(strategy):
        return None
    try:
        start, end = (strategy.bids(np.full((1, n), number)) for number in (0.0, 1.0))
    except DeviatorError:
        return None
    if type(start) not in LEVEL_ONLY:
        return None
    place = _level_name(start)
    return OwnTypeBids(start, (getattr(end, place) - getattr(start, place))[0])


def _is_known(strategy: Policy) -> bool:
    """Return whether a strategy is honesty as a mechanism's language has it, or a linear one."""
    if isinstance(strategy, LinearBayes):
        return True
    return (
        isinstance(strategy, Revelation)
        and isinstance(strategy.economy, QuadraticEconomy)
        and type(strategy.mechanism).honest_bids is Mechanism.honest_bids
    )


def _level_name(bids: Bids) -> str:
    return "types" if isinstance(bids, Reports) else "level"
