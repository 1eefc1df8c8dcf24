"""The paper's assumptions on an economy of linear marginal utilities, decided exactly.

Products with W are enough for most of them; single entries are looked at in blocks of rows, so
that N = 10^4 traders need no (N, N) array.
"""

from collections.abc import Callable

import numpy as np

from deviator.errors import InvalidInputError, RefusedError
from deviator.validation import Floats

from .assumption_result import EFFECT_ROUNDING, AssumptionResult, least_of
from .bounds import (
    has_non_negative_factors,
    interdependence_limit,
    largest_average_effect,
    negative_effect,
    sigma_n,
)
from .factored import Factored
from .profiles import profile_text
from .quadratic import QuadraticEconomy, checked_quadratic
from .walrasian import WalrasianResponse, walrasian_response

MOST_FOR_EIGENVALUES = 400
"""Up to so many traders eigenvalues are computed from W written out."""

POWER_STEPS = 2000
"""Steps of the power iteration; each certifies bounds on the spectral radius."""

RADIUS_PRECISION = 1e-9
"""Bounds this close to 1, and to each other, count as 1: no contraction."""

WITNESS_PRECISION = 0.1
"""How close the bounds are brought where they decide already."""


def quadratic_assumptions(economy: QuadraticEconomy) -> dict[str, AssumptionResult]:
    """Return all results by name; see `check_assumptions`."""
    response = walrasian_response(economy, 0.0)
    return {
        "A1": _bounded_trade(economy, response),
        "A2": _bounded_slopes(economy),
        "A3": least_of("own type effect", economy.own_type_effects),
        "A4N": _small_interdependence(economy),
        "INF": unbounded_types(*economy.type_set),
        "INJ": _injective(economy),
        "FUN": _functions(economy),
        "Lemma 4 (i)": _dominant_own_effect(economy),
        "Lemma 4 (ii)": _equal_row_sums(economy),
        "monotone": least_of("dq_i/ds_i", response.own_effect),
        "sigma_N": _sigma_n_exists(economy),
        "unique": _contraction(economy),
    }


def interdependence_radius(economy: QuadraticEconomy) -> float:
    """Return the spectral radius of [|w_ij| / |w_ii|, zero diagonal].

    Below 1, truth is the only equilibrium of sigma-VCG in every information structure. The reports'
    errors that survive k rounds of best responses are at most the k-th power of that matrix times
    the errors at first.

    Parameters
    ----------
    economy : QuadraticEconomy
        Of a few hundred traders at most, whose own type effects are not 0.

    Raises
    ------
    InvalidInputError
        If the economy is not linear-quadratic, or an own type effect is 0.

    Examples
    --------
    >>> from deviator.economies import fundamental_value
    >>> round(interdependence_radius(fundamental_value(4, alpha=1.0, beta=2.0)), 12)
    1.0
    """
    own = np.abs(checked_quadratic(economy).own_type_effects)
    if (own == 0).any():
        raise InvalidInputError(
            "own type effects must not be 0 (assumption A3) for the uniqueness of Section 7, got 0 "
            f"for trader {int(own.argmin())}; give that trader a type that matters"
        )
    ratios = np.abs(economy.weights) / own[:, None]
    np.fill_diagonal(ratios, 0.0)
    return float(np.abs(np.linalg.eigvals(ratios)).max())


def unbounded_types(low: Floats, high: Floats) -> AssumptionResult:
    """Return whether all types are unbounded on both sides (INF)."""
    bounded = np.flatnonzero(np.isfinite(low) | np.isfinite(high))
    if not len(bounded):
        return AssumptionResult(True, "all types range over the real line")
    trader = int(bounded[0])
    ends = f"[{low[trader]:.6g}, {high[trader]:.6g}]"
    return AssumptionResult(False, f"the type of trader {trader} is in {ends}")


def _bounded_slopes(economy: QuadraticEconomy) -> AssumptionResult:
    steepest = int(economy.slope.argmax())
    least = least_of("slope", economy.slope)
    largest = f"the largest {economy.slope[steepest]:.6g}, of trader {steepest}"
    return AssumptionResult(least.holds, f"{least.witness}, {largest}")


def _bounded_trade(economy: QuadraticEconomy, response: WalrasianResponse) -> AssumptionResult:
    """Return whether efficient quantities are bounded over the type sets, and by what."""
    low, high = economy.type_set
    unbounded = np.isinf(low) | np.isinf(high)
    low, high = np.where(unbounded, 0.0, low), np.where(unbounded, 0.0, high)
    price = float(response.steepness @ economy.intercept / response.steepness.sum())
    largest, trader, profile = -1.0, 0, low
    for traders, effects in economy.blocks_of_effects():
        size = np.abs(effects).max(axis=0) + np.abs(response.price_effect)
        effects -= response.price_effect
        moved = unbounded & (np.abs(effects) > EFFECT_ROUNDING * size)
        if moved.any():
            return _unbounded_trade(traders.start, effects, moved, response)
        steepness = response.steepness[traders]
        for first, second in ((high, low), (low, high)):
            corner = np.where(effects > 0, first, second)
            quantity = (corner * effects).sum(axis=1) + economy.intercept[traders] - price
            quantity = np.abs(steepness * quantity)
            best = int(quantity.argmax())
            if quantity[best] > largest:
                largest, trader = float(quantity[best]), traders.start + best
                profile = corner[best]
    return AssumptionResult(
        True, f"largest |q_i^0| is {largest:.6g}, of trader {trader} at s = {profile_text(profile)}"
    )


def _unbounded_trade(
    start: int, effects: Floats, moved: Floats, response: WalrasianResponse
) -> AssumptionResult:
    row, column = np.unravel_index(int(np.argmax(moved * np.abs(effects))), effects.shape)
    trader = start + int(row)
    per_type = float(response.steepness[trader] * effects[row, column])
    return AssumptionResult(
        False,
        f"the type of trader {int(column)} is unbounded and moves the efficient quantity of "
        f"trader {trader} by {per_type:.6g} per unit (INF and A1 exclude each other here)",
    )


def _small_interdependence(economy: QuadraticEconomy) -> AssumptionResult:
    negative = negative_effect(economy)
    if negative is not None:
        effect, affected, trader = negative
        return AssumptionResult(
            False,
            f"type effects must not be negative, that of trader {trader} on trader {affected} is "
            f"{effect:.6g}",
        )
    bound, phi = interdependence_limit(economy), largest_average_effect(economy)[0]
    return AssumptionResult(phi < bound, f"phi_N is {phi:.6g}, the bound is {bound:.6g}")


def _injective(economy: QuadraticEconomy) -> AssumptionResult:
    sign, logarithm = (
        economy.log_determinant()
        if isinstance(economy, Factored)
        else np.linalg.slogdet(economy.weights)
    )
    size = f"{np.exp(logarithm):.6g}" if abs(logarithm) < 700 else f"exp({logarithm:.6g})"
    witness = f"det W is {'-' if sign < 0 else ''}{size}" if sign else "det W is 0"
    if sign > 0 and not _has_zero_own(economy) and _row_sums_of_inverse(economy) is None:
        return AssumptionResult(False, f"{witness}, W is singular to working precision")
    return AssumptionResult(bool(sign > 0), witness)


def _has_zero_own(economy: QuadraticEconomy) -> bool:
    return isinstance(economy, Factored) and bool((economy.own == 0).any())


def _row_sums_of_inverse(economy: QuadraticEconomy) -> Floats | None:
    """Return W^-1 1, None where W has no inverse."""
    try:
        return economy.types_behind(np.ones(economy.n_traders))
    except RefusedError:
        return None


def _functions(economy: QuadraticEconomy) -> AssumptionResult:
    if _has_zero_own(economy):
        return AssumptionResult(None, "not checked: own is 0 for some trader of a factored economy")
    sums = _row_sums_of_inverse(economy)
    if sums is None:
        return AssumptionResult(False, "W has no inverse")
    trader = int(np.abs(sums).argmin())
    holds = bool(np.abs(sums[trader]) > EFFECT_ROUNDING * np.abs(sums).max())
    return AssumptionResult(
        holds, f"least row sum of the inverse of W is {sums[trader]:.6g}, of trader {trader}"
    )


def _dominant_own_effect(economy: QuadraticEconomy) -> AssumptionResult:
    n = economy.n_traders
    largest, affected = np.full(n, -np.inf), np.zeros(n)
    for traders, effects in economy.blocks_of_effects(diagonal=-np.inf):
        place = effects.argmax(axis=0)
        effect = effects[place, np.arange(n)]
        affected = np.where(effect > largest, traders.start + place, affected)
        largest = np.maximum(largest, effect)
    slack = economy.own_type_effects - 2 * n * largest
    trader = int(slack.argmin())
    return AssumptionResult(
        bool(slack[trader] >= 0),
        f"own effect less 2N times the largest effect on another is {slack[trader]:.6g}, "
        f"of trader {trader} on trader {int(affected[trader])}",
    )


def _equal_row_sums(economy: QuadraticEconomy) -> AssumptionResult:
    sums = economy.weighted_types(np.ones(economy.n_traders))
    low, high = int(sums.argmin()), int(sums.argmax())
    spread = float(sums[high] - sums[low])
    return AssumptionResult(
        spread <= EFFECT_ROUNDING * float(np.abs(sums).max()),
        f"row sums of W differ by {spread:.6g}, most between traders {low} and {high}",
    )


def _sigma_n_exists(economy: QuadraticEconomy) -> AssumptionResult:
    try:
        return AssumptionResult(True, f"sigma_N is {sigma_n(economy):.6g}")
    except RefusedError as error:
        return AssumptionResult(False, str(error))


def _contraction(economy: QuadraticEconomy) -> AssumptionResult:
    own = np.abs(economy.own_type_effects)
    if (own == 0).any():
        trader = int(np.flatnonzero(own == 0)[0])
        return AssumptionResult(False, f"the own type effect of trader {trader} is 0")
    if economy.n_traders <= MOST_FOR_EIGENVALUES:
        radius = interdependence_radius(economy)
        return AssumptionResult(radius < 1, f"spectral radius is {radius:.6g}, the bound is 1")
    return _spectral_radius_below_one(_others_over_own(economy), economy.n_traders)


def _others_over_own(economy: QuadraticEconomy) -> Callable[[Floats], Floats]:
    """Return the product of [|w_ij| / |w_ii|, zero diagonal] with a vector."""
    own = np.abs(economy.own_type_effects)
    if has_non_negative_factors(economy):
        return lambda vector: (economy.weighted_types(vector) - own * vector) / own

    def product(vector: Floats) -> Floats:
        parts = [np.abs(effects) @ vector for _, effects in economy.blocks_of_effects()]
        return (np.concatenate(parts) - own * vector) / own

    return product


def _spectral_radius_below_one(
    product: Callable[[Floats], Floats], n_traders: int
) -> AssumptionResult:
    """Decide by Collatz and Wielandt: min (Mx)_i / x_i <= radius <= max (Mx)_i / x_i, x > 0.

    The power iteration is of M + 1, which has no period.
    """
    vector = np.ones(n_traders)
    low, high = 0.0, np.inf
    for _ in range(POWER_STEPS):
        image = np.maximum(product(vector), 0.0)
        ratios = image / vector
        low, high = float(ratios.min()), float(ratios.max())
        precision = WITNESS_PRECISION if low >= 1 or high < 1 else RADIUS_PRECISION
        if high - low <= precision * high:
            break
        vector = image + vector
        vector /= vector.max()
        vector = np.maximum(vector, np.finfo(float).tiny)
    witness = f"spectral radius is between {low:.6g} and {high:.6g}, the bound is 1"
    if high < 1 or low >= 1:
        return AssumptionResult(high < 1, witness)
    if high - low <= RADIUS_PRECISION * high:
        return AssumptionResult(False, witness)
    return AssumptionResult(None, f"not decided: {witness}")
