"""The paper's assumptions on any economy, looked for at sampled profiles.

A violation is a proof, and its witness names the profile. Where there is none, that is evidence
only: the result is undecided, and its witness is what came nearest.
"""

from dataclasses import dataclass
from typing import final

import numpy as np

from deviator.errors import DeviatorError
from deviator.validation import Floats

from .assumption_result import EFFECT_ROUNDING, STATEMENTS, AssumptionResult, of_sample
from .base import Economy
from .profiles import profile_text
from .quadratic_assumptions import unbounded_types
from .smooth import UtilityBounds

PROFILES = 128
"""Profiles of types drawn, each looked at with three allocations."""

SEED = 0
"""Seed of the draw."""

SAMPLED = (
    f"violations looked for at {PROFILES} profiles of the economy's own law (seed {SEED}), each "
    "with no trade, the efficient trade and twice that"
)
"""How the conditions are checked, in words."""


@final
@dataclass(frozen=True, eq=False)
class _Sample:
    """Marginal utilities' derivatives at sampled types and quantities, S of them."""

    types: Floats  # (S, N)
    quantity: Floats  # (S, N)
    effects: Floats  # (S, N, N)
    slopes: Floats  # (S, N)
    efficient: slice
    """Which of them are at the efficient allocation."""

    @property
    def own(self) -> Floats:
        return np.asarray(np.einsum("sii->si", self.effects))

    def at(self, place: int) -> str:
        return f"at s = {profile_text(self.types[place])}, q = {profile_text(self.quantity[place])}"


def sampled_assumptions(economy: Economy) -> dict[str, AssumptionResult]:
    """Return all results by name; see `check_assumptions`."""
    infinite = unbounded_types(*economy.type_set)
    try:
        sample = _sample(economy)
    except (DeviatorError, NotImplementedError) as error:
        return _unknown(f"not checked: {error}") | {"INF": infinite}
    bounds = _bounds(sample)
    without_slopes = {
        "A2": _least(sample, "slope", -sample.slopes),
        "A3": _least(sample, "own type effect", sample.own),
        "INF": infinite,
        "INJ": _injective(sample),
        "FUN": _functions(sample),
        "Lemma 4 (i)": _dominant_own_effect(sample),
        "Lemma 4 (ii)": _equal_row_sums(sample),
    }
    if bounds.flattest <= 0:
        return _unknown("not checked: A2 fails") | without_slopes
    why = "not checked: the condition is known for linear marginal utilities only"
    return {
        **_unknown(why),
        **without_slopes,
        "A1": _bounded_trade(economy, sample),
        "A4N": _small_interdependence(sample, bounds),
        "monotone": _monotone(sample),
        "sigma_N": _sigma_n(sample, bounds),
    }


def _unknown(why: str) -> dict[str, AssumptionResult]:
    return dict.fromkeys(STATEMENTS, AssumptionResult(None, why))


def _sample(economy: Economy) -> _Sample:
    """Draw types, with no trade, the efficient trade and twice that."""
    types = economy.types().sample(np.random.default_rng(SEED), PROFILES)
    efficient = economy.efficient_allocation(types)
    quantity = np.concatenate([efficient, 0 * efficient, 2 * efficient])
    all_types = np.tile(types, (3, 1))
    effects = economy.type_effects(quantity, all_types)
    slopes = economy.quantity_slopes(quantity, all_types)
    return _Sample(all_types, quantity, effects, slopes, slice(0, PROFILES))


def _least(sample: _Sample, name: str, values: Floats) -> AssumptionResult:
    place, trader = np.unravel_index(int(values.argmin()), values.shape)
    least = float(values[place, trader]) + 0.0
    return of_sample(
        not least > 0,
        f"least {name} found is {least:.6g}, of trader {trader} {sample.at(int(place))}",
    )


def _bounds(sample: _Sample) -> UtilityBounds:
    """Return the constants of A2 to A4 over a sample."""
    n = sample.own.shape[1]
    others = sample.effects.sum(axis=1) - sample.own
    return UtilityBounds(
        flattest=float((-sample.slopes).min()),
        steepest=float((-sample.slopes).max()),
        own_effect=float(sample.own.min()),
        interdependence=float(others.max()) / (n - 1),
        cross_effect=float(sample.effects[:, ~np.eye(n, dtype=bool)].max()),
        least_effect=float(sample.effects.min()),
    )


def _bounded_trade(economy: Economy, sample: _Sample) -> AssumptionResult:
    low, high = economy.type_set
    trades = np.abs(sample.quantity[sample.efficient])
    place, trader = np.unravel_index(int(trades.argmax()), trades.shape)
    witness = (
        f"largest |q_i^0| found is {trades[place, trader]:.6g}, of trader {trader} at "
        f"s = {profile_text(sample.types[place])}"
    )
    if np.isinf(low).any() or np.isinf(high).any():
        return AssumptionResult(None, f"not checked, types are unbounded; {witness}")
    return of_sample(False, f"types are bounded; {witness}")


def _small_interdependence(sample: _Sample, bounds: UtilityBounds) -> AssumptionResult:
    n = sample.own.shape[1]
    least = int(sample.effects.argmin())
    place, affected, trader = np.unravel_index(least, sample.effects.shape)
    if sample.effects.flat[least] < 0:
        return of_sample(
            True,
            f"type effects must not be negative, that of trader {trader} on trader {affected} is "
            f"{sample.effects.flat[least]:.6g} {sample.at(int(place))}",
        )
    bound = bounds.interdependence_limit(n)
    return of_sample(
        not bounds.interdependence < bound,
        f"phi_N is {bounds.interdependence:.6g}, the bound is {bound:.6g}, over "
        f"{len(sample.types)} sampled profiles",
    )


def _injective(sample: _Sample) -> AssumptionResult:
    determinants = np.linalg.det(sample.effects)
    place = int(determinants.argmin())
    return of_sample(
        not determinants[place] > 0,
        f"least determinant found is {determinants[place]:.6g} {sample.at(place)}",
    )


def _functions(sample: _Sample) -> AssumptionResult:
    """Row sums of the inverse must not be 0, nor change sign between profiles."""
    n = sample.own.shape[1]
    try:
        sums = np.linalg.solve(sample.effects, np.ones((n, 1)))[..., 0]
    except np.linalg.LinAlgError:
        return of_sample(True, "a matrix of type effects has no inverse")
    turning = np.flatnonzero(np.sign(sums).min(axis=0) != np.sign(sums).max(axis=0))
    if len(turning):
        trader = int(turning[0])
        low, high = float(sums[:, trader].min()), float(sums[:, trader].max())
        return of_sample(
            True,
            f"row sum of the inverse passes 0 between {low:.6g} and {high:.6g}, of trader {trader}",
        )
    place, trader = (int(i) for i in np.unravel_index(int(np.abs(sums).argmin()), sums.shape))
    least = float(sums[place, trader])
    return of_sample(
        not np.abs(least) > EFFECT_ROUNDING * np.abs(sums[place]).max(),
        f"least row sum of the inverse found is {least:.6g}, of trader {trader} {sample.at(place)}",
    )


def _dominant_own_effect(sample: _Sample) -> AssumptionResult:
    n = sample.own.shape[1]
    others = np.where(np.eye(n, dtype=bool), -np.inf, sample.effects).max(axis=1)
    slack = sample.own - 2 * n * others
    place, trader = np.unravel_index(int(slack.argmin()), slack.shape)
    least = float(slack[place, trader])
    return of_sample(
        not least >= 0,
        "least own effect less 2N times the largest effect on another found is "
        f"{least:.6g}, of trader {trader} {sample.at(int(place))}",
    )


def _equal_row_sums(sample: _Sample) -> AssumptionResult:
    sums = sample.effects.sum(axis=2)
    spread = np.ptp(sums, axis=1)
    place = int(spread.argmax())
    return of_sample(
        not (spread <= EFFECT_ROUNDING * np.abs(sums).max(axis=1)).all(),
        f"row sums of the type effects differ by {spread[place]:.6g} {sample.at(place)}",
    )


def _monotone(sample: _Sample) -> AssumptionResult:
    """dq_i/ds_i at the efficient allocation, (B.2) at sigma = 0."""
    where = sample.efficient
    steepness = -1 / sample.slopes[where]
    total = steepness.sum(axis=1, keepdims=True)
    price = np.einsum("sj,sji->si", steepness, sample.effects[where]) / total
    return _least(sample, "dq_i/ds_i", steepness * (sample.own[where] - price))


def _sigma_n(sample: _Sample, bounds: UtilityBounds) -> AssumptionResult:
    """Equation (3.13) with the sample's constants."""
    n = sample.own.shape[1]
    limit = bounds.interdependence_limit(n)
    if bounds.own_effect <= 0 or bounds.least_effect < 0 or bounds.interdependence >= limit:
        return of_sample(
            True,
            f"phi_N is {bounds.interdependence:.6g}, the bound of A4^N {limit:.6g}, m_o "
            f"{bounds.own_effect:.6g} and the least effect {bounds.least_effect:.6g} in the sample",
        )
    return of_sample(
        False, f"sigma_N is {bounds.sigma_n(n):.6g} over {len(sample.types)} sampled profiles"
    )
