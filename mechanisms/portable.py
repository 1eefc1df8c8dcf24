"""What mechanisms do with bids in arrays of other libraries than NumPy.

Slower than the NumPy kernels, and differentiable where the library is: nothing is written in place,
and payments are computed before the numbers of markets in autarky are masked.
"""

from dataclasses import fields
from typing import Any

import numpy as np

from deviator.arrays import Array, check_one_kind, finite_foreign, like, namespace
from deviator.autocast import full_precision
from deviator.economies import Economy, QuadraticEconomy
from deviator.errors import RefusedError

from .languages import Bids, FactoredBids, LinearBids, Reports, Schedules
from .outcome import Outcome

LEVEL_ONLY: tuple[type[Bids], ...] = (FactoredBids, LinearBids, Reports, Schedules)
"""Records of which honest bids depend on types through their levels only."""


@full_precision
def cleared(mechanism: Any, bids: Bids) -> Outcome:
    """Return the outcome of bids in a mechanism with straight residual curves."""
    solution = mechanism.clearing.solve(bids)
    xp, traded = namespace(solution.price), solution.regular
    transfer = mechanism.payment(
        solution.price[:, None], solution.quantity, solution.residual_slope, mechanism.tax_slope
    )
    return Outcome(
        xp.where(traded, solution.price, xp.nan),
        xp.where(traded[:, None], solution.quantity, 0.0),
        xp.where(traded[:, None], transfer, 0.0),
        traded,
        xp.ones_like(traded),
        xp.where(traded[:, None], solution.residual_slope, xp.nan),
    )


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
