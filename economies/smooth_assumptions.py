"""The paper's assumptions on a smooth economy: A2 to A4^N and INJ by bounds, else by sampling."""

from dataclasses import replace

import numpy as np

from deviator.validation import Floats

from .assumption_result import EFFECT_ROUNDING, AssumptionResult
from .sampled_assumptions import sampled_assumptions
from .smooth import SmoothEconomy, UtilityBounds

POWER_STEPS = 50
"""Steps of a power iteration; any vector gives a bound."""

RARE = 1e-6
"""Least entry of its vector, of the largest."""


def smooth_assumptions(economy: SmoothEconomy) -> dict[str, AssumptionResult]:
    """Return all results by name; see `check_assumptions`.

    The bounds are over all quantities and all real types. Where types are bounded, what fails by
    them may hold, and is left to the sample.
    """
    results = sampled_assumptions(economy)
    reached = not economy.has_bounded_types
    by_bounds = _by_bounds(economy.bounds, economy.n_traders)
    for name, result in (_injective_in_range(economy) | by_bounds).items():
        if result.holds or reached:
            results[name] = result
        elif results[name].holds is None:
            witness = f"{results[name].witness}; not decided: over all types {result.witness}"
            results[name] = replace(results[name], witness=witness)
    return results | _trade(economy, results["A1"])


def _by_bounds(bounds: UtilityBounds, n_traders: int) -> dict[str, AssumptionResult]:
    slopes = f"slopes are between {bounds.flattest:.6g} and {bounds.steepest:.6g}"
    own = f"least own type effect is {bounds.own_effect:.6g}"
    results = {
        "A2": AssumptionResult(bounds.flattest > 0 and bounds.steepest < np.inf, slopes),
        "A3": AssumptionResult(bounds.own_effect > 0, own),
        "A4N": _small_interdependence(bounds, n_traders),
    }
    own_outweighs = _own_effects_outweigh(bounds, n_traders)
    if all(result.holds for result in results.values()):
        sigma = bounds.sigma_n(n_traders)
        results["sigma_N"] = AssumptionResult(True, f"sigma_N is {sigma:.6g}")
        results["monotone"] = AssumptionResult(True, "implied by A2, A3 and A4^N (Appendix B)")
    return results | own_outweighs


def _trade(economy: SmoothEconomy, sampled: AssumptionResult) -> dict[str, AssumptionResult]:
    """Return that A1 holds where types are bounded, and fails where one moves the own trade enough.

    With slopes that are bounded away from 0 the efficient quantities are continuous in the types.
    By (B.2) and (B.3), dq_i/ds_i >= (1 - 1/N) (m_o m_low / m_bar - phi_N) / m_bar.
    """
    bounds, n = economy.bounds, economy.n_traders
    unbounded = np.flatnonzero(np.isinf(economy.type_set).any(axis=0))
    if not len(unbounded) and bounds.flattest > 0 and sampled.sampled:
        return {"A1": AssumptionResult(True, f"q^0 is continuous by A2, {sampled.witness}")}
    if not len(unbounded) or not bounds.guarantee_monotone(0.0):
        return {}
    share = bounds.flattest / bounds.steepest
    least = (1 - 1 / n) * (bounds.own_effect * share - bounds.interdependence) / bounds.steepest
    witness = (
        f"the type of trader {unbounded[0]} is unbounded and moves its owner's efficient quantity "
        f"by at least {least:.6g} per unit (INF and A1 exclude each other here)"
    )
    return {"A1": AssumptionResult(False, witness)}


def _small_interdependence(bounds: UtilityBounds, n_traders: int) -> AssumptionResult:
    if bounds.least_effect < 0:
        return AssumptionResult(
            False, f"type effects must not be negative, the least is {bounds.least_effect:.6g}"
        )
    phi, limit = bounds.interdependence, bounds.interdependence_limit(n_traders)
    return AssumptionResult(phi < limit, f"phi_N is {phi:.6g}, the bound is {limit:.6g}")


def _injective_in_range(economy: SmoothEconomy) -> dict[str, AssumptionResult]:
    """Return that INJ holds where no matrix between the least and the largest effects is singular.

    With C their middle, R their half width, and B near C^-1, no such matrix is singular if
    M = |1 - B C| + |B| R contracts, M x < x for some x > 0 (Rump 1983; Rex and Rohn 1998). Marginal
    utilities at two profiles of types differ by such a matrix times the types' difference, so
    they tell the types apart, and the inverses are bounded: the map is one to one and onto.
    """
    limits = economy.effect_range
    if limits is None:
        return {}
    middle, width = (limits[0] + limits[1]) / 2, (limits[1] - limits[0]) / 2
    try:
        inverse = np.asarray(np.linalg.inv(middle))
    except np.linalg.LinAlgError:
        return {}
    size = np.abs(inverse)
    rounding = len(middle) * EFFECT_ROUNDING * (size @ (np.abs(middle) + width))
    moved = np.abs(np.eye(len(middle)) - inverse @ middle) + size @ width + rounding
    share = _contraction(moved)
    sign, logarithm = np.linalg.slogdet(middle)
    if not (share < 1 and sign > 0):
        return {}
    shown = f"exp({logarithm:.6g})" if abs(logarithm) > 700 else f"{np.exp(logarithm):.6g}"
    witness = (
        f"type effects cannot be singular: their middle has determinant {shown}, and they differ "
        f"from it by at most {share:.3g} of what would be needed"
    )
    return {"INJ": AssumptionResult(True, witness)}


def _contraction(matrix: Floats) -> float:
    """Return max (Mx)_i / x_i, a bound on the spectral radius of M >= 0, for a good x > 0."""
    vector = np.ones(len(matrix))
    for _ in range(POWER_STEPS):
        vector = matrix @ vector + vector
        vector = np.maximum(vector / vector.max(), RARE)
    return float((matrix @ vector / vector).max())


def _own_effects_outweigh(bounds: UtilityBounds, n_traders: int) -> dict[str, AssumptionResult]:
    """Return that INJ holds where a type matters more to its trader than to all others together.

    Columns of the type effects are diagonally dominant then, by at least `room`, and so no
    determinant is below its Nth power (Ostrowski 1937); where they are not, nothing is decided.
    """
    on_others = (n_traders - 1) * bounds.interdependence
    room = bounds.own_effect - on_others
    if bounds.least_effect < 0 or not room > EFFECT_ROUNDING * bounds.own_effect:
        return {}
    witness = (
        f"determinants are at least {room**n_traders:.6g}: types matter by at least "
        f"{bounds.own_effect:.6g} to their own traders, by at most {on_others:.6g} to all others"
    )
    return {"INJ": AssumptionResult(True, witness)}
