"""What mechanisms do with bids in arrays of other libraries than NumPy.

Their kernels stand beside those for NumPy: nothing is written in place, so that libraries can
follow gradients through them.
"""

from typing import Any, NamedTuple

import numpy as np

from deviator.arrays import Array, check_one_kind, finite_foreign, kept_by
from deviator.economies import Economy, QuadraticEconomy
from deviator.errors import RefusedError

from .languages import Bids
from .own_type_bids import LEVEL_ONLY, OwnTypeBids


def require_numpy(what: str, bids: Bids) -> None:
    """Raise RefusedError unless bids are NumPy's, where nothing else will do."""
    if not bids.is_numpy:
        raise RefusedError(
            f"{what} are computed for NumPy bids only, got bids in arrays of another library; "
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
    return _honest_bids(mechanism, economy).bids(checked, copied=True)


class _Known(NamedTuple):
    """Honest bids in an economy under a tax slope."""

    economy: Economy
    tax_slope: float
    bids: OwnTypeBids


def _honest_bids(mechanism: Any, economy: Economy) -> OwnTypeBids:
    """Return honest bids; the rule keeps those of the economy that it was last asked for."""
    kept, tax_slope, n = kept_by(mechanism), mechanism.tax_slope, economy.n_traders
    last: _Known | None = kept.get("honest")
    if last is None or last.economy is not economy or last.tax_slope != tax_slope:
        ends = (mechanism.honest_bids(economy, np.full((1, n), number)) for number in (0.0, 1.0))
        last = kept["honest"] = _Known(economy, tax_slope, OwnTypeBids.through(*ends))
    return last.bids
