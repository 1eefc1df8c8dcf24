"""What mechanisms do with bids in arrays of other libraries than NumPy.

Their kernels stand beside those for NumPy: nothing is written in place, so that libraries can
follow gradients through them.
"""

from dataclasses import fields
from typing import Any

import numpy as np

from deviator.arrays import Array, check_one_kind, finite_foreign, like, namespace
from deviator.economies import Economy, QuadraticEconomy
from deviator.errors import RefusedError

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


def _of_own_types(mechanism: Any, economy: Economy, types: Array) -> Bids:
    xp, n = namespace(types), economy.n_traders
    zero = mechanism.honest_bids(economy, np.zeros((1, n)))
    one = mechanism.honest_bids(economy, np.ones((1, n)))
    name = "types" if isinstance(zero, Reports) else "level"
    start, end = getattr(zero, name), getattr(one, name)
    numbers = {field.name: like(types, getattr(zero, field.name)) for field in fields(zero)}
    numbers[name] = like(types, start) + types * like(types, end - start)
    if isinstance(zero, Schedules):
        numbers["steepness"] = xp.broadcast_to(numbers["steepness"], types.shape)
    bids: Bids = type(zero)(**numbers)
    return bids
