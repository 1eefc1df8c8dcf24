"""Best deviations of one trader as affine functions of the types, in linear markets.

A deviator who knows the own type only chooses the best conditional shift E[shift | what a bid can
condition on]: nothing beyond the type in a report, the residual demand it meets (through the price)
in a schedule, and the others' types themselves in a conditional bid, which reads them off the
allocation (assumption INJ). In linear markets the shift is affine in the types, so these
expectations have closed forms.
"""

from dataclasses import dataclass
from typing import NamedTuple, final

import numpy as np

from deviator.economies import NormalTypes, QuadraticEconomy, TypeDistribution
from deviator.errors import RefusedError
from deviator.mechanisms import LineMenu, Mechanism, ResidualLineMechanism
from deviator.validation import Floats, trader_index

from .affine_strategy import AffineStrategy
from .base import Policy
from .best_point import line_menu
from .linear_bayes import standard_regression
from .network_strategy import NetworkStrategy
from .revelation import Revelation


class AffineShift(NamedTuple):
    """Best minus honest quantity as an affine function of the types, for one trader."""

    constant: float
    effect: Floats  # (N,)
    bend: float
    intercept_constant: float
    intercept_effect: Floats  # (N,), of the residual price curve's intercept
    honest_steepness: float  # honest units given up per unit of that intercept; 0 without schedules
    residual_slope: float


def affine_shift(
    mechanism: Mechanism, economy: QuadraticEconomy, policy: Policy, trader: int
) -> AffineShift:
    """Read the affine shift off the market at the zero profile and at each unit profile."""
    n = economy.n_traders
    if mechanism.bid_limits(trader_index(trader, n)) is not None:
        raise RefusedError(
            "a gain in closed form needs bids without limits, and types are bounded in "
            f"{mechanism.name}; measure the gain at sampled profiles, information='profile'"
        )
    _check_levels_alone_move(policy)
    types = np.concatenate([np.zeros((1, n)), np.eye(n)])
    bids = policy.bids(types)
    menu = line_menu(mechanism, bids, trader)
    present = mechanism.clear_deviations(bids, trader, bids.of_trader(trader)[:, None])
    slope = float(economy.slope[trader])
    shift = menu.shift(economy.value(types)[:, trader], slope, present.quantity[:, 0])
    quantity, intercept = shift.quantity, menu.intercept
    return AffineShift(
        float(quantity[0]),
        quantity[1:] - quantity[0],
        float(shift.bend[0]),
        float(intercept[0]),
        intercept[1:] - intercept[0],
        _honest_steepness(mechanism, policy, menu, types, trader),
        float(menu.slope[0]),
    )


def _check_levels_alone_move(policy: Policy) -> None:
    """Refuse learned strategies whose bids are not affine in the types, by their levels alone."""
    fixed = policy.shape_is_fixed if isinstance(policy, AffineStrategy) else True
    if not fixed or isinstance(policy, NetworkStrategy):
        raise RefusedError(
            "a gain in closed form needs bids of which types move levels alone, and affinely, "
            f"those of {policy.name} do more; use information='profile' or search numerically"
        )


def _honest_steepness(
    mechanism: Mechanism, policy: Policy, menu: LineMenu, types: Floats, trader: int
) -> float:
    """Return b / (1 + b k): on the line p = a + k q, the schedule level - b p buys that less."""
    if mechanism.language.reads != "price":
        return 0.0
    steepness = float(policy.bids(types[:1]).of_trader(trader)[0, 1])
    return steepness / (1 + steepness * float(menu.slope[0]))


def conditional_shift(
    mechanism: Mechanism, policy: Policy, shift: AffineShift, law: TypeDistribution, trader: int
) -> AffineShift:
    """Return E[shift | what an own-type bid can condition on] as an affine function of types."""
    check_regressions(law)
    check_shape_is_free(mechanism)
    reads = mechanism.language.reads
    if reads == "allocation":
        check_readable(policy)
        return shift
    if reads == "nothing":
        own = law.covariance[trader] / law.covariance[trader, trader]
        on_type = float(own @ shift.effect)
        effect = np.where(np.arange(len(own)) == trader, on_type, 0.0)
        centre = float(shift.constant + (shift.effect - effect) @ law.mean)
        return shift._replace(constant=centre, effect=effect)
    on_type, on_intercept, constant = price_projection(shift, law, trader)
    effect = on_intercept * shift.intercept_effect
    effect = effect + np.where(np.arange(len(effect)) == trader, on_type, 0.0)
    return shift._replace(
        constant=constant + on_intercept * shift.intercept_constant, effect=effect
    )


def price_projection(
    shift: AffineShift, law: TypeDistribution, trader: int
) -> tuple[float, float, float]:
    """Project the shift on (s_i, residual intercept): two coefficients and a constant.

    On the line p = a + k q the response gives up `steepness` units per unit of a, which is what
    the schedule of slope steepness / (1 - k steepness) does.
    """
    if not isinstance(law, NormalTypes):
        raise RefusedError(
            "an own-type best response in schedules has a closed form under Normal types only, "
            f"got {type(law).__name__}; use information='profile'"
        )
    seen = np.stack([np.eye(len(shift.effect))[trader], shift.intercept_effect])
    moments = seen @ law.covariance @ seen.T
    size = np.sqrt(np.diagonal(moments))
    target = seen @ law.covariance @ shift.effect / size
    correlation = moments[0, 1] / size.prod()
    on_type, on_intercept = standard_regression(correlation[None], target[None])[0] / size
    steepness = shift.honest_steepness - on_intercept
    if not 0 < steepness * shift.residual_slope < 1:
        raise RefusedError(
            "the best own-type response must be a schedule that decreases with the price, and here "
            "it does not: the price is too strong a piece of news; use information='profile'"
        )
    constant = (
        shift.constant
        + shift.effect @ law.mean
        - on_type * law.mean[trader]
        - on_intercept * (shift.intercept_effect @ law.mean + shift.intercept_constant)
    )
    return float(on_type), float(on_intercept), float(constant)


@final
@dataclass(frozen=True, eq=False)
class InterimGain:
    """Expected best gain given the own type: (bend / 2) (mean(s_i)^2 + variance)."""

    trader: int
    bend: float
    at_zero: float
    per_type: float
    variance: float

    def __call__(self, types: Floats) -> Floats:
        """Return the gain for each market's own type, shape (B,)."""
        mean = self.at_zero + self.per_type * types[:, self.trader]
        return 0.5 * self.bend * (mean**2 + self.variance)


def interim_gain(
    mechanism: Mechanism,
    economy: QuadraticEconomy,
    policy: Policy,
    law: TypeDistribution,
    trader: int,
) -> InterimGain:
    """Return the own-type deviator's expected best gain as a function of the own type."""
    shift = affine_shift(mechanism, economy, policy, trader)
    best = conditional_shift(mechanism, policy, shift, law, trader)
    own_variance = law.covariance[trader, trader]
    with_own = law.covariance[trader] @ best.effect
    per_type = float(with_own / own_variance)
    mean = best.constant + best.effect @ law.mean
    residual = best.effect @ law.covariance @ best.effect - with_own * per_type
    at_zero = float(mean - per_type * law.mean[trader])
    return InterimGain(trader, best.bend, at_zero, per_type, max(float(residual), 0.0))


def check_regressions(law: TypeDistribution) -> None:
    """Refuse laws of types whose regressions on one type are not linear: no closed form here."""
    if not law.linear_regressions:
        raise RefusedError(
            "own-type answers need Normal or independent types, got "
            f"{type(law).__name__}; use information='profile'"
        )


def check_shape_is_free(mechanism: Mechanism) -> None:
    """Check that what a bid pays is known from where it ends, whatever shape it has."""
    if mechanism.language.reads == "nothing" or isinstance(mechanism, ResidualLineMechanism):
        return
    raise RefusedError(
        "an expected gain in closed form needs transfers that depend on price and quantity alone, "
        f"those of {mechanism.name} may not; use information='profile' or search numerically"
    )


def check_readable(policy: Policy) -> None:
    """Check that the others' types can be read off their conditional bids."""
    readable = isinstance(policy, AffineStrategy) and policy.levels_read_types
    if not (readable or isinstance(policy, Revelation)):
        raise RefusedError(
            "an own-type best response in conditional bids is known against others whose levels "
            f"are their types, as honest ones are, got others = {policy.name}; use "
            "information='profile'"
        )
