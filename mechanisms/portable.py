"""What mechanisms do with bids in arrays of other libraries than NumPy.

Their kernels stand beside those for NumPy: nothing is written in place, so that libraries can
follow gradients through them.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from deviator.arrays import Array, beside, check_one_kind, finite_foreign, kept_by, namespace
from deviator.economies import Economy, QuadraticEconomy
from deviator.errors import RefusedError
from deviator.validation import Floats

from .languages import Bids, FactoredBids, LinearBids, Reports, Schedules

LEVEL_ONLY: tuple[type[Bids], ...] = (FactoredBids, LinearBids, Reports, Schedules)
"""Records of which honest bids depend on types through their levels only."""


def require_numpy(what: str, bids: Bids) -> None:
    """Raise RefusedError unless bids are NumPy's, where nothing else will do."""
    if not bids.is_numpy:
        raise RefusedError(
            f"{what} are worked out for NumPy bids only, got bids in arrays of another library; "
            "convert them with bids.converted(numpy.zeros(()))"
        )


def honest_bids(mechanism: Any, economy: Economy, types: Array) -> Bids:
    """Return honest bids for types (B, N) in an array of any library.

    Levels are affine in the own type and nothing else depends on types in linear-quadratic
    economies, so that the bids of two profiles determine all others; elsewhere RefusedError.
    """
    check_one_kind(types=types)
    checked = finite_foreign("types", types, (None, economy.n_traders))
    record = mechanism.language.record
    if not (isinstance(economy, QuadraticEconomy) and record in LEVEL_ONLY):
        raise RefusedError(
            f"honest bids of {mechanism.name} in an economy of {type(economy).__name__} are known "
            "for NumPy types only; convert the types, then the bids with their method `converted`"
        )
    return _of_own_types(mechanism, economy, checked)


@dataclass(frozen=True, eq=False)
class _Affine:
    """Honest bids in an economy: the level, or report, is start + step * types."""

    economy: Economy
    tax_slope: float
    start: Bids
    step: Floats

    @classmethod
    def of(cls, mechanism: Any, economy: Economy) -> "_Affine":
        """Return them; the rule keeps those of the economy that it was last asked for."""
        kept, tax_slope = kept_by(mechanism), mechanism.tax_slope
        last: _Affine | None = kept.get("honest")
        if last is None or last.economy is not economy or last.tax_slope != tax_slope:
            n = economy.n_traders
            start = mechanism.honest_bids(economy, np.zeros((1, n)))
            end = getattr(mechanism.honest_bids(economy, np.ones((1, n))), _level_of(start))
            step = end - getattr(start, _level_of(start))
            last = kept["honest"] = cls(economy, tax_slope, start, step)
        return last


def _level_of(bids: Bids) -> str:
    """Return the name of the field that depends on types."""
    return "types" if isinstance(bids, Reports) else "level"


def _of_own_types(mechanism: Any, economy: Economy, types: Array) -> Bids:
    affine, xp = _Affine.of(mechanism, economy), namespace(types)
    start: Any = affine.start
    name = _level_of(start)
    # Kept on the device, which callers may write into or ask gradients of.
    numbers = {
        field.name: xp.asarray(beside(types, start, field.name), copy=True)
        for field in fields(start)
    }
    numbers[name] = numbers[name] + types * beside(types, affine, "step")
    if isinstance(start, Schedules):
        numbers["steepness"] = xp.broadcast_to(numbers["steepness"], types.shape)
    bids: Bids = type(start)(**numbers)
    return bids
